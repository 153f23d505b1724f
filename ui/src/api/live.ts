// The one event stream of this tab. It carries revisions, never content: what changed is read again.
// While it is silent, what is shown is read every few seconds; without a session nothing is asked.
import type { Query } from "@tanstack/react-query";
import { jittered } from "./backoff";
import { basePath } from "./base_path";
import { readSession } from "./client";
import { noteServerTime, serverNow } from "./clock";
import { limits } from "./limits";
import { lampOf, liveMs, sameLamp, type Lamp, type StreamFacts } from "./lamp";
import { ledger, queryClient, type Meta } from "./queries";
import { permissionsHere, sessionStore, signedInUser } from "./session";
import { eventReader, type StreamEvent } from "./sse";
import { makeStore } from "./store";
import type { Code } from "../text/codes.gen";

export const lampStore = makeStore<Lamp>({ is: "connecting" });

// Why the server keeps no change now; nothing while it does.
export const storageStore = makeStore<Code | undefined>(undefined);

const pollMs = limits.poll;
const hiddenPollMs = 60_000;
const hiddenCloseMs = 30_000;
const backoffFirstMs = 1_000;
const backoffMaxMs = 30_000;
// A heartbeat's way here is not measured; better clocks win over it.
const beatDoubtMs = 1_000;

type Ending = "topics" | "silent" | "hidden" | "signed_out" | "refused" | "broken";

const tick = () => performance.now();
const now = () => ({ at: serverNow(), tick: tick() });

let facts: StreamFacts = { began: now(), broken: false };
let connection: AbortController | undefined;
let wake: (() => void) | undefined;
let openTopics = "";

// Queries that stand on the page now.
const shown = () =>
  queryClient
    .getQueryCache()
    .findAll({ type: "active" })
    .filter((query) => topicsOf(query).length > 0);

const topicsOf = (query: Query) => (query.meta as Meta | undefined)?.topics ?? [];

// A page that shows nothing that changes still wants to know whether the server is there.
const wantedTopics = () => {
  const topics = [...new Set(shown().flatMap(topicsOf))].sort();
  return topics.length > 0 ? topics.join(",") : "fabrics";
};

const signedIn = () => sessionStore.get().phase === "in";
const hiddenLong = () => document.hidden && tick() - hiddenAt > hiddenCloseMs;
let hiddenAt = 0;

export function openLive(): void {
  sessionStore.subscribe(onSession);
  queryClient.getQueryCache().subscribe(scheduleTopics);
  document.addEventListener("visibilitychange", onVisibility);
  setInterval(watch, 1_000);
  void poll();
  void keepOpen();
}

let wasSignedIn = false;
let lastUser: string | undefined;
let lastPermissions = "";

function onSession(): void {
  const came = signedIn() && !wasSignedIn;
  wasSignedIn = signedIn();
  const permissions = permissionsHere();
  const changed = permissions !== lastPermissions;
  lastPermissions = permissions;
  if (came) {
    // What one person may see is no other person's business.
    const user = signedInUser();
    if (lastUser !== undefined && lastUser !== user) startOver();
    lastUser = user;
    facts = { began: now(), broken: false };
    refreshShown();
    nudge();
  } else if (!wasSignedIn) {
    connection?.abort("signed_out" satisfies Ending);
  } else if (changed) {
    // What is shown carries what this person may do with it, and no revision tells of that.
    refreshShown();
  }
  showLamp();
}

let topicsTimer: ReturnType<typeof setTimeout> | undefined;
function scheduleTopics(): void {
  if (topicsTimer !== undefined) return;
  topicsTimer = setTimeout(() => {
    topicsTimer = undefined;
    const topics = wantedTopics();
    if (topics === openTopics) return;
    connection?.abort("topics" satisfies Ending);
    nudge();
  }, 100);
}

function onVisibility(): void {
  if (document.hidden) {
    hiddenAt = tick();
    return;
  }
  const old = !facts.lastBeat || tick() - facts.lastBeat.tick > liveMs;
  if (!old) return;
  // First what is shown, then the stream.
  refreshShown();
  facts = { ...facts, began: now() };
  nudge();
}

function watch(): void {
  const beat = facts.lastBeat ?? facts.began;
  if (connection && tick() - beat.tick > liveMs && tick() - opened > liveMs)
    connection.abort("silent" satisfies Ending);
  if (hiddenLong()) connection?.abort("hidden" satisfies Ending);
  showLamp();
}

function showLamp(): void {
  const session = sessionStore.get();
  const lamp: Lamp =
    session.phase === "ended" ? { is: "signed_out", since: session.since } : lampOf(facts, tick());
  if (!sameLamp(lamp, lampStore.get())) lampStore.set(lamp);
}

const nudge = () => wake?.();

// Waits for a nudge, at most so long.
const rest = (ms?: number) =>
  new Promise<void>((resolve) => {
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });

let opened = 0;

async function keepOpen(): Promise<void> {
  let failures = 0;
  for (;;) {
    const topics = wantedTopics();
    if (!signedIn() || hiddenLong()) {
      await rest();
      continue;
    }
    const beatBefore = facts.lastBeat?.tick;
    const ending = await stream(topics);
    if (facts.lastBeat?.tick !== beatBefore) failures = 0;
    if (ending === "topics" || ending === "hidden" || ending === "signed_out") continue;
    failures += 1;
    facts = { ...facts, broken: true };
    showLamp();
    if (await sessionIsGone(ending)) continue;
    const step = Math.min(backoffFirstMs * 2 ** (failures - 1), backoffMaxMs);
    await rest(jittered(step, 0.2));
  }
}

