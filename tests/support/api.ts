// A program that speaks with Hedgerow as a browser would: cookies, security token, origin. Every answer is
// held against the contract, and none may carry a secret.
import { randomBytes } from "node:crypto";
import { expect } from "@playwright/test";
import { breachOf } from "./contract";
import { secretIn } from "./secrets";
import { expectCatalogue } from "./sentence";
import { until } from "./process";
import type {
  Account,
  Change,
  ConnectionFields,
  ConnectionTest,
  Fabric,
  HealthCheck,
  HealthReport,
  Kind,
  List,
  ObjectRow,
  OpenSession,
  Problem,
  Role,
  Run,
  Session,
  StartedRun,
} from "./types";

export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  text: string;
  body: T;
}

export interface Wish {
  headers?: Record<string, string>;
  body?: unknown;
  // Sent as it is, with whatever content type the headers say.
  raw?: string;
}

export const freshKey = () => randomBytes(16).toString("hex");

const shown = (method: string, path: string, status: number, text: string) =>
  `${method} ${path} → ${status} ${text.slice(0, 2000)}`;

export class Api {
  private readonly cookies = new Map<string, string>();
  csrf: string | undefined;

  constructor(
    private readonly base: () => string,
    readonly username = "",
  ) {}

  // Of the session; the other is the device's.
  get cookie(): string {
    return this.allCookies.find((pair) => !/^[\w-]+_device=/.test(pair)) ?? "";
  }

