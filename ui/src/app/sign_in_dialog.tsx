// Signing in again without leaving the page: what waits for it is done once afterwards.
import type { Fault } from "../api/fault";
import { openSignIn, putAwaySignIn, sessionStore, waitingForSignIn } from "../api/session";
import { outboxStore } from "../api/outbox";
import { useStore } from "../api/store";
import { ClickTrace, faultOfClick } from "../screens/shared/click_trace";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { LayerLine } from "../ui/fault_note";
import { SignInForm } from "./sign_in_form";

// Without a session nobody knows how it ended.
const endedWords = (fault: Fault) =>
  fault.code === "session_missing"
    ? "Your session has ended, perhaps in another tab."
    : fault.detail || fault.title;

export function SignInDialog() {
  const state = useStore(sessionStore);
  const clicks = useStore(outboxStore);
  if (state.phase !== "ended") return null;
  const waiting = waitingForSignIn();
  const click = clicks.find((it) => it.stage.at === "signed_out");
  // What refused the action that waits. Whoever opened the dialog unasked was refused nothing.
  const refused = (click && faultOfClick(click)) ?? (waiting.length > 0 ? state.fault : undefined);
  return (
    <Dialog title="Sign in to go on" open={state.asked} onClose={putAwaySignIn}>
      <div>
        <p>{endedWords(refused ?? state.fault)} You stay on this page.</p>
        {refused && <LayerLine fault={refused} />}
      </div>
      {waiting.length > 0 && (
        <p>
          After you sign in, <b>{waiting.join(", ")}</b> is finished once.
        </p>
      )}
      <SignInForm knownUser={state.session.user.username}>
        <Button onPress={putAwaySignIn}>Not now</Button>
      </SignInForm>
      {refused && <ClickTrace fault={refused} />}
    </Dialog>
  );
}

// The page stays readable; only an action of the person opens the dialog.
export function SessionEndedStrip() {
  const state = useStore(sessionStore);
  if (state.phase !== "ended") return null;
  return (
    <section className="strip warn no-print" aria-label="Session">
      <div className="inner">
        <span>
          <b>{endedWords(state.fault)}</b> You can go on reading; nothing here is measured anew.
        </span>
        <span className="does">
          <Button onPress={openSignIn}>Sign in again</Button>
        </span>
      </div>
    </section>
  );
}
