// Faults of the process, its host and its disk (rows H, J, P and Q), brought about from outside of it.
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { setTimeout as passed } from "node:timers/promises";
import { certified, certify } from "../support/certificate";
import { expect, test, type Hedgerow } from "../support/fixtures";
import { foreignLock } from "../support/foreign_lock";
import type { Api } from "../support/api";
import { asPeopleHaveThem } from "../support/defaults";
import { heldClick, heldRun } from "../support/gate";
import { networkLines, traceOf } from "../support/person";
import { mustRun } from "../support/process";
import { say } from "../support/raw_http";
import { expectRead } from "../support/read";
import { patient, TestServer } from "../support/server";
import type { Run } from "../support/types";

// The run that Hedgerow makes by itself for one that was cut off.
async function repetition(api: Api, fabric: number, of: number): Promise<Run> {
  const again = async () =>
    (await api.fabric(fabric)).recent_runs.find((it) => it.retry_of === of)?.id ?? 0;
  await expect.poll(again, { timeout: 15_000 }).toBeGreaterThan(0);
  return await api.ended(await again());
}

const signedIn = (hedgerow: Hedgerow) => hedgerow.server.fresh("operator");

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
    const again = await repetition(api, fabric.id, run.id);
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
      await heldClick(gate, page);
      page.allow(networkLines);
      expect(await hedgerow.server.stop()).toBe(0);
      await expect(page.getByText("Server stopped or restarting")).toBeVisible();
      await gate.dropAll();
      await hedgerow.server.begin();
      await expect(page.getByText(/^Live$/)).toBeVisible();
      await expect(page.watched()).toContainText("48 created");
      await expect(page.getByRole("table", { name: "Recent runs" })).toContainText("Cancelled");
    });
  });

  for (const by of ["+1h", "-1h", "+10y"])
    test(`H07 P07: a server whose clock jumps by ${by} between two starts leaves nothing stuck or done twice`, async ({
      hedgerow,
      cluster,
      gate,
    }) => {
      const fabric = await hedgerow.fabric({ cluster, through: gate });
      let api = await signedIn(hedgerow);
      const run = await heldRun(gate, api, fabric.id);
      await hedgerow.server.kill();
      await gate.dropAll();
      await hedgerow.server.begin(by);
      api = await signedIn(hedgerow);
      expect((await api.ended(run.id)).outcome).toBe("lost");
      const again = await repetition(api, fabric.id, run.id);
      // In ten years the cluster's own certificate has ended, and that is what is said.
      const late = by === "+10y";
      expect([again.outcome, again.code]).toEqual(
        late ? ["failed", "tls_expired"] : ["succeeded", undefined],
      );
      const next = await api.pull(fabric.id);
      expect(next.outcome, next.summary).toBe(late ? "failed" : "succeeded");
      await hedgerow.server.restart();
      api = await signedIn(hedgerow);
      const last = await api.pull(fabric.id);
      expect(last.outcome, traceOf(last)).toBe("succeeded");
      const { facts, recent_runs, headline } = await api.fabric(fabric.id);
      expect(facts.last_run, "by order, not by the clock").toMatchObject({ run: last.id });
      expect(recent_runs.map(({ id }) => id)).toEqual([last.id, next.id, again.id, run.id]);
      expect(recent_runs.every(({ state }) => state === "ended")).toBe(true);
      expect(headline.state).toBe("read");
      expect((await api.objects(fabric.id)).count).toBe(48);
    });
});

test.describe("with leases of a second and a half", () => {
  test.use({ settings: { ...patient, "runs.look": "200ms" } });

  test("P09: a server that stood still beyond its lease writes nothing under it, and begins anew", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const api = await hedgerow.server.as("operator");
    const run = await heldRun(gate, api, fabric.id);
    hedgerow.server.signal("SIGSTOP");
    // Three leases: what passes is the fact.
    await passed(4_500);
    await gate.dropAll();
    hedgerow.server.signal("SIGCONT");
    const ended = await api.ended(run.id, 20_000);
    expect(ended.outcome, ended.summary).toBe("lost");
    const again = await repetition(api, fabric.id, run.id);
    expectRead(again, { created: 48 });
    const epochs = await hedgerow.server.record.rows<{ epoch: number }>(
      `SELECT epoch FROM runs WHERE id IN (${run.id}, ${again.id}) ORDER BY id`,
    );
    expect(epochs[1]?.epoch).toBeGreaterThan(epochs[0]?.epoch ?? Infinity);
    expect((await api.objects(fabric.id)).count).toBe(48);
    const written = await hedgerow.server.record.rows(
      "SELECT object_id, count(*) AS times FROM history GROUP BY object_id HAVING times > 1",
    );
    expect(written, "each object was written once").toEqual([]);
    expectRead(await api.pull(fabric.id), { unchanged: 48 });
  });
});

