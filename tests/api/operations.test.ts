// What those who look after a server go by: metrics, readiness and the log. Hostile requests may cost them nothing.
import { Agent, request } from "node:http";
import { expect, test } from "../support/fixtures";
import { freshKey, type Api } from "../support/api";
import { tenthOf } from "../support/defaults";
import { foreignLock } from "../support/foreign_lock";
import { portOf, say } from "../support/raw_http";
import { expectRead } from "../support/read";
import type { TestServer } from "../support/server";

interface Line {
  time: string;
  level: string;
  event: string;
  request_id?: string;
  run?: number;
  [more: string]: unknown;
}

const linesOf = (log: string) =>
  log
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

async function metricsOf(stranger: Api): Promise<Map<string, number>> {
  const { status, text } = await stranger.ask("GET", "/metrics");
  expect(status).toBe(200);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

const labelsOf = (series: Iterable<string>, name: string) =>
  [...series].flatMap((it) =>
    [...it.matchAll(new RegExp(`${name}="([^"]*)"`, "g"))].map(([, to]) => to ?? ""),
  );

// Sends it as it is, whatever its path and method are, and gives back the status.
function odd(url: string, method: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<number>((resolve, reject) => {
    const sent = request({ ...portOf(url), method, path, headers, agent }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    sent.on("error", reject).end();
  });
}
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

const hostile = (n: number): string =>
  [
    `/api/fabrics/${n}/`,
    `/api/nothing-${n}/`,
    `/nowhere/${n}/%22%7Dhedgerow_http_requests_total%7Broute=%22x`,
    `/assets/${freshKey()}.js`,
    `/%0Ahedgerow_forged%20${n}`,
    `/basic/${n}/`,
    `/api/objects/${n}/?q=${freshKey()}`,
    `/${"a/".repeat(1 + (n % 200))}`,
  ][n % 8] ?? "/";

test("metrics have a bounded number of series, whatever strangers ask for", async ({
  hedgerow,
}) => {
  const { server } = hedgerow;
  const stranger = server.stranger();
  const ask = async (from: number, count: number) => {
    for (let n = from; n < from + count; n += 1)
      await odd(
        server.url,
        ["GET", "HEAD", "POST", "BREW", "OPTIONS"][n % 5] ?? "GET",
        hostile(n),
        {
          "X-Request-ID": freshKey(),
          "User-Agent": freshKey(),
        },
      );
  };
  await ask(0, 400);
  await metricsOf(stranger); // Counts from its second time on.
  const before = await metricsOf(stranger);
  await ask(1_000_000, 800);
  const after = await metricsOf(stranger);
  expect([...after.keys()].filter((series) => !before.has(series))).toEqual([]);

  const contract = (await stranger.ask("GET", "/api/openapi.yaml")).text;
  const known = new Set(
    [...contract.matchAll(/^ {2}(\/\S*):$/gm)].map(([, path]) => shape(path ?? "")),
  );
  const routes = [...new Set(labelsOf(after.keys(), "route"))];
  expect(routes).toContain("other");
  // Beside the contract there are the pages, whose routes are few.
  const others = routes.filter((route) => !known.has(shape(route)));
  expect(others.length, others.join(" ")).toBeLessThan(25);
  for (const route of routes)
    expect(route, "no name that a stranger made up").not.toMatch(/\d{3}|%/);
  for (const code of labelsOf(after.keys(), "code")) expect(code).toMatch(/^[1-5]\d\d$/);
  const total = (series: Map<string, number>) =>
    [...series].reduce(
      (sum, [name, value]) => sum + (/_requests_total\{/.test(name) ? value : 0),
      0,
    );
  expect(total(after) - total(before), "each of them was counted").toBeGreaterThanOrEqual(800);
});

const shape = (route: string) => route.replaceAll(/\{[^}]*\}/g, "{}").replace(/\/$/, "");

test("each line of the log is one object; those of a request carry its id, those of a run its number", async ({
  hedgerow,
  cluster,
}) => {
  const { server } = hedgerow;
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await server.as("operator");
  const run = await operator.pull(fabric.id);
  const id = `req-${freshKey()}`;
  const { headers } = await operator.ask("GET", "/api/fabrics/", {
    headers: { "X-Request-ID": id },
  });
  expect(headers.get("X-Request-ID"), "it is given back").toBe(id);
  const forged = await say(
    server.url,
    "GET /livez HTTP/1.1\r\nHost: h\r\nX-Request-ID: a b\u001b[31m\r\nConnection: close\r\n\r\n",
  );
  expect(forged.text).toMatch(/^HTTP\/1\.1 (200|400) /);
  await say(
    server.url,
    'GET /"}\u0085{"event":"forged HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  );
  await server.stop();

  const lines = linesOf(server.log);
  for (const line of lines) {
    expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(line.event).toMatch(/^[a-z_]+$/);
    expect(line.event).not.toBe("forged");
    if (/^request/.test(line.event))
      expect(line.request_id, JSON.stringify(line)).toMatch(/^[\w.-]+$/);
    if (/^run_/.test(line.event)) expect(line.run, JSON.stringify(line)).toBe(run.id);
  }
  // eslint-disable-next-line no-control-regex
  expect(server.log).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  expect(lines.filter((line) => line.event === "request" && line.request_id === id).length).toBe(1);
  const asked = lines.filter((line) => line.event === "request" && line.run === run.id);
  expect(asked, "the click's line has the run").toMatchObject([
    { method: "POST", route: "/api/fabrics/{id}/runs/", status: 202 },
  ]);
  const request_id = asked[0]?.request_id;
  expect(request_id).toMatch(/^req_/);
  expect(lines.filter(({ event }) => event === "run_started")).toMatchObject([
    { run: run.id, request_id, operation: "pull" },
  ]);
  expect(lines.filter(({ event }) => event === "run_ended")).toMatchObject([
    { run: run.id, request_id, outcome: "succeeded", operation: "pull" },
  ]);
});

test.describe("with warnings alone", () => {
  test.use({ settings: { "log.level": "warning" } });
  test("log.level holds back what is less, and never a warning", async ({ hedgerow, cluster }) => {
    const { server } = hedgerow;
    const fabric = await hedgerow.fabric({ cluster });
    await (await server.as("operator")).pull(fabric.id);
    expect(server.log).toBe("");
    const bare = await server.bare(["config", "show", "--set", "log.level=loud"]);
    expect(bare).toMatchObject({ code: 2 });
    expect(bare.complaints).toMatch(/--set.*log\.level.*debug, info or warning/s);
    await server.restart(() => server.record.change("DELETE FROM users"));
    expect(linesOf(server.log)).toMatchObject([{ level: "warning", event: "setup_code" }]);
  });
});

test("readyz says in one word whether it serves, with ?verbose what of it does, and recovers by itself", async ({
  hedgerow,
}) => {
  const { server } = hedgerow;
  server.allowedInLog.push(/workers_hidden|no such table/);
  const stranger = server.stranger();
  const ready = async (query = "") => {
    const { status, text } = await stranger.ask("GET", `/readyz${query}`);
    return { status, text };
  };
  expect(await ready()).toEqual({ status: 200, text: "ok\n" });
  const names = ["database", "workers", "page", "log", "writing"];
  const lines = names.map((name) => `[+]${name} ok\n`);
  expect(await ready("?verbose")).toEqual({ status: 200, text: `${lines.join("")}ok\n` });
  const { checks } = await (await server.as("viewer")).health();
  expect(
    checks.map(({ name }) => name),
    "the same in System health",
  ).toEqual(names);
  expect(checks.find(({ name }) => name === "workers")?.detail).toMatch(/^6 of 6, /);
  expect((await ready("?verbose&exclude=page")).text).toContain("[+]page excluded: ok\n");
  const strange = await ready("?verbose&exclude=pge&exclude=page");
  expect(strange.status).toBe(200);
  expect(strange.text).toContain('cannot be excluded: no match for "pge"\n');
  expect(await ready("?exclude=pge"), "one word is one word").toEqual({
    status: 200,
    text: "ok\n",
  });
  expect((await ready("?verbosely")).status).toBe(400);

  // As an administrator with a tool of SQLite would do it by mistake.
  await server.record.change("ALTER TABLE workers RENAME TO workers_hidden");
  const broken = await ready();
  expect(broken.status).toBe(503);
  expect(broken.text).toMatch(/^\[-\]database failed: reason withheld\n.*not ready\n$/s);
  expect(broken.text, "a stranger learns no more").not.toMatch(/workers_hidden|table|SQLite/);
  const all = names.map((name) => `exclude=${name}`).join("&");
  expect((await ready(`?${all}`)).status, "whoever leaves all out").toBe(200);
  expect((await stranger.ask("GET", "/livez")).status, "it lives").toBe(200);
  await server.record.change("ALTER TABLE workers_hidden RENAME TO workers");
  await expect.poll(async () => (await ready()).status).toBe(200);
});

const hindrances: Record<string, (server: TestServer) => Promise<() => Promise<void>>> = {
  "a foreign lock": async ({ database }) => {
    const lock = await foreignLock(database);
    return () => lock.letGo();
  },
  "a full disk": async (server) => {
    const tracer = await server.restartTraced();
    await tracer.fillDisk();
    return () => tracer.letGo();
  },
};

test.describe("with a disk that is waited for as shortly as all else", () => {
  test.use({ settings: tenthOf(/^database\.(probe|busy|write)_wait$/) });

  for (const [what, hinder] of Object.entries(hindrances))
    test(`readyz says not ready while ${what} keeps all from being written, before anybody tries, and recovers by itself`, async ({
      hedgerow,
      cluster,
    }) => {
      const { server } = hedgerow;
      server.allowedInLog.push(/storage_(busy|full)|disk is full/);
      const fabric = await hedgerow.fabric({ cluster });
      const stranger = server.stranger();
      const ready = () => stranger.ask("GET", "/readyz");
      expect((await ready()).status).toBe(200);
      const letGo = await hinder(server);
      await expect.poll(async () => (await ready()).status, { timeout: 15_000 }).toBe(503);
      const { text } = await ready();
      expect(text).toContain("[+]database ok\n");
      expect(text).toMatch(/\[-\]writing failed: reason withheld\n.*not ready\n$/s);
      expect((await stranger.ask("GET", "/readyz?exclude=writing")).status).toBe(200);
      const began = performance.now();
      await ready();
      expect(performance.now() - began, "a probe waits for no write").toBeLessThan(500);
      await letGo();
      await expect.poll(async () => (await ready()).status, { timeout: 15_000 }).toBe(200);
      expectRead(await (await server.fresh("operator")).pull(fabric.id), { created: 48 });
    });
});

test("the program says which version it is, and the same over HTTP", async ({ hedgerow }) => {
  const { server } = hedgerow;
  const said = (await server.bare(["version"])).output.trim();
  const { body } = await server.stranger().ask<{ version: string }>("GET", "/version");
  expect(said).toBe(`hedgerow ${body.version}`);
});
