// Faults of the process, its host and its disk (rows J, P and Q), brought about from outside of it.
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { Agent, request, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Api } from "../support/api";
import { certified, certify, shownBy } from "../support/certificate";
import { expect, test } from "../support/fixtures";
import { foreignLock } from "../support/foreign_lock";
import { asPeopleHaveThem } from "../support/defaults";
import { heldClick, heldRun } from "../support/gate";
import { live } from "../support/lamp";
import { timed } from "../support/others";
import { networkLines, traceOf } from "../support/person";
import { mustRun } from "../support/process";
import { say } from "../support/raw_http";
import { expectRead, readFabric } from "../support/read";
import { passwords, patient, TestServer } from "../support/server";
import type { Run } from "../support/types";

// One connection that is kept open between what is asked by it.
class OpenConnection {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(private readonly api: Api) {}

  static async of(api: Api): Promise<OpenConnection> {
    const open = new OpenConnection(api);
    expect((await open.ask("GET", "/api/session/")).status).toBe(200);
    return open;
  }

  async ask(method: string, path: string, body?: object, more: Record<string, string> = {}) {
    const url = this.api.url(path);
    const headers = { ...this.api.headers(url), "Content-Type": "application/json", ...more };
    const sent = request(url, { method, agent: this.agent, headers });
    sent.end(body && JSON.stringify(body));
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    return { status: answer.statusCode, etag: answer.headers.etag ?? "", text: await text(answer) };
  }

  close(): void {
    this.agent.destroy();
  }
}

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  test("P01: a server that is asked to end says so of its run, ends well, and does it again", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const api = await hedgerow.server.as("operator");
    const run = await heldRun(gate, api, fabric.id);
    const asked = Date.now();
    expect(await hedgerow.server.stop()).toBe(0);
    expect(Date.now() - asked).toBeLessThan(15_000);
    await gate.dropAll();
    await hedgerow.server.begin();
    expect(await api.run(run.id)).toMatchObject({
      state: "ended",
      outcome: "cancelled",
      code: "shutdown",
    });
    const again = await api.repetition(fabric.id, run.id);
    expect(again.outcome, again.summary).toBe("succeeded");
    expect((await api.objects(fabric.id)).count).toBe(48);
    expectRead(await api.pull(fabric.id), { unchanged: 48 });
  });

  test.describe("seen on the page", () => {
    test.use({ settings: { ...patient, ...asPeopleHaveThem(/^page\.live$/) } });

    test("P01: a page says that the server stopped, and shows the click done when it is back", async ({
      hedgerow,
      cluster,
      gate,
      page,
    }) => {
      const fabric = await hedgerow.fabric({ cluster, through: gate });
      await page.signIn("operator").open(fabric);
      // Who follows no stream yet is told nothing.
      await expect(live(page)).toBeVisible();
      await heldClick(gate, page);
      page.allow(networkLines);
      expect(await hedgerow.server.stop()).toBe(0);
      await expect(page.getByText("Server stopped or restarting")).toBeVisible();
      await gate.dropAll();
      await hedgerow.server.begin();
      await expect(live(page)).toBeVisible();
      await expect(page.watched()).toContainText("48 created");
      await expect(page.getByRole("table", { name: "Recent runs" })).toContainText("Cancelled");
    });
  });
});

