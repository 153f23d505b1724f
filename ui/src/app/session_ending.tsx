// Before a session ends the page says so, so that nobody is signed out by surprise.
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { readSession } from "../api/client";
import { faultOf, type Fault } from "../api/fault";
import { limits } from "../api/limits";
import { sessionStore } from "../api/session";
import { useStore } from "../api/store";
import { signOutWords, stopwatchText } from "../text/time";
import { useTicking } from "../ui/age";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { FaultNote } from "../ui/fault_note";
import { askForPresence, renew } from "./activity";
import { signOut } from "./sign_out";

export function SessionEnding() {
  const state = useStore(sessionStore);
  const session = state.phase === "in" ? state.session : undefined;
  const end = session?.idle_ends;
  const near = useNear(end);
  if (!end || !near) return null;
  // The idle end moves with every act, but never beyond the other.
  if (end === session.absolute_ends) return <LastWarning end={Date.parse(end)} />;
  return <IdleWarning end={Date.parse(end)} />;
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

// Read out a few times, not every second.
function Announced({ end }: { end: number }) {
  const said = useTicking((now) => signOutWords(end - now));
  return (
    <span className="unseen" role="alert">
      {said}
    </span>
  );
}

function IdleWarning({ end }: { end: number }) {
  const left = useTicking((now) => stopwatchText(end - now));
  const navigate = useNavigate();
  const [fault, setFault] = useState<Fault>();
  const leave = async () => {
    try {
      await signOut();
      await navigate({ to: "/sign-in/", replace: true });
    } catch (thrown) {
      setFault(faultOf(thrown));
    }
  };
  const stay = () => void renew();
  useEffect(() => {
    askForPresence(true);
    return () => askForPresence(false);
  }, []);
  // Whoever puts the question away is there.
  return (
    <Dialog alert title="Are you still there?" open onClose={stay}>
      <Announced end={end} />
      <p>
        <b>You will be signed out in {left}.</b> Nobody has done anything here for a while. What is
        on this page stays.
      </p>
      {fault && <FaultNote fault={fault} />}
      <div className="row actions">
        <Button kind="primary" onPress={stay}>
          Stay signed in
        </Button>
        <Button onPress={() => void leave()}>Sign out now</Button>
      </div>
    </Dialog>
  );
}

function LastWarning({ end }: { end: number }) {
  const left = useTicking((now) => stopwatchText(end - now));
  return (
    <section className="strip warn no-print" aria-label="Session">
      <div className="inner">
        <Announced end={end} />
        <span>
          <b>You will be signed out in {left}.</b> No session lasts longer. You stay on this page,
          and what you do then waits for your next sign-in.
        </span>
      </div>
    </section>
  );
}
