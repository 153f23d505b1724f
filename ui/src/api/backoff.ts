// How long to wait before the next try.
import { limits } from "./limits";

// Doubled each time, up to a limit; what the server asks for wins.
export function backoffMs(tries: number, retryAfterSeconds?: number): number {
  const step = Math.min(limits.pause * 2 ** Math.max(tries - 1, 0), limits.pause_longest);
  return Math.max(step, (retryAfterSeconds ?? 0) * 1000);
}

// For many pages at once: they must not come back in step.
export const jittered = (ms: number, share: number, random: number = Math.random()) =>
  ms * (1 - share + 2 * share * random);
