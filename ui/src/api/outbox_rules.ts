// What becomes of a click, as pure transitions. The driver in outbox.ts sends, waits and stores.
//
//   ready --send--> sending --202--> started
//                      | 401 session_*: signed_out --same person--> ready, --another--> other_user
//                      | no usable answer: waiting --due--> ready (same key, back-off)
//                      | in doubt whether it arrived: asking --has it--> started, --has not--> waiting
//                      | this page is older than the server: outdated --reload--> ready
//                      ' refused by the server: refused
//   ready, older than 10 min: old --confirmed--> ready
import { backoffMs } from "./backoff";
import { leavesDoubt, wantsSignIn, type Fault } from "./fault";
import { limits } from "./limits";
import type { Operation, Run } from "./types";

export const askAfterMs = limits.ask_again;
export const sameClickMs = limits.same_click;

export type RunOperation = Extract<Operation, "pull" | "test">;

export type Stage =
  | { at: "ready" }
  | { at: "sending" }
  | { at: "asking"; fault: Fault }
  | { at: "waiting"; fault: Fault; due: number }
  | { at: "signed_out"; fault: Fault }
  | { at: "old" }
  | { at: "other_user"; user: string }
  | { at: "outdated"; fault: Fault }
  | { at: "refused"; fault: Fault }
  | { at: "started"; run: Run; joined: boolean; asOf: number };

export interface Click {
  key: string;
  user: string;
  fabric: { id: number; name: string };
  operation: RunOperation;
  followUp: boolean;
  clickedAt: number;
  // When a person last said that it shall be sent: at the click, or on being asked.
  wantedAt: number;
  tries: number;
  // Why the last try did not come through to the server; nothing once that has answered.
  unheard?: string | undefined;
  stage: Stage;
}

export type Happening =
  | { type: "sent" }
  | { type: "started"; run: Run; joined: boolean; now: number }
  | { type: "failed"; fault: Fault; now: number }
  | { type: "not_there"; now: number }
  | { type: "due" }
  | { type: "signed_in"; user: string }
  | { type: "confirmed"; now: number };

export function after(click: Click, happening: Happening): Click {
  switch (happening.type) {
    case "sent":
      return { ...click, tries: click.tries + 1, stage: { at: "sending" } };
    case "started": {
      const { run, joined, now } = happening;
      return { ...click, unheard: undefined, stage: { at: "started", run, joined, asOf: now } };
    }
    case "failed": {
      const { fault, now } = happening;
      const unheard = fault.layer <= 2 ? fault.code : undefined;
      return { ...click, unheard, stage: afterFailure(click, fault, now) };
    }
    case "not_there":
      return click.stage.at === "asking"
        ? { ...click, stage: waiting(click, click.stage.fault, happening.now) }
        : click;
    case "due":
      return click.stage.at === "waiting" ? { ...click, stage: { at: "ready" } } : click;
    case "signed_in":
      return click.stage.at === "signed_out" ? { ...click, stage: { at: "ready" } } : click;
    case "confirmed":
      return { ...click, wantedAt: happening.now, stage: { at: "ready" } };
  }
}

function afterFailure(click: Click, fault: Fault, now: number): Stage {
  if (wantsSignIn(fault)) return { at: "signed_out", fault };
  if (fault.code === "assets_outdated") return { at: "outdated", fault };
  if (click.stage.at === "sending" && leavesDoubt(fault)) return { at: "asking", fault };
  if (fault.layer === 2 && comesBack(fault)) return waiting(click, fault, now);
  if (fault.retryable && (fault.status ?? 0) >= 500) return waiting(click, fault, now);
  return { at: "refused", fault };
}

// Faults of the way to the server: the same click may be sent again, the key makes it safe.
const onTheWay = new Set([
  "network_down",
  "client_timeout",
  "unexpected_html",
  "reply_broken",
  "unavailable",
  "rate_limited",
]);
const comesBack = (fault: Fault) => onTheWay.has(fault.code);

function waiting(click: Click, fault: Fault, now: number): Stage {
  return { at: "waiting", fault, due: now + backoffMs(click.tries, fault.retryAfter) };
}

// What a ready click has to pass before it is sent.
export function admitted(click: Click, user: string | undefined, now: number): Stage {
  if (user !== undefined && user !== click.user) return { at: "other_user", user };
  if (now - click.wantedAt > askAfterMs) return { at: "old" };
  return { at: "ready" };
}

// Another person takes the click over: it is theirs now, under a key of its own.
export const takenOver = (click: Click, user: string, key: string, now: number): Click => ({
  ...click,
  user,
  key,
  clickedAt: now,
  wantedAt: now,
  tries: 0,
  unheard: undefined,
  stage: { at: "ready" },
});

// After a reload nobody knows what became of a try that was under way.
export function revived(click: Click): Click {
  switch (click.stage.at) {
    case "sending":
    case "asking":
      return { ...click, stage: { at: "asking", fault: lostByReload } };
    case "waiting":
    case "signed_out":
    case "other_user":
    case "outdated":
      return { ...click, stage: { at: "ready" } };
    case "ready":
    case "old":
    case "refused":
    case "started":
      return click;
  }
}

const lostByReload: Fault = {
  code: "client_timeout",
  layer: 2,
  title: "The page was loaded again before the answer came.",
  detail: "",
  hint: "",
  retryable: true,
  errors: [],
};

export const isSettled = (click: Click) =>
  click.stage.at === "started" || click.stage.at === "refused";

export type Wanted = Pick<Click, "user" | "operation" | "followUp"> & { fabric: { id: number } };

export const whatOf = (wanted: Wanted) =>
  `${wanted.user} ${wanted.operation} ${wanted.fabric.id} ${String(wanted.followUp)}`;

// The click that a new one only repeats: still on its way, or made a moment ago.
export function repeated(clicks: readonly Click[], wanted: Wanted, now: number): Click | undefined {
  return clicks.find(
    (click) =>
      whatOf(click) === whatOf(wanted) &&
      (!isSettled(click) ||
        (click.stage.at === "started" && Math.abs(now - click.clickedAt) < sameClickMs)),
  );
}
