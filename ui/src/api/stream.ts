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

type Ending = "wish" | "silent" | "refused" | "broken";

export const tick = () => performance.now();

export class EventStream {
  private wanted = "";
  private connection: AbortController | undefined;
  private lastBeat = 0;
  private failures = 0;
  private wake: (() => void) | undefined;

  constructor(private readonly tell: (told: Told) => void) {
    setInterval(() => this.watch(), 1_000);
    void this.keepOpen();
  }

  // Topics with commas between them; none of them closes it.
  want(topics: string): void {
    if (topics === this.wanted) return;
    this.wanted = topics;
    this.connection?.abort("wish" satisfies Ending);
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
      const ending = await this.listen(this.wanted);
      if (ending === "wish") continue;
      if (ending === "refused") {
        this.wanted = "";
        this.tell({ is: "refused" });
        continue;
      }
      this.failures += 1;
      this.tell({ is: "broken" });
      await this.rest(jittered(backoffMs(this.failures), 0.2));
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
    if (tick() - this.lastBeat > limits.live) this.connection?.abort("silent" satisfies Ending);
  }

  private async listen(topics: string): Promise<Ending> {
    const controller = new AbortController();
    this.connection = controller;
    this.lastBeat = tick();
    const way = new Lateness();
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
        return response.status === 401 ? "refused" : "broken";
      }
      await read(response.body, (event) => this.take(event, way));
      return "broken";
    } catch {
      return controller.signal.aborted ? (controller.signal.reason as Ending) : "broken";
    } finally {
      if (this.connection === controller) this.connection = undefined;
    }
  }

  private take({ event, data }: StreamEvent, way: Lateness): void {
    if (event === "session_ended") return this.connection?.abort("refused" satisfies Ending);
    let age = 0;
    if (event === "hb") {
      age = way.ageOf(Date.parse((JSON.parse(data) as Beat).server_time), tick());
      this.lastBeat = Math.max(this.lastBeat, tick() - age);
      this.failures = 0;
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
