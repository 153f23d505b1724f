// A session ends by a person's absence, so a person's presence renews it: real keys and pointers only,
// at most once in a while, from one tab for all.
import { onWord, tellTabs } from "../api/channel";
import { bodyOf, client, readSession, withCsrf } from "../api/client";
import { serverNow } from "../api/clock";
import { limits } from "../api/limits";
import { sessionStore, sessionTaker } from "../api/session";

let renewedAt = 0;
// While the page asks whether somebody is there, the answer counts and not the way to it: a pointer on its way to
// "Sign out now" would otherwise put the question away.
let asked = false;

export function askForPresence(asks: boolean): void {
  asked = asks;
}

export function openActivity(): void {
  for (const kind of ["keydown", "pointerdown", "touchstart"] as const)
    globalThis.addEventListener(kind, () => void present(), { passive: true, capture: true });
  onWord((word) => {
    if (word.say === "renewed") renewedAt = Math.max(renewedAt, word.at);
    // Who is here, and until when.
    if (word.say !== "clicked") void readSession().catch(() => undefined);
  });
}

// Signing in was presence, too.
export function notePresence(): void {
  renewedAt = serverNow();
}

async function present(): Promise<void> {
  if (asked || sessionStore.get().phase !== "in") return;
  const now = serverNow();
  if (renewedAt === 0) renewedAt = now;
  if (now - renewedAt < limits.renew) return;
  await renew();
}

export async function renew(): Promise<void> {
  renewedAt = serverNow();
  const take = sessionTaker();
  try {
    take(await withCsrf(() => bodyOf(client.PATCH("/api/session/"))), serverNow());
    tellTabs({ say: "renewed", at: renewedAt });
  } catch {
    // What ended the session was noted where the answer came in; a lost call is made again later.
  }
}
