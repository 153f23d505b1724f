// How long to wait before the next try.
const stepsMs = [1_000, 2_000, 4_000, 8_000, 15_000];

export function backoffMs(tries: number, retryAfterSeconds?: number): number {
  const step = stepsMs[Math.min(Math.max(tries, 1), stepsMs.length) - 1] ?? 15_000;
  return Math.max(step, (retryAfterSeconds ?? 0) * 1000);
}

// For many pages at once: they must not come back in step.
export const jittered = (ms: number, share: number, random: number = Math.random()) =>
  ms * (1 - share + 2 * share * random);
