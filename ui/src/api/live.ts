// What the event stream does to this tab: which revisions are read again, and what the lamp says. While the stream is
// silent, what is shown is read every few seconds; without a session nothing is asked.
import type { Query } from "@tanstack/react-query";
import { jittered } from "./backoff";
import { readSession } from "./client";
import { noteServerTime, serverNow } from "./clock";
import { follow, followNow, openFollow } from "./follow";
import { limits } from "./limits";
import { lampOf, liveMs, sameLamp, type Lamp, type StreamFacts } from "./lamp";
import { ledger, queryClient, type Meta } from "./queries";
import { permissionsHere, sessionStore, signedInUser } from "./session";
import { makeStore } from "./store";
import { tick, type Beat, type Told } from "./stream";
import type { Code } from "../text/codes.gen";

export const lampStore = makeStore<Lamp>({ is: "connecting" });

// Why the server keeps no change now; nothing while it does.
export const storageStore = makeStore<Code | undefined>(undefined);

// A heartbeat's way here is not measured; better clocks win over it.
const beatDoubtMs = 1_000;

const now = () => ({ at: serverNow(), tick: tick() });

let facts: StreamFacts = { began: now(), broken: false };

// Queries that stand on the page now.
const shown = () =>
  queryClient
    .getQueryCache()
    .findAll({ type: "active" })
    .filter((query) => topicsOf(query).length > 0);

const topicsOf = (query: Query) => (query.meta as Meta | undefined)?.topics ?? [];

// A page that shows nothing that changes still wants to know whether the server is there.
function wish() {
  const user = signedInUser();
  if (user === undefined) return { user: "", topics: [] };
  const topics = [...new Set(shown().flatMap(topicsOf))].sort();
  return { user, topics: topics.length > 0 ? topics : ["fabrics"] };
}

export function openLive(): void {
  openFollow(onTold);
  sessionStore.subscribe(onSession);
  queryClient.getQueryCache().subscribe(scheduleTopics);
  document.addEventListener("visibilitychange", onVisibility);
  setInterval(showLamp, 1_000);
  void poll();
}

let userHere: string | undefined;
let lastUser: string | undefined;
let lastPermissions = "";

function onSession(): void {
  const user = signedInUser();
  const came = user !== undefined && user !== userHere;
  userHere = user;
  const permissions = permissionsHere();
  const changed = permissions !== lastPermissions;
  lastPermissions = permissions;
  if (came) {
    // What one person may see is no other person's business.
    if (lastUser !== undefined && lastUser !== user) startOver();
    lastUser = user;
    facts = { began: now(), broken: false };
    refreshShown();
  } else if (user !== undefined && changed) {
    // What is shown carries what this person may do with it, and no revision tells of that.
    refreshShown();
  }
  follow(wish());
  showLamp();
}

let topicsTimer: ReturnType<typeof setTimeout> | undefined;
function scheduleTopics(): void {
  topicsTimer ??= setTimeout(() => {
    topicsTimer = undefined;
    follow(wish());
  }, 100);
}

function onVisibility(): void {
  if (document.hidden) return;
  const old = !facts.lastBeat || tick() - facts.lastBeat.tick > liveMs;
  if (!old) return;
  // First what is shown, then the stream.
  refreshShown();
  facts = { ...facts, began: now() };
  followNow();
}

function showLamp(): void {
  const session = sessionStore.get();
  const lamp: Lamp =
    session.phase === "ended" ? { is: "signed_out", since: session.since } : lampOf(facts, tick());
  if (!sameLamp(lamp, lampStore.get())) lampStore.set(lamp);
}

function onTold(told: Told): void {
  if (told.is === "event") return onEvent(told);
  if (told.is === "refused") void findOutWhoIsHere();
  facts = { ...facts, broken: true };
  showLamp();
}

let refusedAt = Number.NEGATIVE_INFINITY;

// Somebody may have signed in meanwhile; a server that says both yes and no is not asked over and over.
async function findOutWhoIsHere(): Promise<void> {
  const again = tick() - refusedAt > limits.poll;
  refusedAt = tick();
  try {
    await readSession();
  } catch {
    return;
  }
  if (again && signedInUser() !== undefined) followNow();
}

interface Changed {
  topic: string;
  id?: number;
  revision: number;
}

function onEvent({ event, data, age }: Extract<Told, { is: "event" }>): void {
  if (event === "hb") onBeat(JSON.parse(data) as Beat, age);
  else if (event === "change") onChange(JSON.parse(data) as Changed);
  else if (event === "reset") {
    startOver();
    // Also where this person has another role now.
    void readSession().catch(() => undefined);
  } else if (event === "stopping") facts = { ...facts, stopping: true };
}

function onBeat(beat: Beat, age: number): void {
  const came = Date.now();
  if (age < beatDoubtMs) noteServerTime(beat.server_time, came - beatDoubtMs, came);
  // One that was held up on its way is as old as it is.
  const stale = age > liveMs;
  const resumed = facts.broken && !stale;
  const lastBeat = { at: serverNow() - age, tick: tick() - age };
  if (lastBeat.tick > (facts.lastBeat?.tick ?? 0)) facts = { ...facts, lastBeat };
  if (!stale) facts = { ...facts, broken: false, stopping: false };
  if (!stale && beat.storage !== storageStore.get()) storageStore.set(beat.storage);
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
    const ms = document.hidden ? limits.hidden_poll : limits.poll;
    await new Promise((resolve) => setTimeout(resolve, jittered(ms, 0.2)));
    const silent = lampOf(facts, tick()).is === "not_live";
    if (!silent || signedInUser() === undefined) continue;
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
