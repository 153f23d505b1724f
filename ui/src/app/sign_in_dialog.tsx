// Signing in again without leaving the page: what waits for it is done once afterwards.
import type { Fault } from "../api/fault";
import { openSignIn, putAwaySignIn, sessionStore, waitingForSignIn } from "../api/session";
import { useStore } from "../api/store";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { SignInForm } from "./sign_in_form";

// Without a session nobody knows how it ended.
const endedWords = (fault: Fault) =>
  fault.code === "session_missing"
    ? "Your session has ended, perhaps in another tab."
    : fault.detail || fault.title;

export function SignInDialog() {
  const state = useStore(sessionStore);
  if (state.phase !== "ended") return null;
  const waiting = waitingForSignIn();
  return (
    <Dialog title="Sign in to go on" open={state.asked} onClose={putAwaySignIn}>
      <p>{endedWords(state.fault)} You stay on this page.</p>
      {waiting.length > 0 && (
        <p>
          After you sign in, <b>{waiting.join(", ")}</b> is finished once.
        </p>
      )}
      <SignInForm knownUser={state.session.user.username}>
        <Button onPress={putAwaySignIn}>Not now</Button>
      </SignInForm>
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
