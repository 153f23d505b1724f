// Clicks that start something, from the moment they are made until the server has them: sent once,
// however often the way is cut. Kept in sessionStorage, so a reload loses none.
import { onWord, tellTabs } from "./channel";
import { serverNow } from "./clock";
import { bodyOf, client, freshKey, withCsrf } from "./client";
import { faultOf } from "./fault";
import {
  admitted,
  after,
  isSettled,
  repeated,
  revived,
  sameClickMs,
  takenOver,
  whatOf,
  type Click,
  type Happening,
  type RunOperation,
} from "./outbox_rules";
import { askSignIn, personHere, sessionStore, signedInUser } from "./session";
import { forgetLost, keepLost, openLostClicks, tellLost } from "./lost_clicks";
import { makeStore } from "./store";
import type { Run } from "./types";
import { operationName } from "../text/words";
import { pageVersion } from "./page_version";

const shelf = "hedgerow.outbox";
const tabShelf = "hedgerow.tab";

export const outboxStore = makeStore<readonly Click[]>([]);

// Keys of clicks that other tabs made a moment ago.
const elsewhere = new Map<string, { key: string; at: number }>();

export function openOutbox(): void {
  outboxStore.set(stored().map(revived));
  // What a closed tab leaves behind, until it comes back.
  const leave = () => {
    for (const click of outboxStore.get()) keepLost(click, tabName(), serverNow());
  };
  const back = () => outboxStore.get().forEach((click) => forgetLost(click.key));
  globalThis.addEventListener("pagehide", leave);
  globalThis.addEventListener("pageshow", back);
  openLostClicks();
  onWord((word) => {
    if (word.say === "clicked") elsewhere.set(word.what, { key: word.key, at: word.at });
  });
  sessionStore.subscribe(() => {
    const user = signedInUser();
    if (user === undefined) return;
    for (const click of outboxStore.get()) happen(click.key, { type: "signed_in", user });
    advance();
  });
  globalThis.addEventListener("online", () => {
    for (const click of outboxStore.get()) happen(click.key, { type: "due" });
    advance();
  });
  advance();
}

export interface Asked {
  fabric: { id: number; name: string };
  operation: RunOperation;
  followUp?: boolean;
}

// A person pressed the button. A repetition of a click that is under way is that click.
export function press(asked: Asked): void {
  const user = personHere();
  if (user === undefined) return;
  const now = serverNow();
  const wanted = {
    user,
    fabric: { id: asked.fabric.id, name: asked.fabric.name },
    operation: asked.operation,
    followUp: asked.followUp ?? false,
  };
  const again = repeated(outboxStore.get(), wanted, now);
  if (again) {
    if (again.stage.at === "signed_out") void signInFor(again);
    return;
  }
  const what = whatOf(wanted);
  const other = elsewhere.get(what);
  const key = other && Math.abs(now - other.at) < sameClickMs ? other.key : freshKey();
  tellTabs({ say: "clicked", user: wanted.user, what, key, at: now });
  const click: Click = {
    ...wanted,
    key,
    clickedAt: now,
    wantedAt: now,
    tries: 0,
    stage: { at: "ready" },
  };
  // An older click on the same button has said what it had to say.
  const rest = outboxStore.get().filter((it) => !(isSettled(it) && overtaken(it, click)));
  keep([...rest, click]);
  advance();
}

const overtaken = (old: Click, click: Click) =>
  old.fabric.id === click.fabric.id &&
  old.operation === click.operation &&
  (old.followUp || !click.followUp);

export function tryNow(key: string): void {
  happen(key, { type: "due" });
  advance();
}

export function confirmOld(key: string): void {
  happen(key, { type: "confirmed", now: serverNow() });
  advance();
}

export function sendAs(key: string, user: string): void {
  keep(
    outboxStore
      .get()
      .map((click) =>
        click.key === key ? takenOver(click, user, freshKey(), serverNow()) : click,
      ),
  );
  advance();
}

export function discard(key: string): void {
  const click = outboxStore.get().find((it) => it.key === key);
  if (click) keepLost(click, tabName());
  void tellLost();
  keep(outboxStore.get().filter((click) => click.key !== key));
}