test.describe("while silent clients are borne as long as people bear them", () => {
  test.use({ settings: asPeopleHaveThem(/^http\.deadlines\.(first_byte|idle)$/) });

  test(
    "P05: with 64 file descriptors from its start it reads, and without any it records and logs on and answers again as soon as there are some",
    { tag: ["@long", "@release"] },
    async ({ hedgerow, cluster }) => {
      hedgerow.server.through = ["prlimit", "--nofile=64:64"];
      await hedgerow.server.restart();
      const { api, fabric } = await readFabric(hedgerow, { cluster });
      hedgerow.server.allowedInLog.push(/"event":"(accept_paused|accept_failed)"/);
      const open = await OpenConnection.of(await hedgerow.server.as("administrator"));
      const { hostname, port } = new URL(hedgerow.server.url);
      const sockets: Socket[] = [];
      // More than it can take, and few enough that all are turned away long before the others are cut as silent.
      for (let i = 0; i < 80; i += 1)
        sockets.push(connect({ host: hostname, port: Number(port) }).on("error", () => undefined));
      const get = "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
      const status = async () =>
        /^HTTP\/1.1 (\d+)/.exec((await say(hedgerow.server.url, get, 1_000)).text)?.[1];
      await expect.poll(status, { timeout: 15_000 }).toBe("503");
      const files = () => readdirSync(`/proc/${hedgerow.server.pid}/fd`).length;
      expect(files(), "hardly any is left").toBeGreaterThan(60);

      // Who was there before goes on: the record and the log hold their files open.
      const description = "written without a descriptor to spare";
      const path = `/api/fabrics/${fabric.id}/`;
      const { etag } = await open.ask("GET", path);
      const edited = await open.ask("PATCH", path, { description }, { "If-Match": etag });
      expect(edited.status, edited.text).toBe(200);
      expect((await open.ask("GET", path)).text).toContain(description);
      const failed = hedgerow.server.logged("accept_failed");
      expect(failed[0], "the log says it").toMatchObject({ what: "Too many open files" });
      const written = hedgerow.server.logged("request").filter(({ method }) => method === "PATCH");
      expect(written, "and what was asked meanwhile").toHaveLength(1);
      const kept = await hedgerow.server.record.rows("SELECT description FROM fabrics");
      expect(kept).toEqual([{ description }]);
      open.close();
      for (const socket of sockets) socket.destroy();
      await expect.poll(status, { timeout: 15_000 }).toBe("200");
      expectRead(await api.pull(fabric.id), { unchanged: 48 });
    },
  );
});

test("Q24: a record that a newer version wrote is refused with a sentence, and served again once it is as before", async ({
  hedgerow,
  cluster,
}) => {
  const { api, fabric } = await readFabric(hedgerow, { cluster });
  const { server } = hedgerow;
  await server.stop();
  await server.record.change("INSERT INTO migrations VALUES (999, '0999_later', 'x', 0)");
  const before = await server.record.objects();
  const { code, complaints } = await server.command(["serve"]);
  expect(code, complaints).toBe(3);
  expect(complaints).toMatch(/comes from a newer version: it has migration 0999_later.*Start the/s);
  expect(await server.record.objects()).toBe(before);
  await server.record.change("DELETE FROM migrations WHERE number = 999");
  await server.begin();
  expectRead(await api.pull(fabric.id), { unchanged: 48 });
});

test("P11: a key that others may read is refused with its cure, and nothing starts", async ({
  hedgerow,
}) => {
  const { server } = hedgerow;
  await server.stop();
  const key = join(server.settings, "..", "hedgerow.key");
  const mode = statSync(key).mode;
  chmodSync(key, 0o644);
  const { code, complaints } = await server.command(["serve"]);
  expect(code).toBe(2);
  expect(complaints).toMatch(/hedgerow\.key.*(600|owner)/s);
  chmodSync(key, mode);
  await server.begin();
  await server.as("viewer");
});

test("P13: a broken certificate at SIGHUP leaves the old one, and a good one is shown at once", async ({
  serverTemplate,
}, info) => {
  const { certificate, key, settings } = await certified(info);
  const server = await TestServer.start(serverTemplate, settings);
  const first = await shownBy(server.url);
  const good = readFileSync(certificate);
  for (const broken of [Buffer.from("not a certificate\n"), good.subarray(0, 200)]) {
    const before = server.log.split("certificate_kept").length;
    writeFileSync(certificate, broken);
    server.signal("SIGHUP");
    await expect.poll(() => server.log.split("certificate_kept").length).toBeGreaterThan(before);
    expect(await shownBy(server.url)).toBe(first);
  }
  await certify(certificate, key);
  server.signal("SIGHUP");
  await expect.poll(() => shownBy(server.url)).not.toBe(first);
  expect(await server.stop(), "and it still ends well").toBe(0);
  await server.remove();
});

