// The proxy that fails on demand, before an API server or before Hedgerow; support/gate/README.md has its rules.
import type { ChildProcess } from "node:child_process";
import type { Locator } from "@playwright/test";
import type { Api } from "./api";
import type { Connection, TestCluster } from "./cluster";
import { end, startTalking } from "./process";
import { inTree } from "./tree";
import type { Run } from "./types";

export interface Action {
  delay_ms?: number;
  hold?: boolean;
  black_hole?: boolean;
  reset?: boolean;
  banner?: { first?: string; reply?: string };
  goaway?: { last_stream: number };
  answer?: { status: number; headers?: Record<string, string>; body?: string; bytes?: string };
  upstream?: { url: string; ca_file?: string };
  strip?: string;
  request_headers?: Record<string, string | null>;
  headers?: Record<string, string | null>;
  rewrite?: Edit[];
  body_delay_ms?: number;
  drip?: number;
  cut?: { after?: number; before_headers?: boolean; how?: "close" | "reset" | "silent" };
}

export type Edit =
  | { path: string; set: unknown }
  | { path: string; duplicate: unknown }
  | { path: string; delete: true }
  | { regex: string; with: string };

export interface Rule {
  name: string;
  on?: "request" | "connection";
  match?: {
    method?: string;
    path?: string;
    query?: string;
    header?: string;
    from?: number;
    to?: number;
  };
  times?: number;
  action?: Action;
}

// One kind's list gets no answer until the rule is dropped, so a run that reads goes on meanwhile.
export const slowServers: Rule = {
  name: "slow",
  match: { path: "/servers$" },
  action: { hold: true },
};

// As an API server answers that has only just started: the list of groups without those of CRDs.
export const withoutKinds: Rule = {
  name: "without kinds",
  match: { path: "^/apis$" },
  action: { rewrite: [{ regex: "githedgehog\\.com", with: "elsewhere.example" }] },
};

// As one answers that has not learnt of a kind yet, or to which it was never told.
export const withoutLists: Rule = {
  name: "without lists",
  match: { path: "githedgehog\\.com/v" },
  action: { answer: { status: 404, body: "404 page not found\n" } },
};

// And what it says when it is asked.
export const notReady: Rule = {
  name: "not ready",
  match: { path: "^/readyz$" },
  action: {
    answer: {
      status: 500,
      headers: { "Content-Type": "text/plain; charset=utf-8" },
      body: "[+]ping ok\n[-]poststarthook/crd-informer-synced failed: reason withheld\nreadyz check failed\n",
    },
  },
};

// A run that reads the servers, and has come as far as to ask for them.
export async function heldRun(gate: Gate, api: Api, fabric: number): Promise<Run> {
  await gate.rule(slowServers);
  const { run } = await api.start(fabric);
  await gate.holds(slowServers.name);
  return run;
}

// The same by a click of whoever is on the page.
export async function heldClick(gate: Gate, page: { sync(): Locator }): Promise<void> {
  await gate.rule(slowServers);
  await page.sync().click();
  await gate.holds(slowServers.name);
}

export type TlsMode =
  "good" | "expired" | "not-yet-valid" | "wrong-name" | "other-ca" | "self-signed";

export interface SeenRequest {
  // When it came, by the Gate's clock.
  at: string;
  method: string;
  path: string;
  query: string;
  protocol: string;
  status: number;
  response_bytes: number;
}

export class Gate {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    private readonly control: string,
  ) {}

  static async start(words: readonly string[]): Promise<Gate> {
    const { child, firstLine } = await startTalking(inTree("build", "tools", "gate"), words);
    const { url, control } = JSON.parse(firstLine) as { url: string; control: string };
    return new Gate(child, url, control);
  }

  // Speaks TLS as the cluster's own API server would, by its authority.
  static beforeCluster({ report }: TestCluster, ...more: readonly string[]): Promise<Gate> {
    return Gate.start([
      ...more,
      ...["--upstream", report.url, "--upstream-ca", report.ca_file],
      ...["--ca-cert", report.ca_file, "--ca-key", report.ca_key_file],
    ]);
  }

  // One more at the address of one that was stopped.
  static async again(stopped: Gate, cluster: TestCluster): Promise<Gate> {
    return await Gate.beforeCluster(cluster, "--listen", new URL(stopped.url).host);
  }

  static beforeHedgerow(url: string): Promise<Gate> {
    return Gate.start(["--upstream", url]);
  }

  // The same account by way of this Gate.
  lead(connection: Connection): Connection {
    return { ...connection, server: this.url };
  }

  async stop(): Promise<void> {
    await end(this.child, "SIGKILL");
  }

  async rule(...rules: Rule[]): Promise<void> {
    await this.ask("POST", "/rules", rules);
  }

  async drop(name: string): Promise<void> {
    await this.ask("DELETE", `/rules/${name}`);
  }

  async dropAll(): Promise<void> {
    await this.ask("DELETE", "/rules");
  }

  // Waits until the rule was taken so often, or holds so many.
  async taken(name: string, times = 1): Promise<void> {
    await this.ask("GET", `/rules/${name}?hits=${times}`);
  }

  async holds(name: string, count = 1): Promise<void> {
    await this.ask("GET", `/rules/${name}?held=${count}`);
  }

  async release(name: string): Promise<void> {
    await this.ask("POST", `/rules/${name}/release`);
  }

  async show(mode: TlsMode): Promise<void> {
    await this.ask("PUT", "/tls", { mode });
    await this.ask("DELETE", "/connections");
  }

  async closeConnections(): Promise<void> {
    await this.ask("DELETE", "/connections?how=reset");
  }

  async requests(method = "", path = ""): Promise<SeenRequest[]> {
    const query = new URLSearchParams({ method, path });
    const answer = await this.ask("GET", `/requests?${query.toString()}`);
    return (answer as { requests: SeenRequest[] }).requests;
  }

  // How many wait for their answer now.
  async openRequests(): Promise<number> {
    return (await this.counters()).open_requests;
  }

  // How many connections clients have made so far.
  async connections(): Promise<number> {
    return (await this.counters()).connections;
  }

  private async counters(): Promise<{ open_requests: number; connections: number }> {
    return (await this.ask("GET", "/counters")) as { open_requests: number; connections: number };
  }

  private async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(this.control + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`gate: ${method} ${path}: ${answer.status} ${text}`);
    return text ? (JSON.parse(text) as unknown) : undefined;
  }
}
