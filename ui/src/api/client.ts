// Calls to the server by the contract's types. Reads and changes throw FaultError; a stale security
// token is refreshed once, and a change waits for a person who has to sign in again.
import createClient, { type Middleware } from "openapi-fetch";
import { pageFault, text } from "../text/faults";
import { basePath } from "./base_path";
import { noteServerTime, serverNow } from "./clock";
import { faultOf, FaultError, wantsSignIn } from "./fault";
import { guardedFetch } from "./guarded_fetch";
import type { paths } from "./schema.gen";
import { askSignIn, csrfToken, ended, noteEnded, personHere, sessionTaker } from "./session";
import type { Session } from "./types";

const safe = new Set(["GET", "HEAD"]);

const withToken: Middleware = {
  onRequest({ request }) {
    const token = csrfToken();
    if (token && !safe.has(request.method)) request.headers.set("X-CSRF-Token", token);
    return request;
  },
};

async function watchedFetch(request: Request): Promise<Response> {
  try {
    return await guardedFetch(request);
  } catch (thrown) {
    const fault = thrown instanceof FaultError ? thrown.fault : undefined;
    if (fault && safe.has(request.method)) fault.reading = true;
    if (fault && wantsSignIn(fault)) noteEnded(fault, serverNow());
    // What this page offered is not theirs any more: it asks what is.
    if (fault?.code === "forbidden") void readSession().catch(() => undefined);
    throw thrown;
  }
}

export const client = createClient<paths>({
  baseUrl: `${globalThis.location?.origin ?? ""}${basePath}`,
  fetch: watchedFetch,
});
client.use(withToken);

interface Reply<T> {
  data?: T;
  response: Response;
}

// The body of an answer; every failure was thrown before.
export async function bodyOf<T>(reply: Promise<Reply<T>>): Promise<T> {
  return (await reply).data as T;
}

export async function readSession(): Promise<Session> {
  const take = sessionTaker();
  const sentAt = Date.now();
  const session = await bodyOf(client.GET("/api/session/"));
  noteServerTime(session.server_time, sentAt, Date.now());
  take(session, serverNow());
  return session;
}

// Sends with a fresh token when the server calls ours stale: once, with everything else the same.
export async function withCsrf<T>(send: (refreshed: boolean) => Promise<T>): Promise<T> {
  const person = personHere();
  try {
    return await send(false);
  } catch (thrown) {
    if (faultOf(thrown).code !== "csrf_stale") throw thrown;
  }
  await readSession();
  // Another person has signed in meanwhile, in another tab: nothing is done in their name.
  if (person !== undefined && personHere() !== person) throw new FaultError(ended());
  try {
    return await send(true);
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault.code !== "csrf_stale") throw thrown;
    throw new FaultError(
      pageFault("csrf_refused", text.refusedTwice(fault.requestId), {
        status: 403,
        ...(fault.requestId && { requestId: fault.requestId }),
      }),
    );
  }
}

// A change that a person asked for. When the session has ended it waits for the same person to sign
// in on this page, and is then sent; for anybody else it is not.
export async function change<T>(what: string, send: () => Promise<T>): Promise<T> {
  const asker = personHere();
  try {
    return await withCsrf(send);
  } catch (thrown) {
    if (!wantsSignIn(faultOf(thrown))) throw thrown;
    const user = await askSignIn(what);
    if (user === undefined || (asker !== undefined && user !== asker)) throw thrown;
    return withCsrf(send);
  }
}

// Made at the click; the same for every try of it. crypto.randomUUID is missing over plain HTTP.
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