test("Q04: a foreign lock on the database is storage_busy after its wait, and then all goes on", async ({
  hedgerow,
  cluster,
}) => {
  const { api, fabric } = await readFabric(hedgerow, { cluster });
  hedgerow.server.allowedInLog.push(/"code":"storage_busy"/);
  const lock = await foreignLock(hedgerow.server.database);
  const path = `/api/fabrics/${fabric.id}/runs/`;
  const wish = {
    headers: { "Idempotency-Key": "one-click-while-it-is-locked" },
    body: { operation: "pull" },
  };
  const busy = { status: 503, code: "storage_busy", layer: 9 };
  const took = await timed(async () => {
    expect((await api.refused(busy, "POST", path, wish)).retry_after).toBe(1);
  });
  // What the settings say, and whoever waits is told soon after.
  expect(took).toBeGreaterThanOrEqual(5_000);
  expect(took).toBeLessThan(8_000);
  expect((await api.ask("POST", path, wish)).headers.get("Retry-After")).toBe("1");
  expect((await api.objects(fabric.id)).count, "reading goes on").toBe(48);
  await lock.letGo();
  const answer = await api.ask<{ run: Run }>("POST", path, wish);
  expect(answer.status, answer.text).toBe(202);
  expectRead(await api.ended(answer.body.run.id), { unchanged: 48 });
  expect((await api.fabric(fabric.id)).recent_runs).toHaveLength(2);
});

test.describe("where nobody waits long for the database", () => {
  test.use({
    settings: { ...patient, "database.busy_wait": "300ms", "database.write_wait": "300ms" },
  });

  test("Q04: a connection test that cannot be written meanwhile ends as it went, once the lock is gone", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { server } = hedgerow;
    const api = await server.as("administrator");
    server.allowedInLog.push(/"code":"storage_busy"/);
    await gate.rule({ name: "held", match: { path: "^/version" }, action: { hold: true } });
    const climbed = api.climb(gate.lead(cluster.connection));
    await gate.holds("held");
    const lock = await foreignLock(server.database);
    await gate.release("held");
    const said = () =>
      server.log.split("\n").filter((line) => line.includes("connection_test_failed"));
    await expect.poll(() => said().length, "its end was tried again").toBeGreaterThan(1);
    const { faults } = await api.health();
    expect(faults.find(({ place }) => place === "Connection tests")?.code).toBe("storage_busy");
    await lock.letGo();
    const { rungs, outcome } = await climbed;
    expect(outcome).toBe("succeeded");
    expect(new Set(rungs.map(({ state }) => state))).toEqual(new Set(["passed"]));
    await gate.dropAll();
    expect((await api.climb(gate.lead(cluster.connection))).outcome).toBe("succeeded");
  });
});

// Overwrites the first page that dbstat knows to be such a one, while no server runs.
async function overwrite(server: TestServer, where: string): Promise<void> {
  const [page] = await server.record.rows<{ number: number; size: number }>(
    `SELECT pageno AS number, pgsize AS size FROM dbstat WHERE ${where} LIMIT 1`,
  );
  if (!page) throw new Error(`There is no page with ${where}.`);
  const file = openSync(server.database, "r+");
  writeSync(file, Buffer.alloc(page.size, 0x5a), 0, page.size, (page.number - 1) * page.size);
  closeSync(file);
}

// What the command's last line says.
async function putInPlace(server: TestServer, copy: string): Promise<void> {
  for (const ending of ["", "-wal", "-shm"])
    await mustRun("mv", ["-f", server.database + ending, `${server.database}.kept${ending}`]);
  await mustRun("mv", [copy, server.database]);
}