  private get allCookies(): string[] {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`);
  }

  url(path: string): URL {
    return new URL(path, this.base());
  }

  // Of every request of this person's.
  headers(url: URL): Record<string, string> {
    return {
      Accept: "application/json",
      Origin: url.origin,
      ...(this.cookies.size > 0 && { Cookie: this.allCookies.join("; ") }),
      ...(this.csrf !== undefined && { "X-CSRF-Token": this.csrf }),
    };
  }

  async ask<T = unknown>(method: string, path: string, wish: Wish = {}): Promise<Answer<T>> {
    const url = this.url(path);
    const body = wish.raw ?? (wish.body === undefined ? undefined : JSON.stringify(wish.body));
    const response = await fetch(url, {
      method,
      redirect: "manual",
      headers: {
        ...this.headers(url),
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...wish.headers,
      },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    this.keepCookies(response.headers);
    const type = response.headers.get("Content-Type") ?? "";
    const { pathname } = url;
    const breach = breachOf({ method, path: pathname, status: response.status, type, body: text });
    // Thrown by hand: this is looked at so often that steps of a report would cost more than the asking.
    const secret = secretIn(text);
    if (secret !== undefined) throw new Error(`${method} ${path} gives away ${secret}`);
    if (breach !== undefined)
      throw new Error(`${shown(method, path, response.status, text)}: ${breach}`);
    const isJson = text !== "" && type.includes("json");
    const parsed = isJson ? (JSON.parse(text) as T) : (undefined as T);
    return { status: response.status, headers: response.headers, text, body: parsed };
  }

  private keepCookies(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const name = pair.slice(0, pair.indexOf("="));
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(pair.indexOf("=") + 1));
    }
  }

  // An answer that must be a success.
  async must<T>(method: string, path: string, wish: Wish = {}): Promise<T> {
    const answer = await this.ask<T>(method, path, wish);
    if (answer.status >= 300) throw new Error(shown(method, path, answer.status, answer.text));
    return answer.body;
  }

  // An answer that must be a failure: this code on this layer, with words for a person.
  async refused(
    expected: { status: number; code: string; layer: number },
    method: string,
    path: string,
    wish: Wish = {},
  ): Promise<Problem> {
    const { body, status, text } = await this.ask<Problem>(method, path, wish);
    const { code, layer } = status >= 400 ? body : { code: "none", layer: 0 };
    expect({ status, code, layer }, text.slice(0, 2000)).toEqual(expected);
    expectCatalogue(body);
    return body;
  }

  async signIn(username: string, password: string): Promise<Session> {
    const body = { username, password };
    const session = await this.must<Session>("POST", "/api/session/", { body });
    this.csrf = session.csrf_token;
    return session;
  }

  // ---- what most tests do

  // How the server finds itself.
  health(): Promise<HealthReport> {
    return this.must("GET", "/api/health/");
  }

  async addFabric(name: string, cluster?: ConnectionFields): Promise<Fabric> {
    return await this.must<Fabric>("POST", "/api/fabrics/", {
      headers: { "Idempotency-Key": freshKey() },
      body: { name, ...(cluster && { cluster }) },
    });
  }

  // Where a run found something between the reading and the saving, it is read and saved again.
  async editFabric(id: number, change: object): Promise<Fabric> {
    const path = `/api/fabrics/${id}/`;
    return await until("settings that nothing changed meanwhile", async () => {
      const read = await this.ask<Fabric>("GET", path);
      const headers = { "If-Match": read.headers.get("ETag") ?? "" };
      const { status, text, body } = await this.ask<Fabric>("PATCH", path, {
        headers,
        body: change,
      });
      if (status === 412) return undefined;
      if (status >= 300) throw new Error(shown("PATCH", path, status, text));
      return body;
    });
  }

  async fabric(id: number): Promise<Fabric> {
    return await this.must<Fabric>("GET", `/api/fabrics/${id}/`);
  }

  async start(
    fabric: number,
    operation: "pull" | "test" = "pull",
    more: object = {},
  ): Promise<StartedRun> {
    return await this.must<StartedRun>("POST", `/api/fabrics/${fabric}/runs/`, {
      headers: { "Idempotency-Key": freshKey() },
      body: { operation, ...more },
    });
  }

  async run(id: number): Promise<Run> {
    return await this.must<Run>("GET", `/api/runs/${id}/`);
  }

  async ended(id: number, patienceMs?: number): Promise<Run> {
    const look = async () => {
      const run = await this.run(id);
      return run.state === "ended" ? run : undefined;
    };
    return await until(`the end of run ${id}`, look, patienceMs);
  }

  // A whole run, from the request to its end.
  async pull(fabric: number, more: object = {}): Promise<Run> {
    const { run } = await this.start(fabric, "pull", more);
    return await this.ended(run.id);
  }

  // The run that Hedgerow makes by itself for one that was cut off.
  async repetition(fabric: number, of: number): Promise<Run> {
    const again = async () =>
      (await this.fabric(fabric)).recent_runs.find((it) => it.retry_of === of)?.id;
    return await this.ended(await until(`the repetition of run ${of}`, again));
  }

  // What the server finds of one part of itself.
  async check(part: HealthCheck["name"]): Promise<HealthCheck> {
    const { checks } = await this.health();
    const found = checks.find(({ name }) => name === part);
    if (!found) throw new Error(`System health says nothing of ${part}.`);
    return found;
  }

  async objects(fabric: number, query = ""): Promise<List<ObjectRow>> {
    return await this.must<List<ObjectRow>>(
      "GET",
      `/api/fabrics/${fabric}/objects/?limit=1000${query}`,
    );
  }

  async kinds(fabric: number): Promise<Kind[]> {
    return (await this.must<List<Kind>>("GET", `/api/fabrics/${fabric}/kinds/`)).results;
  }

  async changes(run: number): Promise<Change[]> {
    return (await this.must<List<Change>>("GET", `/api/runs/${run}/changes/?limit=1000`)).results;
  }

  // Where people are signed in, as far as this person may see it.
  async sessions(query = ""): Promise<OpenSession[]> {
    const path = `/api/sessions/?limit=1000${query}`;
    return (await this.must<List<OpenSession>>("GET", path)).results;
  }

  // The session that this program has.
  async ownSession(): Promise<OpenSession> {
    const own = (await this.sessions()).filter(({ current }) => current);
    expect(own.length, "one session is that of the request").toBe(1);
    return own[0] as OpenSession;
  }

  async account(username: string): Promise<Account> {
    const { results } = await this.must<List<Account>>("GET", "/api/users/?limit=1000");
    const found = results.find((it) => it.username === username);
    if (!found) throw new Error(`There is no user ${username}.`);
    return found;
  }

  async giveRole(username: string, role: Role): Promise<Account> {
    const path = `/api/users/${(await this.account(username)).id}/`;
    const { headers } = await this.ask<Account>("GET", path);
    const match = headers.get("ETag") ?? "";
    const wish = { headers: { "If-Match": match }, body: { role } };
    return await this.must<Account>("PATCH", path, wish);
  }

  // The ladder for a connection that is not stored, climbed to its end.
  async climb(cluster: ConnectionFields, patienceMs?: number): Promise<ConnectionTest> {
    const begun = await this.must<ConnectionTest>("POST", "/api/connection-tests/", {
      body: { cluster },
    });
    const look = async () => {
      const test = await this.must<ConnectionTest>("GET", `/api/connection-tests/${begun.id}/`);
      return test.state === "ended" ? test : undefined;
    };
    return await until("the end of the connection test", look, patienceMs);
  }
}
