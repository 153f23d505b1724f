// Hedgerow itself, the real program with a data folder of the test's own, deadlines of a tenth, and three
// users. Whatever it says is kept and looked through when the test is over.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Api } from "./api";
import { tenth } from "./defaults";
import { RecordOnDisk } from "./record";
import { keep, secretIn } from "./secrets";
import { end, mustRun, run, until, type Ran } from "./process";
import { Tracer, withoutLeaks } from "./tracer";
import { hedgerowProgram } from "./tree";
import type { Role } from "./types";

export type Settings = Record<string, string | number | boolean | readonly string[]>;

// For tests that hold an answer back while they look: what is held must not run into a deadline meanwhile.
export const patient: Settings = {
  "outbound.deadlines.first_byte": "40s",
  "outbound.deadlines.floor_span": "40s",
  "outbound.deadlines.total": "50s",
  "runs.no_progress": "50s",
};

const common: Settings = {
  "http.address": "127.0.0.1",
  "outbound.allow": ["127.0.0.1", "::1"],
  "sign_in.hash_memory_mib": 8,
};

export const passwords: Record<Role, string> = {
  viewer: keep("the viewer's password", "quiet hills beyond the river"),
  operator: keep("the operator's password", "seven lamps on the north quay"),
  administrator: keep("the administrator's password", "a ladder against the old barn"),
};

const tomlOf = (settings: Settings) =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
    .join("");

// Below the ports that the system lends to whoever connects: between two starts of one server nobody else gets its
// port. Each worker has ports of its own.
const ownPorts = {
  first: 20_000 + 2_000 * Number(process.env.TEST_PARALLEL_INDEX ?? 0),
  count: 2_000,
};
let tried = Math.floor(Math.random() * ownPorts.count);

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < ownPorts.count; tries += 1) {
    tried += 1;
    const port = ownPorts.first + (tried % ownPorts.count);
    if (await isFree(port)) return port;
  }
  throw new Error("No port is free.");
}

// The wall clock alone, so that deadlines stay what they are; by as much as stands in the file at that moment.
function clockOff(file: string): NodeJS.ProcessEnv {
  const library = readdirSync("/usr/lib")
    .map((name) => join("/usr/lib", name, "faketime", "libfaketimeMT.so.1"))
    .find(existsSync);
  if (library === undefined) throw new Error("libfaketime is not installed.");
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}

export class TestServer {
  private child: ChildProcess | undefined;
  private address = "";
  private under: Tracer | undefined;
  private ownPid = 0;
  private readonly apis = new Map<Role, Promise<Api>>();
  private readonly dir = mkdtempSync(join(tmpdir(), "hedgerow-server-"));
  // A program that is to start it, with its own words, and becomes it.
  through: readonly string[] = [];
  // What a test expects to find in the log although it looks like a fault.
  readonly allowedInLog: RegExp[] = [];

  constructor(private readonly wishes: Settings) {}

  // A data folder with its key and three users, made once and copied for each test.
  static async makeTemplate(): Promise<string> {
    const server = new TestServer({});
    server.writeSettings();
    await mustRun(hedgerowProgram, ["key", "create", join(server.dir, "hedgerow.key")]);
    for (const [role, password] of Object.entries(passwords))
      await mustRun(
        hedgerowProgram,
        ["user", "create", role, "--role", role, "--password-stdin", "--config", server.settings],
        `${password}\n`,
      );
    return server.dir;
  }

  static async start(
    template: string,
    wishes: Settings = {},
    through: readonly string[] = [],
  ): Promise<TestServer> {
    const server = new TestServer({ "http.port": await freePort(), ...wishes });
    server.through = through;
    cpSync(template, server.dir, { recursive: true });
    await server.begin();
    return server;
  }

  get settings(): string {
    return join(this.dir, "hedgerow.toml");
  }

  get database(): string {
    return join(this.dir, "hedgerow.db");
  }

  get url(): string {
    return this.address;
  }

  private get clockFile(): string {
    return join(this.dir, "clock");
  }