export async function signInFor(click: Click): Promise<void> {
  const user = await askSignIn(operationName[click.operation]);
  if (user === undefined) return;
  happen(click.key, { type: "signed_in", user });
  advance();
}

function happen(key: string, happening: Happening): void {
  keep(outboxStore.get().map((click) => (click.key === key ? after(click, happening) : click)));
}

function keep(clicks: readonly Click[]): void {
  outboxStore.set(clicks);
  try {
    sessionStorage.setItem(shelf, JSON.stringify(clicks));
  } catch {
    // A full or closed storage costs only the survival of a reload.
  }
}

function stored(): Click[] {
  try {
    const clicks = JSON.parse(sessionStorage.getItem(shelf) ?? "[]") as unknown;
    return Array.isArray(clicks) ? (clicks as Click[]) : [];
  } catch {
    return [];
  }
}

let timer: ReturnType<typeof setTimeout> | undefined;

// Moves every click as far as it can go now, and wakes again when the next one is due.
function advance(): void {
  clearTimeout(timer);
  if (personHere() === undefined) return;
  const user = signedInUser();
  const now = serverNow();
  for (const click of outboxStore.get()) {
    if (click.stage.at === "waiting" && click.stage.due <= now) happen(click.key, { type: "due" });
    if (click.stage.at === "asking") void ask(click);
  }
  for (const click of outboxStore.get()) {
    if (click.stage.at === "ready") admit(click, user, now);
  }
  const dues = outboxStore.get().flatMap((it) => (it.stage.at === "waiting" ? [it.stage.due] : []));
  if (dues.length > 0) timer = setTimeout(advance, Math.max(Math.min(...dues) - now, 50));
}

function admit(click: Click, user: string | undefined, now: number): void {
  const stage = admitted(click, user, now);
  if (stage.at === "ready") void send(click);
  else keep(outboxStore.get().map((it) => (it.key === click.key ? { ...it, stage } : it)));
}

const onTheirWay = new Set<string>();

async function send(click: Click): Promise<void> {
  if (onTheirWay.has(click.key)) return;
  onTheirWay.add(click.key);
  happen(click.key, { type: "sent" });
  try {
    const { joined, run } = await withCsrf((refreshed) => post(click, refreshed));
    started(click, run, joined);
  } catch (thrown) {
    failed(click.key, thrown);
  } finally {
    onTheirWay.delete(click.key);
    advance();
  }
}

function post(click: Click, refreshed: boolean) {
  return bodyOf(
    client.POST("/api/fabrics/{id}/runs/", {
      params: { path: { id: click.fabric.id }, header: { "Idempotency-Key": click.key } },
      body: {
        operation: click.operation,
        ...(click.followUp && { follow_up: true }),
        client: {
          clicked_at: new Date(click.clickedAt).toISOString(),
          page_version: pageVersion,
          tab: tabName(),
          tries: click.tries + 1,
          csrf_refreshed: refreshed,
        },
      },
    }),
  );
}

// "Did you get my click?"
async function ask(click: Click): Promise<void> {
  if (onTheirWay.has(click.key)) return;
  onTheirWay.add(click.key);
  try {
    const params = { path: { id: click.fabric.id }, query: { key: click.key } };
    const runs = await bodyOf(client.GET("/api/fabrics/{id}/runs/", { params }));
    const run = runs.results[0];
    if (run) started(click, run, false);
    else happen(click.key, { type: "not_there", now: serverNow() });
  } catch (thrown) {
    failed(click.key, thrown);
  } finally {
    onTheirWay.delete(click.key);
    advance();
  }
}

function started(click: Click, run: Run, joined: boolean): void {
  happen(click.key, { type: "started", run, joined, now: serverNow() });
}

function failed(key: string, thrown: unknown): void {
  happen(key, { type: "failed", fault: faultOf(thrown), now: serverNow() });
  const click = outboxStore.get().find((it) => it.key === key);
  if (click?.stage.at === "signed_out") void signInFor(click);
}

// A short name for this tab, shown in the trace as evidence of layer 1.
function tabName(): string {
  try {
    const known = sessionStorage.getItem(tabShelf);
    if (known) return known;
    const name = `tab-${freshKey().slice(0, 4)}`;
    sessionStorage.setItem(tabShelf, name);
    return name;
  } catch {
    return "tab";
  }
}
