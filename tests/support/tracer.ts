// Hedgerow under the hand of support/tracer: killed, out of disk or with a thread that stands still, at an instant
// that its own system calls name.
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { inTree } from "./tree";

// A sanitized program looks for leaks by tracing itself: not while another does, nor where it may not.
export const withoutLeaks = { ASAN_OPTIONS: "detect_leaks=0" };

export const diesAt = (text: string) => `die-at ${text}`;

// What statfs(2) gives as the type of some file systems.
export const fileSystems = { NFS: 0x6969, SMB: 0xfe534d42 };

// Every file system that the program asks calls itself this.
export const liesOn = (name: keyof typeof fileSystems) =>
  `fs-type ${fileSystems[name].toString(16)}`;

export class Tracer {
  private readonly answers: AsyncIterator<string>;

  private constructor(
    readonly child: ChildProcess,
    lines: Interface,
  ) {
    this.answers = lines[Symbol.asyncIterator]();
  }

  // What the program says goes to that file. The first order is obeyed before it begins.
  static start(first: string, program: string, words: readonly string[], log: number): Tracer {
    const env = { ...process.env, ...withoutLeaks };
    const child = spawn(inTree("build", "tools", "tracer"), [first, program, ...words], {
      env,
      stdio: ["pipe", log, log, "pipe"],
    });
    child.stdin?.on("error", () => undefined);
    const tracer = new Tracer(child, createInterface({ input: child.stdio[3] as Readable }));
    void tracer.answers.next(); // Its id; the ready file has it too.
    return tracer;
  }

  private async order(words: string): Promise<string> {
    const answer = this.answers.next();
    this.child.stdin?.write(`${words}\n`);
    const result = await answer;
    if (result.done) throw new Error(`The traced program was gone before: ${words}`);
    return result.value;
  }

  private async must(words: string): Promise<void> {
    const said = await this.order(words);
    if (said !== "done") throw new Error(`tracer: ${words}: ${said}`);
  }

  // SIGKILL at the n-th system call of any thread from now on.
  dieAtCall(n: number): Promise<void> {
    return this.must(`die ${n}`);
  }

  // How many system calls it makes from now on.
  startCounting(): Promise<void> {
    return this.dieAtCall(1_000_000_000);
  }

  async counted(): Promise<number> {
    return Number(await this.order("count"));
  }

  // SIGKILL when these bytes are about to be written to a file.
  dieAtBytes(text: string): Promise<void> {
    return this.must(diesAt(text));
  }

  // From the n-th write on no file takes a byte.
  fillDisk(n = 1): Promise<void> {
    return this.must(`full ${n}`);
  }

  // The n-th write or flush of a file fails, and all after it.
  failDiskFrom(n: number, what: "writes" | "flushes"): Promise<void> {
    return this.must(`fail-${what} ${n}`);
  }

  // The n-th read, write or flush of a file fails, once.
  failDisk(n: number): Promise<void> {
    return this.must(`fail ${n}`);
  }

  // How often since a file was read, written or flushed: whichever of them the fault counts.
  async askedOfDisk(): Promise<number> {
    return Number(await this.order("disk"));
  }

  // Threads of this name stand still wherever they would wait.
  halt(name: string): Promise<void> {
    return this.must(`halt ${name}`);
  }

  // The same, but not where they wait now, so that whoever rings for them is not held up.
  haltAway(name: string): Promise<void> {
    return this.must(`halt-away ${name}`);
  }

  // The first thread that has read these bytes from a file stands still, until it is let go.
  holdAtBytes(text: string): Promise<void> {
    return this.must(`hold-at ${text}`);
  }

  // The first thread that flushes a file stands still there, until it is let go.
  holdFlush(): Promise<void> {
    return this.must("hold-flush");
  }

  async held(): Promise<number> {
    return Number(await this.order("held"));
  }

  // Undoes all of these.
  letGo(): Promise<void> {
    return this.must("go");
  }

  // Settled as soon as the program is gone.
  gone(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => this.child.once("exit", () => resolve()));
  }
}
