// A person's `./run` with a data folder of the test's own: started, ended as by Ctrl-C, and whatever belongs to it.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Api } from "./api";
import { keep } from "./secrets";
import { freePort } from "./server";
import { until, type Ran } from "./process";
import { inTree } from "./tree";

export interface Ready {
  url: string;
  user: string;
  password: string;
  kubeconfig: string;
}

export interface Wish {
  // A program that is to call ./run, with its own words.
  through?: readonly string[];
  env?: Record<string, string>;
  // Another clone's.
  program?: string;
}

interface Process {
  pid: number;
  name: string;
}

// Longer than the slowest start: other tests take the processor meanwhile.
export const startPatienceMs = 90_000;

// What npm tells the program that it calls is nothing a person's shell says.
const shell = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(registry|.*proxy)$)/.test(name)),
);

let calls = 0;

// One call of ./run. All that it starts inherits a mark, by which it is found wherever it went.
class Call {
  output = "";
  complaints = "";
  readonly child: ChildProcess;
  readonly ended: Promise<number>;
  private readonly mark: string;

  constructor(words: readonly string[], { through = [], env = {}, program }: Wish) {
    calls += 1;
    this.mark = `HEDGEROW_CALL=${process.pid}-${calls}`;
    const [name = "", value = ""] = this.mark.split("=");
    // It ends with the test's own process, however that ends; and has a group, as in a terminal.
    this.child = spawn(
      "setpriv",
      ["--pdeathsig", "TERM", ...through, program ?? inTree("run"), ...words],
      {
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...shell, ...env, [name]: value },
      },
    );
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.complaints += text));
    this.ended = once(this.child, "close").then(([code]) => (code as number | null) ?? -1);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  // As a terminal does it: the whole group hears it.
  async interrupt(): Promise<number> {
    process.kill(-(this.child.pid ?? 0), "SIGINT");
    return await this.ended;
  }

  processes(): Process[] {
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => procFile(pid, "environ").split("\0").includes(this.mark))
      .map((pid) => ({ pid: Number(pid), name: procFile(pid, "comm").trim() }));
  }
}

// Nothing when it has ended meanwhile, or is somebody else's.
function procFile(pid: string, name: string): string {
  try {
    return readFileSync(join("/proc", pid, name), "utf8");
  } catch {
    return "";
  }
}

export class Demo {
  readonly dir = mkdtempSync(join(tmpdir(), "hedgerow-run-"));
  readonly readyFile = join(this.dir, "ready.json");
  readonly data: string;
  call: Call | undefined;
  private hasPort = false;

  constructor(folder = "data") {
    this.data = join(this.dir, folder);
  }

  // Starts it, if it does not run. A port is asked for once, the last one counts; the folder knows it from then on.
  async up(words: readonly string[] = []): Promise<Ready> {
    if (!this.call?.running) {
      const port = this.hasPort ? [] : ["--port", String(await freePort())];
      this.begin([...port, ...words]);
      await this.ready();
      this.hasPort = true;
    }
    return this.readyNow();
  }

  begin(words: readonly string[], wish: Wish = {}): Call {
    // One that was killed could not take it away.
    rmSync(this.readyFile, { force: true });
    this.call = new Call(["--data", this.data, "--ready-file", this.readyFile, ...words], wish);
    return this.call;
  }

  private async ready(): Promise<void> {
    const { call } = this;
    await until(
      "./run to be ready",
      () => {
        if (!call?.running) throw new Error(`./run has ended: ${call?.output}${call?.complaints}`);
        return existsSync(this.readyFile) ? true : undefined;
      },
      startPatienceMs,
    );
  }

  private readyNow(): Ready {
    const ready = JSON.parse(readFileSync(this.readyFile, "utf8")) as Ready;
    keep("the password of ./run", ready.password);
    return ready;
  }

  // A program of the person who reads what ./run prints.
  async signedIn(): Promise<Api> {
    const { url, user, password } = await this.up();
    const api = new Api(() => url);
    await api.signIn(user, password);
    return api;
  }

  // A call of its own, beside the one that may run, up to its end.
  async ends(words: readonly string[], wish: Wish = {}): Promise<Ran & { left: Process[] }> {
    const call = new Call(["--data", this.data, ...words], wish);
    const code = await call.ended;
    const { output, complaints } = call;
    return { code, output, complaints, left: call.processes() };
  }

  async interrupt(): Promise<number> {
    return this.call?.running ? await this.call.interrupt() : 0;
  }

  async remove(): Promise<void> {
    await this.interrupt();
    rmSync(this.dir, { recursive: true, force: true });
  }

  // Every file of the data folder, with who may read it.
  files(): { path: string; bytes: Buffer; mode: number }[] {
    return readdirSync(this.data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const mode = statSync(path).mode & 0o777;
        return { path: path.slice(this.data.length + 1), bytes: readFileSync(path), mode };
      });
  }

  // A PATH with everything that this machine has but one program.
  pathWithout(name: string): string {
    const folder = mkdtempSync(join(this.dir, "path-"));
    for (const from of (process.env.PATH ?? "").split(delimiter).filter((it) => existsSync(it)))
      for (const program of readdirSync(from))
        if (program !== name && !existsSync(join(folder, program)))
          symlinkSync(join(from, program), join(folder, program));
    return folder;
  }
}
