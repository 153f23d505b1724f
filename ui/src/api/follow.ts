// How this tab follows the server: by the stream of the worker that all tabs share, or by one of its own while there is
// no such worker, while it does not answer, or when it has no room for this tab's topics.
import { Lateness } from "./lateness";
import { limits } from "./limits";
import { pageVersion } from "./page_version";
import { saidOn } from "./said";
import type { Wish } from "./shared_stream";
import { EventStream, tick, type Told } from "./stream";
import type { Asked, Word } from "./stream_worker";
import address from "./stream_worker?worker&url";

interface Shared {
  port: MessagePort;
  way: Lateness;
  heard: number;
  // Since when it owes an answer.
  asked: number | undefined;
}

let tell: (told: Told) => void = () => undefined;
let wish: Wish = { user: "", topics: [] };
let shared: Shared | undefined;
let own: EventStream | undefined;
let alone = false;
let losses = 0;
let tryAgainAt = 0;
let hiddenAt = tick();

export function openFollow(listen: (told: Told) => void): void {
  tell = listen;
  connect();
  setInterval(watch, 1_000);
  document.addEventListener("visibilitychange", () => {
    hiddenAt = tick();
    watch();
  });
  globalThis.addEventListener("pagehide", () => ask({ ...wish, topics: [] }));
  globalThis.addEventListener("pageshow", () => ask(wish));
}

export function follow(wanted: Wish): void {
  if (wanted.user === wish.user && wanted.topics.join() === wish.topics.join()) return;
  wish = wanted;
  ask(wish);
  followAlone();
}

// Whoever waits for the next try waits no longer.
export function followNow(): void {
  ask({ ...wish, nudge: true });
  own?.nudge();
}

function connect(): void {
  try {
    const worker = new SharedWorker(trusted(`${address}?${saidOn()}`), {
      name: `hedgerow ${pageVersion}`,
      type: "module",
    });
    const { port } = worker;
    const here: Shared = { port, way: new Lateness(), heard: tick(), asked: tick() };
    shared = here;
    worker.onerror = () => lose(here);
    port.onmessage = ({ data }: MessageEvent<Word>) => hear(here, data);
    ask(wish);
  } catch {
    // A browser without such workers, or one that forbids them.
    tryAgainAt = Number.POSITIVE_INFINITY;
    goAlone();
  }
}

declare const trustedTypes:
  | { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } }
  | undefined;

// The page's policy lets no mere text become a script.
let policy: { createScriptURL(url: string): string } | undefined;
function trusted(url: string): string {
  if (typeof trustedTypes === "undefined") return url;
  policy ??= trustedTypes.createPolicy("hedgerow-worker", { createScriptURL: (it: string) => it });
  return policy.createScriptURL(url);
}

const ask = (asked: Asked) => shared?.port.postMessage(asked);

function hear(from: Shared, { sent, ...word }: Word): void {
  if (from !== shared) return;
  const now = tick();
  const late = from.way.ageOf(sent, now);
  from.heard = now;
  from.asked = undefined;
  losses = 0;
  if (word.is === "full") return goAlone();
  alone = false;
  own?.want("");
  if (word.is === "here") return;
  if (word.is === "event" && word.event === "hb") {
    // The worker forgets who does not answer.
    ask(wish);
    word.age += late;
  }
  tell(word);
}

function lose(it: Shared): void {
  if (it !== shared) return;
  // It may only be slow.
  ask({ ...wish, topics: [] });
  it.port.close();
  shared = undefined;
  // The first one is followed by another at once, which is a new one if the old one was dead.
  tryAgainAt = tick() + Math.min(limits.worker * (2 ** losses - 1), limits.hidden_poll);
  losses += 1;
  goAlone();
}

function goAlone(): void {
  alone = true;
  own ??= new EventStream((told) => {
    if (alone) tell(told);
  });
  followAlone();
}

function followAlone(): void {
  const resting = document.hidden && tick() - hiddenAt > limits.hidden;
  if (alone) own?.want(resting ? "" : wish.topics.join(","));
}

function watch(): void {
  const now = tick();
  if (!shared) {
    if (now >= tryAgainAt) connect();
  } else if (shared.asked === undefined) {
    if (now - shared.heard > limits.worker / 2) {
      shared.asked = now;
      ask(wish);
    }
  } else if (now - shared.asked > limits.worker) lose(shared);
  followAlone();
}