const clean = /^All is as it must be \(/m;

test("Q10: an overwritten page is storage_corrupt with its cure, never other data", async ({
  hedgerow,
  cluster,
}) => {
  const { api, fabric, first } = await readFabric(hedgerow, { cluster });
  const { server } = hedgerow;
  server.allowedInLog.push(/storage_corrupt/);
  await server.stop();
  await overwrite(server, "name = 'objects' AND pagetype = 'leaf'");
  await server.begin();
  const corrupt = { status: 503, code: "storage_corrupt", layer: 9 };
  const path = `/api/fabrics/${fabric.id}/objects/?limit=1000`;
  expect((await api.refused(corrupt, "GET", path)).hint).toContain("hedgerow recover");
  const copy = `${server.database}.copy`;
  expect((await server.command(["recover", "--to", copy])).code, "beside a server").toBe(11);
  await server.stop();
  const damaged = readFileSync(server.database);
  const { code, output } = await server.command(["recover", "--to", copy]);
  expect(code, output).toBe(4);
  expect(output).toMatch(/^users: 3 rows copied\.$/m);
  expect(output).toMatch(/^objects: 0 rows copied, 48 left out\.$/m);
  expect(output).toMatch(/^Kinds, objects and their history were left out of all fabrics/m);
  expect(output).toMatch(clean);
  expect(readFileSync(server.database).equals(damaged), "the damaged file is as it was").toBe(true);
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  expect((await server.command(["recover", "--to", copy])).code, "over a file").toBe(3);
  await putInPlace(server, copy);
  await server.begin();
  await api.refused({ status: 401, code: "session_missing", layer: 5 }, "GET", "/api/fabrics/");
  const viewer = await server.fresh("viewer");
  expect((await viewer.fabric(fabric.id)).headline.state).toBe("not_measured");
  expect((await viewer.objects(fabric.id)).count, "nothing is shown that is not proven").toBe(0);
  const run = { headers: { "Idempotency-Key": "who-may-not" }, body: { operation: "pull" } };
  const denied = { status: 403, code: "forbidden", layer: 6 };
  await viewer.refused(denied, "POST", `/api/fabrics/${fabric.id}/runs/`, run);
  const again = await server.fresh("operator");
  const next = await again.pull(fabric.id);
  expectRead(next, { created: 48 });
  expect(next.id).toBeGreaterThan(first.id);
  expect((await again.fabric(fabric.id)).headline.state).toBe("read");
  expectRead(await again.pull(fabric.id), { unchanged: 48 });
  const checked = await server.command(["check"]);
  expect([checked.code, checked.output]).toEqual([0, expect.stringMatching(clean)]);
});

// What else a page can hold, and what the command says of it; what is then read anew.
const elsewhere: Record<string, { page: string; code: number; says: RegExp; then: object }> = {
  "an index of the objects": {
    ...{ page: "name = 'objects_by_name'", code: 0 },
    ...{ says: /^objects: 48 rows copied\.$/m, then: { unchanged: 48 } },
  },
  "who did what": {
    ...{ page: "name = 'audit'", code: 4 },
    ...{ says: /^audit: 0 rows copied; more may be lost/m, then: { unchanged: 48 } },
  },
  "the runs": {
    ...{ page: "name = 'runs'", code: 4 },
    ...{ says: /^runs: 0 rows copied, 1 left out\.$/m, then: { unchanged: 48 } },
  },
};

for (const [what, { page, code, says, then }] of Object.entries(elsewhere))
  test(`Q10: with ${what} overwritten, recover keeps the rest, and a sync proves it`, async ({
    hedgerow,
    cluster,
  }) => {
    const { server } = hedgerow;
    const fabric = await hedgerow.fabric({ cluster });
    expectRead(await (await server.as("operator")).pull(fabric.id), { created: 48 });
    await server.stop();
    await overwrite(server, page);
    const copy = `${server.database}.copy`;
    const ran = await server.command(["recover", "--to", copy]);
    expect(ran.code, ran.output + ran.complaints).toBe(code);
    expect(ran.output).toMatch(says);
    expect(ran.output).toMatch(clean);
    await putInPlace(server, copy);
    await server.begin();
    const api = await server.fresh("operator");
    expectRead(await api.pull(fabric.id), then);
    expect((await server.command(["check"])).output).toMatch(clean);
  });

test("Q10: with the users overwritten, an administrator is made anew and finds the fabrics", async ({
  hedgerow,
  cluster,
}) => {
  const { server } = hedgerow;
  const fabric = await hedgerow.fabric({ cluster });
  await server.stop();
  await overwrite(server, "name = 'users'");
  const copy = `${server.database}.copy`;
  const { code, output } = await server.command(["recover", "--to", copy]);
  expect(code, output).toBe(4);
  expect(output).toMatch(/^users: 0 rows copied, 3 left out\.$/m);
  expect(output).toMatch(/^No administrator is left/m);
  await putInPlace(server, copy);
  const words = ["user", "create", "operator", "--role", "operator", "--password-stdin"];
  expect((await server.command(words, `${passwords.operator}\n`)).code).toBe(0);
  await server.begin();
  const api = await server.fresh("operator");
  expectRead(await api.pull(fabric.id), { created: 48 });
  expect((await server.command(["check"])).output).toMatch(clean);
});

test("Q10: without the list of its tables a file is refused, and nothing is left behind", async ({
  hedgerow,
  cluster,
}) => {
  const { server } = hedgerow;
  const { api, fabric } = await readFabric(hedgerow, { cluster });
  await server.stop();
  await mustRun("cp", [server.database, `${server.database}.good`]);
  for (const page of ["pageno = 1", "name = 'sqlite_schema' AND pagetype = 'leaf'"]) {
    await overwrite(server, page);
    const copy = `${server.database}.copy`;
    const { code, complaints } = await server.command(["recover", "--to", copy]);
    expect(code, page).toBe(3);
    expect(complaints).toContain("nothing of it can be recovered");
    expect([copy, `${copy}.unfinished`].filter(existsSync)).toEqual([]);
    await server.record.putBack(`${server.database}.good`);
  }
  await server.begin();
  expectRead(await api.pull(fabric.id), { unchanged: 48 });
});

test("Q22: credentials that were exchanged in the database open for neither fabric, and the cluster gets nothing", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const first = await hedgerow.fabric({ cluster, through: gate });
  const second = await hedgerow.fabric({ cluster, through: gate });
  const administrator = await hedgerow.server.as("administrator");
  await administrator.editFabric(second.id, { shares_cluster: true });
  const api = await hedgerow.server.as("operator");
  for (const { id } of [first, second]) expectRead(await api.pull(id), { created: 48 });
  const { server } = hedgerow;
  const ids = `(${first.id}, ${second.id})`;
  const exchange = () =>
    server.record.change(
      `CREATE TEMP TABLE kept AS SELECT * FROM credentials WHERE fabric_id IN ${ids}; ` +
        "UPDATE credentials SET sealed = (SELECT kept.sealed FROM kept WHERE " +
        "kept.fabric_id <> credentials.fabric_id AND kept.which = credentials.which) " +
        `WHERE fabric_id IN ${ids}`,
    );
  await server.restart(exchange);
  const came = await gate.connections();
  for (const { id } of [first, second]) {
    const run = await api.pull(id);
    expect(run, traceOf(run)).toMatchObject({
      outcome: "failed",
      code: "credential_unreadable",
      layer: 7,
    });
    expect((await api.objects(id)).count).toBe(48);
  }
  expect(await gate.connections(), "nobody came to the cluster").toBe(came);
  await server.restart(exchange);
  for (const { id } of [first, second]) expectRead(await api.pull(id), { unchanged: 48 });
});
