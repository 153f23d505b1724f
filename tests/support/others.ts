// What others feel of something that befalls one server: their slowest answers, beside those of a server that it does
// not befall. What else this machine does, it does to both.

import { readdirSync, readFileSync } from "node:fs";
import type { Api } from "./api";
import type { TestServer } from "./server";

// Milliseconds that an answer took.
export async function timed(ask: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await ask();
  return performance.now() - began;
}

export const p99 = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;

export const middle = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

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

export interface Compared {
  ratio: number;
  words: string;
}

// How much longer the slowest hundredth waits at the first. They are asked in turns, so that what else runs on this
// machine comes upon both alike, and a burst that meets one of them alone spoils one round: the middle one counts.
export async function p99Compared(
  asks: readonly Two<() => Promise<unknown>>[],
  rounds: number,
): Promise<Compared> {
  const turnsOfRound = 100;
  const slowest: Two<number>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const all: Two<number[]> = [[], []];
    for (const each of asks)
      (await inTurns(each, turnsOfRound)).forEach((took, at) => all[at]?.push(...took));
    slowest.push([p99(all[0]), p99(all[1])]);
  }
  const words = slowest.map(([here, there]) => `${here.toFixed(1)}/${there.toFixed(1)} ms`);
  return {
    ratio: middle(slowest.map(([here, there]) => here / there)),
    words: `p99 of ${rounds} rounds: ${words.join(", ")}`,
  };
}

// Milliseconds of processor time, by threads that leave the cores to everybody else (niceness 10 and more) and by others.
interface Spent {
  nice: number;
  usual: number;
}

// What a server has had so far. Of proc_pid_stat(5); a clock tick is 10 ms.
function processorTime({ pid }: TestServer): Spent {
  const spent = { nice: 0, usual: 0 };
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const line = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    // Behind the name, which may hold anything, the state is field 3.
    const field = line.slice(line.lastIndexOf(")") + 2).split(" ");
    const [user, system, niceness] = [14, 15, 19].map((at) => Number(field[at - 3]));
    spent[(niceness ?? 0) >= 10 ? "nice" : "usual"] += ((user ?? 0) + (system ?? 0)) * 10;
  }
  return spent;
}

// What each of two servers takes from now on, whenever it is asked. No neighbour changes it.
export function spending(servers: Two<TestServer>): () => Two<Spent> {
  const had = servers.map(processorTime);
  return () =>
    servers.map((server, at) => {
      const { nice, usual } = processorTime(server);
      return { nice: nice - (had[at]?.nice ?? 0), usual: usual - (had[at]?.usual ?? 0) };
    }) as [Spent, Spent];
}

// What people ask of a server in which a fabric was read: the application, that fabric, its objects.
export function asPeopleAsk(server: TestServer, viewer: Api, fabric: number) {
  return ["/", `/api/fabrics/${fabric}/`, `/api/fabrics/${fabric}/objects/`].map(
    (path) => async () => {
      const headers = { Cookie: viewer.cookie };
      const answer = await fetch(new URL(path, server.url), { headers });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status}`);
    },
  );
}
