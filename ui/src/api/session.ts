// Who is signed in, until when, and with which security token. The token stays in memory.
//
//   unknown --read--> out <--sign out-- in --401 session_*, session_ended--> ended --sign in--> in
//
// While `ended` the page stays readable; `asked` opens the dialog because an action waits for it.
import type { Fault } from "./fault";
import { makeStore } from "./store";
import type { Permission, Session } from "./types";

export type SignedIn = Session & { user: NonNullable<Session["user"]> };

export type SessionState =
  | { phase: "unknown"; fault?: Fault }
  | { phase: "out"; session: Session }
  | { phase: "in"; session: SignedIn }
  | { phase: "ended"; session: SignedIn; fault: Fault; since: number; asked: boolean };

export const sessionStore = makeStore<SessionState>({ phase: "unknown" });

type Waiter = (user: string | undefined) => void;
const waiters = new Map<Waiter, string>();
const anonymousToken: { value: string | undefined } = { value: undefined };

export const isSignedIn = (session: Session): session is SignedIn =>
  session.authenticated && session.user !== undefined;

export function csrfToken(): string | undefined {
  const state = sessionStore.get();
  return (state.phase === "in" ? state.session.csrf_token : undefined) ?? anonymousToken.value;
}

export function signedInUser(): string | undefined {
  const state = sessionStore.get();
  return state.phase === "in" ? state.session.user.username : undefined;
}

// What whoever is signed in may do, as one text; nobody may nothing.
export function permissionsHere(): string {
  const state = sessionStore.get();
  return state.phase === "in" ? (state.session.permissions ?? []).join(" ") : "";
}

// False only of somebody who is signed in without it: whoever is not is asked to sign in first.
export function mayHere(permission: Permission): boolean {
  const state = sessionStore.get();
  return state.phase !== "in" || (state.session.permissions ?? []).includes(permission);
}

// Whose page this is, even while the session has ended.
export function personHere(): string | undefined {
  const state = sessionStore.get();
  return state.phase === "in" || state.phase === "ended" ? state.session.user.username : undefined;
}

let signOuts = 0;

// Takes over what the server says about the session, to be had before it is asked: an answer to a
// question from before a sign-out of this tab is about the session that is gone.
export function sessionTaker(): (session: Session, now: number) => void {
  const asked = signOuts;
  return (session, now) => {
    if (asked === signOuts) takeSession(session, now);
  };
}

function takeSession(session: Session, now: number): void {
  const before = sessionStore.get();
  anonymousToken.value = session.csrf_token;
  if (isSignedIn(session)) {
    sessionStore.set({ phase: "in", session });
    settle(session.user.username);
  } else if (before.phase === "in") {
    sessionStore.set({
      phase: "ended",
      session: before.session,
      fault: ended(),
      since: now,
      asked: false,
    });
  } else if (before.phase !== "ended") {
    sessionStore.set({ phase: "out", session });
  }
}

// The server said 401. `fault` carries its sentence.
export function noteEnded(fault: Fault, now: number): void {
  const before = sessionStore.get();
  if (before.phase === "in")
    sessionStore.set({ phase: "ended", session: before.session, fault, since: now, asked: false });
  else if (before.phase === "ended" && before.fault.code === "session_missing")
    sessionStore.set({ ...before, fault });
}

// Nothing of the person's stays behind.
export function forgetSession(session: Session): void {
  signOuts += 1;
  anonymousToken.value = session.csrf_token;
  settle(undefined);
  sessionStore.set({ phase: "out", session });
}

// Opens the dialog because `what` waits for it. Ends with the name of whoever signed in, or with
// nothing when the dialog was put away.
export function askSignIn(what: string): Promise<string | undefined> {
  const state = sessionStore.get();
  if (state.phase === "in") return Promise.resolve(state.session.user.username);
  return new Promise((resolve) => {
    waiters.set(resolve, what);
    if (state.phase === "ended") sessionStore.set({ ...state, asked: true });
  });
}

export const waitingForSignIn = () => [...new Set(waiters.values())];

export function openSignIn(): void {
  const state = sessionStore.get();
  if (state.phase === "ended") sessionStore.set({ ...state, asked: true });
}

export function putAwaySignIn(): void {
  const state = sessionStore.get();
  if (state.phase === "ended") sessionStore.set({ ...state, asked: false });
  settle(undefined);
}

function settle(user: string | undefined): void {
  const told = [...waiters.keys()];
  waiters.clear();
  for (const tell of told) tell(user);
}

export function ended(): Fault {
  return {
    code: "session_missing",
    layer: 5,
    title: "You are not signed in any more.",
    detail: "Your session has ended. You stay on this page.",
    hint: "Sign in again; nothing is lost.",
    retryable: false,
    status: 401,
    errors: [],
  };
}
