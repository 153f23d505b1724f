// What tabs of one browser tell each other. A tab that misses a word loses nothing but time.
import { basePath } from "./base_path";

export type Word =
  | { say: "signed_in"; user: string }
  | { say: "signed_out" }
  | { say: "renewed"; at: number }
  | { say: "clicked"; user: string; what: string; key: string; at: number };

const channel =
  "document" in globalThis && "BroadcastChannel" in globalThis
    ? new BroadcastChannel(`hedgerow${basePath}`)
    : undefined;

export const tellTabs = (word: Word) => channel?.postMessage(word);

export function onWord(listen: (word: Word) => void): void {
  channel?.addEventListener("message", (event: MessageEvent<Word>) => listen(event.data));
}
