// One event stream to the server, kept open while something is wanted of it. It lives in the worker that all tabs of a
// browser share, or in a tab that goes without. It carries revisions, never content.
import type { Code } from "../text/codes.gen";
import { backoffMs, jittered } from "./backoff";
import { basePath } from "./base_path";
import { Lateness } from "./lateness";
import { limits } from "./limits";
import { eventReader, type StreamEvent } from "./sse";

export type Told =
  // `age`: how long ago a heartbeat was sent, at least.
  | { is: "event"; event: string; data: string; age: number }
  // It ended, or did not come about; another one is tried soon.
  | { is: "broken" }
  // The session is not accepted. Nothing is tried before somebody wants something again.
  | { is: "refused" };

export interface Beat {
  server_time: string;
  revisions: Record<string, number>;
  // Why the server keeps no change now; absent while it does.
  storage?: Code;
}

// "cut": after it had spoken, and without a last word.
type Ending = "wish" | "silent" | "refused" | "broken" | "cut";

export const tick = () => performance.now();

export class EventStream {
  private wanted = "";
  private open = new Set<AbortController>();
  private newest: AbortController | undefined;
  private lastBeat = 0;
  private failures = 0;
  private wake: (() => void) | undefined;
  private otherWish: (() => void) | undefined;

  constructor(private readonly tell: (told: Told) => void) {
    setInterval(() => this.watch(), 1_000);
    void this.keepOpen();
  }

  // Topics with commas between them; none of them closes it. The stream for what was wanted before stays until the new
  // one speaks, so that nothing is missed between the two, not even that the server stops.
  want(topics: string): void {
    if (topics === this.wanted) return;
    this.wanted = topics;
    if (topics === "") this.close("wish");
    this.otherWish?.();
    this.nudge();
  }

  // Whoever waits for the next try waits no longer.
  nudge(): void {
    this.wake?.();
  }

  private async keepOpen(): Promise<void> {
    for (;;) {
      if (this.wanted === "") {
        await this.rest();
        continue;
      }
      const ending = await this.listen();
      if (ending === "wish") continue;
      this.close(ending);
      if (ending === "refused") {
        this.wanted = "";
        this.tell({ is: "refused" });
        continue;
      }
      this.failures += 1;
      const pause = backoffMs(this.failures);
      // One that stood may have been cut on its way: nobody need hear of that unless the next does not stand.
      const silently = ending === "cut" && this.failures === 1;
      if (!silently) this.tell({ is: "broken" });
      await this.rest(jittered(silently ? pause / 10 : pause, 0.2));
    }
  }

  // Waits for a nudge, at most so long.
  private rest(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // An open connection can be dead: only heartbeats count.
  private watch(): void {
    if (tick() - this.lastBeat > limits.live) this.close("silent");
  }

  private close(why: Ending, except?: AbortController): void {
    for (const each of this.open) if (each !== except) each.abort(why);
  }

  private listen(): Promise<Ending> {
    const connection = new AbortController();
    this.open.add(connection);
    this.newest = connection;
    this.lastBeat = tick();
    const other = new Promise<Ending>((resolve) => {
      this.otherWish = () => resolve("wish");
    });
    const ended = this.hear(this.wanted, connection);
    void ended.finally(() => this.open.delete(connection));
    return Promise.race([ended, other]);
  }

  private async hear(topics: string, connection: AbortController): Promise<Ending> {
    const { signal } = connection;
    const way = new Lateness();
    let last = "";
    let beats = 0;
    try {
      const query = new URLSearchParams({ topics });
      const response = await fetch(`${basePath}/api/events/?${query.toString()}`, {
        headers: { Accept: "text/event-stream" },
        cache: "no-store",
        redirect: "manual",
        signal,
      });
      const type = response.headers.get("Content-Type") ?? "";
      if (!response.ok || !type.startsWith("text/event-stream") || !response.body) {
        await response.body?.cancel();
        return response.status === 401 ? "refused" : "broken";
      }
      await read(response.body, (event) => {
        last = event.event;
        this.close("wish", connection);
        if (last === "hb") beats += 1;
        if (beats > 1) this.failures = 0;
        this.take(event, connection, way);
      });
    } catch {
      if (signal.aborted) return signal.reason as Ending;
    }
    return last === "" || last === "stopping" ? "broken" : "cut";
  }

  private take({ event, data }: StreamEvent, from: AbortController, way: Lateness): void {
    if (event === "session_ended") return from.abort("refused" satisfies Ending);
    let age = 0;
    if (event === "hb") {
      age = way.ageOf(Date.parse((JSON.parse(data) as Beat).server_time), tick());
      if (from === this.newest) this.lastBeat = Math.max(this.lastBeat, tick() - age);
    }
    this.tell({ is: "event", event, data, age });
  }
}

async function read(
  body: ReadableStream<Uint8Array>,
  tell: (event: StreamEvent) => void,
): Promise<void> {
  const take = eventReader(tell);
  const chunks = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  for (;;) {
    const { done, value } = await chunks.read();
    if (done) return;
    take(value);
  }
}