// A stream that was refused or ended may mean that nobody is signed in any more.
async function sessionIsGone(ending: Ending): Promise<boolean> {
  if (ending !== "refused" && ending !== "broken") return false;
  try {
    await readSession();
  } catch {
    return false;
  }
  return !signedIn();
}

async function stream(topics: string): Promise<Ending> {
  const controller = new AbortController();
  connection = controller;
  openTopics = topics;
  opened = tick();
  try {
    const query = new URLSearchParams({ topics });
    const response = await fetch(`${basePath}/api/events/?${query.toString()}`, {
      headers: { Accept: "text/event-stream" },
      cache: "no-store",
      redirect: "manual",
      signal: controller.signal,
    });
    const type = response.headers.get("Content-Type") ?? "";
    if (!response.ok || !type.startsWith("text/event-stream") || !response.body) {
      await response.body?.cancel();
      return "refused";
    }
    await listen(response.body);
    return "broken";
  } catch {
    return controller.signal.aborted ? (controller.signal.reason as Ending) : "broken";
  } finally {
    if (connection === controller) connection = undefined;
    openTopics = "";
  }
}

async function listen(body: ReadableStream<Uint8Array>): Promise<void> {
  const take = eventReader(onEvent);
  const reader = body.pipeThrough(
    new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>,
  );
  const chunks = reader.getReader();
  for (;;) {
    const { done, value } = await chunks.read();
    if (done) return;
    take(value);
  }
}

interface Beat {
  server_time: string;
  revisions: Record<string, number>;
  storage?: Code;
}
interface Changed {
  topic: string;
  id?: number;
  revision: number;
}

function onEvent({ event, data }: StreamEvent): void {
  if (event === "hb") onBeat(JSON.parse(data) as Beat);
  else if (event === "change") onChange(JSON.parse(data) as Changed);
  else if (event === "session_ended") void readSession().catch(() => undefined);
  else if (event === "reset") startOver();
}

function onBeat(beat: Beat): void {
  const came = Date.now();
  noteServerTime(beat.server_time, came - beatDoubtMs, came);
  const resumed = facts.broken;
  facts = { ...facts, lastBeat: now(), broken: false };
  if (beat.storage !== storageStore.get()) storageStore.set(beat.storage);
  for (const [topic, revision] of Object.entries(beat.revisions)) ledger.announce(topic, revision);
  showLamp();
  if (resumed) return refreshShown();
  const back = shown().filter((query) => ledger.wentBack(query.queryHash, topicsOf(query)));
  if (back.length > 0) return startOver();
  readWhatIsBehind();
}

function onChange(changed: Changed): void {
  const topic = changed.id === undefined ? changed.topic : `${changed.topic}/${changed.id}`;
  ledger.announce(topic, changed.revision);
  readWhatIsBehind();
}

// The record is another one now: nothing that was read before counts.
function startOver(): void {
  ledger.forget();
  // Invalidated, not reset: what is shown stays, with its age, until something newer arrives.
  void queryClient.invalidateQueries();
}

function readWhatIsBehind(): void {
  for (const query of shown()) {
    if (ledger.isBehind(query.queryHash, topicsOf(query))) ask(query);
  }
}

const lastAsked = new Map<string, number>();
const asked = new Set<string>();

// Reads a query again: at once, or when its gap is over; once for many announcements.
function ask(query: Query): void {
  const hash = query.queryHash;
  if (asked.has(hash)) return;
  asked.add(hash);
  const gap = (query.meta as Meta).gapMs;
  const wait = Math.max(0, (lastAsked.get(hash) ?? -gap) + gap - tick());
  setTimeout(() => {
    void readAgain(query).then(() => {
      asked.delete(hash);
      // Announced while it was being read. After a failure the next heartbeat asks again.
      const behind = ledger.isBehind(hash, topicsOf(query));
      if (behind && query.state.status === "success" && query.isActive()) ask(query);
    });
  }, wait);
}

async function readAgain(query: Query): Promise<void> {
  // One that began before the announcement may miss it.
  if (query.state.fetchStatus !== "idle") await query.promise?.catch(() => undefined);
  if (!ledger.isBehind(query.queryHash, topicsOf(query))) return;
  lastAsked.set(query.queryHash, tick());
  await queryClient.refetchQueries({ queryKey: query.queryKey, exact: true });
}

export function refreshShown(): void {
  void queryClient.refetchQueries({
    predicate: (query) => query.isActive() && topicsOf(query).length > 0,
  });
}

// While the stream is silent.
async function poll(): Promise<void> {
  for (;;) {
    const ms = document.hidden ? hiddenPollMs : pollMs;
    await new Promise((resolve) => setTimeout(resolve, jittered(ms, 0.2)));
    const silent = lampStore.get().is === "not_live" || hiddenLong();
    if (!silent || !signedIn()) continue;
    await Promise.all(
      shown().map((query) =>
        queryClient.refetchQueries(
          { queryKey: query.queryKey, exact: true },
          { cancelRefetch: false },
        ),
      ),
    );
  }
}
