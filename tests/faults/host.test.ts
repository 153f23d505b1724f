// What the machine does to the server (rows P and Q): the kernel takes its memory, its folder lies on another machine's
// disk, it dies in an upgrade, and somebody holds on to what the record was.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test as base, type Hedgerow } from "../support/fixtures";
import { foreignReader } from "../support/foreign_lock";
import type { Gate } from "../support/gate";
import { MemoryGroup } from "../support/memory_group";
import { traceOf } from "../support/person";
import { until } from "../support/process";
import { expectRead, readFabric } from "../support/read";
import { asVersionBefore } from "../support/record";
import { patient } from "../support/server";
import { diesAt, liesOn } from "../support/tracer";

const MiB = 1024 * 1024;

const test = base.extend<{ memory: MemoryGroup }>({
  // eslint-disable-next-line no-empty-pattern
  memory: async ({}, use) => {
    const group = await MemoryGroup.make();
    await use(group);
    await group.remove();
  },
});

// From now on each of the ten servers is as large, and another than with any other letter.
async function enlarge(gate: Gate, letter: string, bytes: number): Promise<void> {
  await gate.dropAll();
  await gate.rule({
    name: "large",
    match: { path: "/servers$" },
    action: { rewrite: [{ path: "$.items[*].spec", set: { description: letter.repeat(bytes) } }] },
  });
}

test.describe("with patience", () => {
  test.use({ settings: patient });

  test(
    "P03: killed by the kernel for want of memory, it is back within 5 s and truthful, and reads the same list once there is room",
    { tag: "@long" },
    async ({ memory, hedgerow, cluster, gate }) => {
      const { server } = hedgerow;
      server.through = memory.through;
      await server.restart();
      const { api, fabric } = await readFabric(hedgerow, { cluster, through: gate });
      const administrator = await server.as("administrator");
      await memory.mayHave(memory.used + 16 * MiB);
      await enlarge(gate, "x", 4 * MiB);
      await administrator.editFabric(fabric.id, { description: "acknowledged" });
      const { run } = await api.start(fabric.id);
      expect(await server.ended()).toBe("SIGKILL");
      expect(memory.killed, "it was the kernel").toBe(1);

      const died = Date.now();
      await gate.dropAll();
      await server.begin();
      const lost = await api.run(run.id);
      expect(Date.now() - died, "back").toBeLessThan(5_000);
      expect(lost, traceOf(lost)).toMatchObject({ state: "ended", outcome: "lost", code: "lost" });
      const again = await api.repetition(fabric.id, run.id);
      expectRead(again, { unchanged: 48 });
      expect((await api.fabric(fabric.id)).description).toBe("acknowledged");
      expect((await api.objects(fabric.id)).count).toBe(48);

      await memory.mayHave("all");
      await enlarge(gate, "x", 4 * MiB);
      expectRead(await api.pull(fabric.id), { unchanged: 38, changed: 10 });
      expect(memory.killed).toBe(1);
      await gate.dropAll();
      expectRead(await api.pull(fabric.id), { unchanged: 38, changed: 10 });
      await server.stop();
    },
  );
});

const digestOf = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

// But for what the test itself has it write.
const contentOf = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => !["server.log", "ready.json"].includes(name))
      .map((name) => [name, digestOf(join(folder, name))]),
  );

for (const name of ["NFS", "SMB"] as const)
  test(`Q08: a data folder on ${name} is refused at the start and left as it was, and on a disk it serves`, async ({
    hedgerow,
    cluster,
  }) => {
    const { server } = hedgerow;
    const { api, fabric } = await readFabric(hedgerow, { cluster });
    await server.stop();
    const folder = dirname(server.database);
    const before = contentOf(folder);
    const said = server.log.length;
    await expect(server.beginTraced(liesOn(name))).rejects.toThrow(/Hedgerow ended with 3 /);
    const words = server.log.slice(said);
    expect(words).toContain(
      `The folder ${folder} lies on a network file system (${name}), where an SQLite database is not safe.`,
    );
    expect(words).toContain("Choose a data folder on a local disk.");
    expect(contentOf(folder)).toEqual(before);
    await server.begin();
    expect((await api.objects(fabric.id)).count).toBe(48);
    expectRead(await api.pull(fabric.id), { unchanged: 48 });
  });

test("Q18: a server that dies as it is about to keep one step of an upgrade undoes that step, goes on from the others, and serves", async ({
  hedgerow,
  cluster,
}) => {
  const { server } = hedgerow;
  const { api, fabric } = await readFabric(hedgerow, { cluster });
  const kept = async () => {
    const rows = await server.record.rows<{ name: string }>(
      "SELECT name FROM migrations ORDER BY number",
    );
    return rows.map(({ name }) => name);
  };
  const all = await kept();
  await server.stop();
  await server.record.change(asVersionBefore);
  const before = await kept();
  expect(before.length).toBeLessThan(all.length - 1);
  for (const [at, name] of all.entries()) {
    if (before.includes(name)) continue;
    await expect(server.beginTraced(diesAt(name))).rejects.toThrow(/SIGKILL/);
    expect(await kept()).toEqual(all.slice(0, at));
  }
  await server.begin();
  expect(await kept()).toEqual(all);
  expect((await server.command(["check"])).code).toBe(0);
  expect((await api.objects(fabric.id)).count).toBe(48);
  expectRead(await api.pull(fabric.id), { unchanged: 48 });
});

