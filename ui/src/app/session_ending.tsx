// Before a session ends the page says so, so that nobody is signed out by surprise.
import { useEffect, useState } from "react";
import { readSession } from "../api/client";
import { limits } from "../api/limits";
import { sessionStore } from "../api/session";
import { useStore } from "../api/store";
import { signOutWords, stopwatchText } from "../text/time";
import { useTicking } from "../ui/age";
import { Button } from "../ui/button";
import { renew } from "./activity";

export function SessionEnding() {
  const state = useStore(sessionStore);
  const session = state.phase === "in" ? state.session : undefined;
  const end = session?.idle_ends;
  const near = useNear(end);
  if (!end || !near) return null;
  // The idle end moves with every act, but never beyond the other.
  return <Warning end={Date.parse(end)} last={end === session.absolute_ends} />;
}

// Whether this end is near. The server is asked first: another tab, or a click, may have moved it.
function useNear(end: string | undefined): boolean {
  const due = useTicking((now) => end !== undefined && Date.parse(end) - now <= limits.warn);
  const [asked, setAsked] = useState<string>();
  useEffect(() => {
    if (!due) return;
    void readSession()
      .catch(() => undefined)
      .then(() => setAsked(end));
  }, [due, end]);
  return due && asked === end;
}

function Warning({ end, last }: { end: number; last: boolean }) {
  const left = useTicking((now) => stopwatchText(end - now));
  // Read out a few times, not every second.
  const said = useTicking((now) => signOutWords(end - now));
  return (
    <section className="strip warn no-print" aria-label="Session">
      <div className="inner">
        <span className="unseen" role="alert">
          {said}
        </span>
        <span>
          <b>You will be signed out in {left}.</b>{" "}
          {last
            ? "No session lasts longer. You stay on this page, and what you do then waits for your next sign-in."
            : "Nobody has done anything here for a while."}
        </span>
        {!last && (
          <span className="does">
            <Button onPress={() => void renew()}>Stay signed in</Button>
          </span>
        )}
      </div>
    </section>
  );
}
