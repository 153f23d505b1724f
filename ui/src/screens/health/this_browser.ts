// What can only be found out here: cookies, the event stream, this side's clock, the page's version.
import { useState } from "react";
import { keepsCookies } from "../../api/cookies";
import { lampStore } from "../../api/live";
import { pageVersion } from "../../api/page_version";
import { sessionStore } from "../../api/session";
import { useStore } from "../../api/store";
import { spanText } from "../../text/time";
import { useTicking } from "../../ui/age";

export interface Finding {
  name: string;
  is: "good" | "warn" | "bad";
  detail: string;
  next: string;
}

const good = (name: string, detail: string): Finding => ({ name, is: "good", detail, next: "" });

// `served` is the version of the page that the server carries; not known until it has answered.
export function useBrowserFindings(served: string | undefined): Finding[] {
  const lamp = useStore(lampStore);
  const state = useStore(sessionStore);
  const [kept] = useState(cookies);
  // Rounded, so that it is not drawn again for each millisecond.
  const skew = useTicking((now) => Math.round((Date.now() - now) / 1_000) * 1_000);
  const findings = [kept, stream(lamp.is), clock(skew)];
  if (served !== undefined) findings.push(version(served));
  if ("session" in state) findings.push(connection(state.session.protected));
  return findings;
}

const cookies = () =>
  keepsCookies()
    ? good("Cookies", "Kept: this session goes by one.")
    : {
        name: "Cookies",
        is: "bad" as const,
        detail: "This browser keeps none for this address.",
        next: "Allow cookies for this address.",
      };

function stream(lamp: string): Finding {
  const name = "Event stream";
  if (lamp === "live") return good(name, "Heartbeats arrive; the page follows by itself.");
  if (["connecting", "reconnecting", "server_stopped"].includes(lamp))
    return { name, is: "warn", detail: "It is being opened.", next: "" };
  return {
    name,
    is: "bad",
    detail: "No heartbeat arrives. What is shown is read again every few seconds instead.",
    next: "A proxy on the way may hold answers back: let it pass text/event-stream unbuffered.",
  };
}

function clock(skew: number): Finding {
  const name = "Clock of this machine";
  if (Math.abs(skew) < 5_000) return good(name, "Within 5 s of the server's.");
  return {
    name,
    is: "warn",
    detail: `${spanText(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} the server's. Ages on these pages go by the server's clock and are right all the same.`,
    next: "",
  };
}

function version(served: string): Finding {
  const name = "Version of this page";
  if (served === pageVersion) return good(name, `${pageVersion}, the same as the server's.`);
  return {
    name,
    is: "bad",
    detail: `This page is ${pageVersion}, and the server carries ${served}.`,
    next: "Reload the page.",
  };
}

const connection = (isProtected: boolean): Finding =>
  isProtected
    ? good("Connection", "Protected, or within this machine.")
    : {
        name: "Connection",
        is: "warn",
        detail: "Plain HTTP: others on the network can read passwords.",
        next: "Open Hedgerow over https.",
      };
