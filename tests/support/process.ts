// Programs that a test starts. They end with the test's own process, however that ends.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { inTree } from "./tree";

// What tools/cluster hands over to, once it has built it.
export const controlPlane = inTree("build", "tools", "control-plane");
const environment = { ...process.env, CLUSTER_TREE: inTree() };

export interface Started {
  child: ChildProcess;
  firstLine: string;
}

// Starts a program that says one line when it is ready and ends when its standard input does.
export async function startTalking(program: string, words: readonly string[]): Promise<Started> {
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "pipe"], env: environment });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const lines = createInterface({ input: child.stdout });
  const said = once(lines, "line").then(([line]) => String(line));
  const ended = once(child, "exit").then(() => {
    throw new Error(`${program} ended before it was ready: ${complaints}`);
  });
  const firstLine = await Promise.race([said, ended]);
  ended.catch(() => undefined);
  return { child, firstLine };
}

// Its exit code; null when a signal ended it.
export async function end(
  child: ChildProcess,
  signal: NodeJS.Signals = "SIGTERM",
): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = once(child, "exit");
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await gone;
  clearTimeout(late);
  return child.exitCode;
}

export interface Ran {
  code: number;
  output: string;
  complaints: string;
}

// Runs a program to its end.
export async function run(
  program: string,
  words: readonly string[],
  { input = "", env = {} }: { input?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const child = spawn(program, words, { env: { ...environment, ...env } });
  let output = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  child.stdin.on("error", () => undefined).end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? -1, output, complaints };
}

export async function mustRun(
  program: string,
  words: readonly string[],
  input = "",
): Promise<string> {
  const { code, output, complaints } = await run(program, words, { input });
  if (code !== 0) throw new Error(`${program} ${words.join(" ")}: exit ${code}: ${complaints}`);
  return output;
}

// What a process holds now as addresses, or has held at most as memory (proc(5)).
export const memoryKiB = (pid: number, which: "VmSize" | "VmHWM") =>
  Number(
    new RegExp(`${which}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1],
  );

// Asks until the answer is one.
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  patienceMs = 15_000,
): Promise<T> {
  const late = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > late) throw new Error(`Waited ${patienceMs} ms in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