  get log(): string {
    const file = join(this.dir, "server.log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  // What the log says of an event, the latest first.
  logged(event: string): Record<string, unknown>[] {
    return this.log
      .split("\n")
      .filter((line) => line.includes(`"event":"${event}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .reverse();
  }

  // The record as it lies on the disk, read from outside.
  get record(): RecordOnDisk {
    return new RecordOnDisk(this.database);
  }

  private writeSettings(): void {
    mkdirSync(this.dir, { recursive: true });
    const places: Settings = {
      "database.path": this.database,
      "security.key_file": join(this.dir, "hedgerow.key"),
    };
    writeFileSync(this.settings, tomlOf({ ...common, ...tenth, ...places, ...this.wishes }));
  }

  // Under a tracer, which obeys the first order before the server begins.
  async beginTraced(first = ""): Promise<Tracer> {
    await this.begin(undefined, first);
    if (!this.under) throw new Error("The server runs without a tracer.");
    return this.under;
  }

  async restartTraced(): Promise<Tracer> {
    await this.stop();
    return await this.beginTraced();
  }

  // With a clock that differs from this machine's by as much: "-1h", "+10y". setClock() moves it.
  async begin(clock?: string, first?: string): Promise<void> {
    this.writeSettings();
    if (clock !== undefined) this.setClock(clock);
    const ready = join(this.dir, "ready.json");
    rmSync(ready, { force: true });
    const log = openSync(join(this.dir, "server.log"), "a", 0o600);
    const serve = [hedgerowProgram, "serve", "--config", this.settings, "--ready-file", ready];
    const [program = "", ...words] = [...this.through, ...serve];
    this.under = first === undefined ? undefined : Tracer.start(first, program, words, log);
    const child =
      this.under?.child ??
      spawn(program, words, {
        stdio: ["ignore", log, log],
        env: {
          ...process.env,
          ...(this.through.length > 0 && withoutLeaks),
          ...(clock !== undefined && clockOff(this.clockFile)),
        },
      });
    closeSync(log);
    this.child = child;
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.removeListener("exit", kill));
    this.address = await until(`Hedgerow's start: ${this.settings}`, () => {
      const ended = child.exitCode ?? child.signalCode;
      if (ended !== null)
        throw new Error(`Hedgerow ended with ${ended} while starting: ${this.log}`);
      if (!existsSync(ready)) return undefined;
      const said = JSON.parse(readFileSync(ready, "utf8")) as { url: string; pid: number };
      this.ownPid = said.pid;
      return said.url;
    });
  }

  // While it goes on. It must have begun with a clock of its own.
  setClock(by: string): void {
    const next = `${this.clockFile}.next`;
    writeFileSync(next, `${by}\n`);
    renameSync(next, this.clockFile);
  }

  // Its exit code, unless a signal ended it.
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    // A tracer ends as the server does.
    const lives = this.child?.exitCode === null && this.child.signalCode === null;
    if (this.under && lives) process.kill(this.ownPid, signal);
    const code = this.child ? await end(this.child, this.under ? "SIGCONT" : signal) : null;
    this.child = undefined;
    return code;
  }

  // The signal that ends it, if one does; waits for its end.
  async ended(): Promise<NodeJS.Signals | null> {
    const { child } = this;
    if (!child) throw new Error("The server was not started.");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.signalCode;
  }

  async kill(): Promise<void> {
    await this.stop("SIGKILL");
  }

  // While it goes on: SIGSTOP, SIGCONT, SIGHUP.
  signal(signal: NodeJS.Signals): void {
    process.kill(this.ownPid, signal);
  }

  get pid(): number {
    return this.ownPid;
  }

  // Ends it, lets something be done to what it left, and starts it at the same address.
  async restart(
    meanwhile: () => Promise<unknown> = () => Promise.resolve(),
    signal: NodeJS.Signals = "SIGTERM",
  ): Promise<void> {
    await this.stop(signal);
    await meanwhile();
    await this.begin();
  }

  // Ends it. What its log does not bear, its end included: there a sanitizer says what was leaked.
  async faultsToTheEnd(): Promise<string[]> {
    const code = await this.stop();
    return [...this.faultsOfLog(), ...(code ? [`It ended with exit code ${code}.`] : [])];
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  // One of Hedgerow's other commands, with this server's settings.
  command(words: readonly string[], input = ""): Promise<Ran> {
    return run(hedgerowProgram, [...words, "--config", this.settings], { input });
  }

  // One of its commands that want no settings.
  bare(words: readonly string[]): Promise<Ran> {
    return run(hedgerowProgram, words);
  }

  // A program of a person with this role, signed in.
  as(role: Role): Promise<Api> {
    let api = this.apis.get(role);
    if (!api) {
      api = this.fresh(role);
      this.apis.set(role, api);
    }
    return api;
  }

  // One more session of the same person.
  async fresh(role: Role): Promise<Api> {
    const api = this.stranger();
    await api.signIn(role, passwords[role]);
    return api;
  }

  stranger(): Api {
    return new Api(() => this.address);
  }

  // Ends all sessions of a user as time would: they ended a minute ago.
  async endSessionsOf(role: Role): Promise<void> {
    const past = Date.now() - 60_000;
    // Killed, so that it has no chance to say good-bye: pages are to notice the end of the session alone.
    await this.restart(
      () =>
        this.record.change(
          `UPDATE sessions SET idle_ends = ${past}, last_seen = ${past - 3_600_000} ` +
            `WHERE user_id = (SELECT id FROM users WHERE name = '${role}')`,
        ),
      "SIGKILL",
    );
    this.apis.delete(role);
  }

  // However much they are used from now on, all sessions of a user last so long still.
  async leaveSessionsOf(role: Role, ms: number): Promise<void> {
    const ends = Date.now() + ms;
    await this.record.change(
      `UPDATE sessions SET idle_ends = ${ends}, absolute_ends = ${ends} ` +
        `WHERE user_id = (SELECT id FROM users WHERE name = '${role}')`,
    );
  }

  // What must not be in any log: secrets, and faults of Hedgerow's own.
  faultsOfLog(): string[] {
    const found: string[] = [];
    const { log } = this;
    const secret = secretIn(log);
    if (secret) found.push(`The log holds ${secret}.`);
    for (const line of log.split("\n")) {
      const isFault = /internal_fault|"level":"(error|critical)"|Sanitizer|runtime error:/.test(
        line,
      );
      if (isFault && !this.allowedInLog.some((allowed) => allowed.test(line))) found.push(line);
    }
    return found;
  }
}
