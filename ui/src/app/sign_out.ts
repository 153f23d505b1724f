// Ends the session. Nothing of the person's stays in this tab; the others are told.
import { tellTabs } from "../api/channel";
import { bodyOf, client, withCsrf } from "../api/client";
import { dropDraftsOf } from "../api/drafts";
import { ledger, queryClient } from "../api/queries";
import { forgetSession, personHere } from "../api/session";

export async function signOut(): Promise<void> {
  const person = personHere();
  const gone = await withCsrf(() => bodyOf(client.DELETE("/api/session/")));
  tellTabs({ say: "signed_out" });
  forgetSession(gone);
  if (person !== undefined) dropDraftsOf(person);
  queryClient.clear();
  ledger.forget();
}
