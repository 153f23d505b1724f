// The event stream as a page reads it: names and data, one after the other.
import type { Api } from "../support/api";

export interface Told {
  name: string;
  data: unknown;
}

export class Stream {
  text = "";
  ended = false;
  readonly told: Told[] = [];
  private taken = 0;

  constructor(
    private readonly body: ReadableStream<Uint8Array>,
    private readonly abort: AbortController,
  ) {
    void this.read();
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const part of this.body as unknown as AsyncIterable<Uint8Array>) {
        this.text += decoder.decode(part, { stream: true });
        this.take();
      }
    } catch {
      // Ended by the test itself.
    }
    this.ended = true;
  }

  private take(): void {
    for (;;) {
      const end = this.text.indexOf("\n\n", this.taken);
      if (end < 0) return;
      const lines = this.text.slice(this.taken, end).split("\n");
      this.taken = end + 2;
      const of = (field: string) =>
        lines
          .find((line) => line.startsWith(`${field}:`))
          ?.slice(field.length + 1)
          .trim();
      const name = of("event");
      if (name) this.told.push({ name, data: JSON.parse(of("data") ?? "null") as unknown });
    }
  }

  // The first of what was told since, or is told within a while, that is good.
  async until(good: (it: Told) => boolean, from = 0, patienceMs = 10_000): Promise<Told> {
    const late = Date.now() + patienceMs;
    for (;;) {
      const found = this.told.slice(from).find(good);
      if (found) return found;
      if (Date.now() > late) throw new Error(`The stream never told it: ${this.text.slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): void {
    this.abort.abort();
  }
}

export async function listen(base: string, api: Api, topics: string): Promise<Stream> {
  const abort = new AbortController();
  const answer = await fetch(new URL(`/api/events/?topics=${topics}`, base), {
    headers: { Cookie: api.cookie, Accept: "text/event-stream" },
    signal: abort.signal,
  });
  if (answer.status !== 200 || !answer.body)
    throw new Error(`The stream did not open: ${answer.status} ${await answer.text()}`);
  return new Stream(answer.body, abort);
}