test.describe("while silent clients are borne as long as people bear them", () => {
  test.use({ settings: asPeopleHaveThem(/^http\.deadlines\.first_byte$/) });

  test(
    "P05: without file descriptors it answers again as soon as there are some, and forgets nothing",
    { tag: "@long" },
    async ({ hedgerow, cluster }) => {
      const fabric = await hedgerow.fabric({ cluster });
      const api = await hedgerow.server.as("operator");
      expectRead(await api.pull(fabric.id), { created: 48 });
      hedgerow.server.allowedInLog.push(/"event":"(accept_paused|accept_failed)"/);
      await mustRun("prlimit", ["--pid", String(hedgerow.server.pid), "--nofile=64:64"]);
      const { hostname, port } = new URL(hedgerow.server.url);
      const sockets: Socket[] = [];
      for (let i = 0; i < 200; i += 1)
        sockets.push(connect({ host: hostname, port: Number(port) }).on("error", () => undefined));
      const get = "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
      const status = async () =>
        /^HTTP\/1.1 (\d+)/.exec((await say(hedgerow.server.url, get, 1_000)).text)?.[1];
      await expect.poll(status, { timeout: 15_000 }).toBe("503");
      for (const socket of sockets) socket.destroy();
      await expect.poll(status, { timeout: 15_000 }).toBe("200");
      expectRead(await api.pull(fabric.id), { unchanged: 48 });
    },
  );
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

// Which certificate a new connection is shown.
async function shownBy(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? "";
  socket.destroy();
  return shown;
}

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
  const fabric = await hedgerow.fabric({ cluster });
  const api = await hedgerow.server.as("operator");
  expectRead(await api.pull(fabric.id), { created: 48 });
  hedgerow.server.allowedInLog.push(/"code":"storage_busy"/);
  const lock = await foreignLock(hedgerow.server.database);
  const path = `/api/fabrics/${fabric.id}/runs/`;
  const wish = {
    headers: { "Idempotency-Key": "one-click-while-it-is-locked" },
    body: { operation: "pull" },
  };
  const busy = { status: 503, code: "storage_busy", layer: 9 };
  expect((await api.refused(busy, "POST", path, wish)).retry_after).toBe(1);
  expect((await api.ask("POST", path, wish)).headers.get("Retry-After")).toBe("1");
  expect((await api.objects(fabric.id)).count, "reading goes on").toBe(48);
  await lock.letGo();
  const answer = await api.ask<{ run: Run }>("POST", path, wish);
  expect(answer.status, answer.text).toBe(202);
  expectRead(await api.ended(answer.body.run.id), { unchanged: 48 });
  expect((await api.fabric(fabric.id)).recent_runs).toHaveLength(2);
});

test("Q10: an overwritten page is storage_corrupt with its cure, never other data", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const api = await hedgerow.server.as("operator");
  expectRead(await api.pull(fabric.id), { created: 48 });
  hedgerow.server.allowedInLog.push(/"code":"storage_corrupt"|storage_corrupt/);
  const { database } = hedgerow.server;
  await hedgerow.server.stop();
  await mustRun("cp", [database, `${database}.good`]);
  const [root] = await hedgerow.server.record.rows<{ pageno: number; size: number }>(
    "SELECT pageno, pgsize AS size FROM dbstat WHERE name = 'objects' AND pagetype = 'leaf' LIMIT 1",
  );
  const file = openSync(database, "r+");
  writeSync(
    file,
    Buffer.alloc(root?.size ?? 0, 0x5a),
    0,
    root?.size,
    ((root?.pageno ?? 1) - 1) * (root?.size ?? 0),
  );
  closeSync(file);
  await hedgerow.server.begin();
  const corrupt = { status: 503, code: "storage_corrupt", layer: 9 };
  await api.refused(corrupt, "GET", `/api/fabrics/${fabric.id}/objects/?limit=1000`);
  await hedgerow.server.stop();
  await mustRun("rm", ["-f", `${database}-wal`, `${database}-shm`]);
  await mustRun("mv", [`${database}.good`, database]);
  await hedgerow.server.begin();
  expectRead(await api.pull(fabric.id), { unchanged: 48 });
});

test("Q22: credentials that were exchanged in the database open for neither fabric", async ({
  hedgerow,
  cluster,
}) => {
  const first = await hedgerow.fabric({ cluster });
  const second = await hedgerow.fabric({ cluster });
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
  for (const { id } of [first, second]) {
    const run = await api.pull(id);
    expect(run, traceOf(run)).toMatchObject({
      outcome: "failed",
      code: "credential_unreadable",
      layer: 7,
    });
    expect((await api.objects(id)).count).toBe(48);
  }
  await server.restart(exchange);
  for (const { id } of [first, second]) expectRead(await api.pull(id), { unchanged: 48 });
});
