// What others feel of something that befalls one server: their slowest answers, beside those of a server that it does
// not befall. What else this machine does, it does to both.

// Milliseconds that an answer took.
export async function timed(ask: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await ask();
  return performance.now() - began;
}

export const p99 = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;

type Two<T> = readonly [T, T];

// How long each of so many answers took, asked of both in turns.
export async function inTurns(
  asks: Two<() => Promise<unknown>>,
  count: number,
): Promise<Two<number[]>> {
  const took: Two<number[]> = [[], []];
  for (let n = 0; n < count; n += 1)
    for (const at of [0, 1] as const) took[at].push(await timed(asks[at]));
  return took;
}

// How much longer the slowest hundredth waits at the first. The calmest of some rounds: what else runs on this machine
// may come upon either of them, what is done to the first comes upon all rounds.
export async function p99Ratio(asks: Two<() => Promise<unknown>>, rounds = 4): Promise<number> {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const [first, second] = await inTurns(asks, 100);
    ratios.push(p99(first) / p99(second));
  }
  return Math.min(...ratios);
}