const logSize = (hedgerow: Hedgerow) => statSync(`${hedgerow.server.database}-wal`).size;
const alarms = (hedgerow: Hedgerow) => hedgerow.server.logged("write_ahead_log_large");

// Once nobody holds an older state, what the log has goes to its place with one change, and the next begins it anew.
async function expectTakenBack(hedgerow: Hedgerow, change: () => Promise<unknown>) {
  const { record } = hedgerow.server;
  const before = record.mark();
  const begunAnew = async () => {
    await change();
    return record.mark().life !== before.life;
  };
  await expect.poll(begunAnew).toBe(true);
}

test.describe("with an alarm of 64 MiB", () => {
  test.use({ settings: { ...patient, "database.log_alarm": 64 * MiB } });

  test("Q06: while another program holds what the record was, its log grows and that is told once; then it is taken back", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { server } = hedgerow;
    const { api, fabric } = await readFabric(hedgerow, { cluster, through: gate });
    const administrator = await server.as("administrator");
    let changes = 0;
    const change = () => {
      changes += 1;
      return administrator.editFabric(fabric.id, { description: `change ${changes}` });
    };
    const grow = async () => {
      for (const letter of ["a", "b"]) {
        await enlarge(gate, letter, 4 * MiB);
        expectRead(await api.pull(fabric.id), { unchanged: 38, changed: 10 });
      }
    };
    await grow();
    expect(alarms(hedgerow), "nobody holds it").toEqual([]);
    for (const told of [1, 2]) {
      const reader = await foreignReader(server.database);
      await grow();
      await change();
      const size = logSize(hedgerow);
      expect(size).toBeGreaterThan(80 * MiB);
      expect(alarms(hedgerow)).toHaveLength(told);
      expect(alarms(hedgerow)[0]).toMatchObject({ level: "warning" });
      expect(alarms(hedgerow)[0]?.bytes).toBeGreaterThan(64 * MiB);
      expect(await api.check("log")).toMatchObject({
        good: false,
        detail: expect.stringMatching(/^The database's log has grown to \d+ MB: somebody reads/),
      });
      const [, shown] = /([\d.]+) MB on the disk/.exec((await api.check("database")).detail) ?? [];
      expect(Number(shown) * 1e6, "what System health shows").toBeGreaterThan(size);
      expect((await api.objects(fabric.id)).count, "all goes on").toBe(48);

      await reader.letGo();
      await expectTakenBack(hedgerow, change);
      expect(logSize(hedgerow)).toBeLessThanOrEqual(64 * MiB);
      expect(await api.check("log")).toMatchObject({ good: true, next: "" });
    }
    await grow();
    expect(logSize(hedgerow)).toBeLessThanOrEqual(64 * MiB);
    expect(alarms(hedgerow), "none without a reader").toHaveLength(2);
  });
});

test.describe("with snapshots of a second", () => {
  test.use({
    settings: { ...patient, "database.snapshot_max": "1s", "database.log_alarm": 24 * MiB },
  });

  test("Q06: an answer that holds on to what the record was for too long is storage_busy, and the log is taken back", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { server } = hedgerow;
    const { api, fabric } = await readFabric(hedgerow, { cluster, through: gate });
    const administrator = await server.as("administrator");
    const { results } = await api.objects(fabric.id, "&kind=Server");
    const path = `/api/objects/${results.find(({ name }) => name === "server-01")?.id}/`;
    const tracer = await server.restartTraced();
    await tracer.holdAtBytes("server-01");
    const slow = api.refused({ status: 503, code: "storage_busy", layer: 9 }, "GET", path);
    await until("the reader to stand still", async () => (await tracer.held()) === 1 || undefined);
    const since = Date.now();
    await enlarge(gate, "a", 4 * MiB);
    expectRead(await api.pull(fabric.id), { unchanged: 38, changed: 10 });
    await administrator.editFabric(fabric.id, { description: "a change" });
    expect(alarms(hedgerow)).toHaveLength(1);
    await until("its second to pass", () => Date.now() - since > 1_000 || undefined);
    await tracer.letGo();
    expect((await slow).retry_after).toBeGreaterThan(0);
    await expectTakenBack(hedgerow, () =>
      administrator.editFabric(fabric.id, { description: `later ${Date.now()}` }),
    );
    await api.must("GET", path);
    expect(alarms(hedgerow)).toHaveLength(1);
    await gate.dropAll();
    expectRead(await api.pull(fabric.id), { unchanged: 38, changed: 10 });
  });
});
