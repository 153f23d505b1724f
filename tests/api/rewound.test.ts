// A control plane whose database was restored from an older copy: the same cluster, but what it says is older than
// what the record knows. That proves nothing away until an administrator confirms it.
import { TestCluster } from "../support/cluster";
import { expect, fieldsOf, test as base } from "../support/fixtures";
import { traceOf } from "../support/person";
import { keep } from "../support/secrets";
import type { TestServer } from "../support/server";
import type { Wiring } from "../support/tree";
import type { Fabric, Run } from "../support/types";
import { expectBroken } from "../support/lab";
import { none } from "../support/read";

const namespace = "restored";
const made = (kind: string, name: string, spec: object) => ({
  object: { apiVersion: "wiring.githedgehog.com/v1beta1", kind, metadata: { name }, spec },
  namespace,
});

// 48 objects read, a copy of the control plane's folder, then one more server and group and one server changed,
// read as well.
class Restorable {
  private constructor(
    readonly cluster: TestCluster,
    readonly server: TestServer,
    readonly fabric: Fabric,
    private readonly copy: string,
  ) {}

  static async open(cluster: TestCluster, hedgerow: TestServer, wiring: Wiring) {
    await cluster.load(wiring, namespace);
    const connection = await cluster.reader();
    keep("the restored cluster's token", connection.token);
    const api = await hedgerow.as("administrator");
    const fabric = await api.addFabric("lab", fieldsOf(connection, namespace));
    const first = await api.pull(fabric.id);
    expect(first.counts, traceOf(first)).toEqual({ ...none, created: 48 });
    const restorable = new Restorable(cluster, hedgerow, fabric, await cluster.backup());
    await cluster.patch("Server", namespace, "server-01", { spec: { description: "moved" } });
    await cluster.apply(made("Server", "server-99", { description: "late" }));
    await cluster.apply(made("SwitchGroup", "group-99", {}));
    return restorable;
  }

  async pull(): Promise<Run> {
    return await (await this.server.as("operator")).pull(this.fabric.id);
  }

  // Started again after the copy was made, the cluster has written as it will once that is put back: only
  // what comes on top tells which of the two is older.
  async readOn(): Promise<void> {
    await this.cluster.age(300);
    const run = await this.pull();
    expect(run.counts, traceOf(run)).toEqual({ ...none, created: 2, changed: 1, unchanged: 47 });
  }

  async restore(): Promise<void> {
    await this.cluster.restore(this.copy);
  }

  async newestProof(): Promise<number> {
    const api = await this.server.as("viewer");
    const kinds = await api.kinds(this.fabric.id);
    return Math.max(...kinds.map((it) => Number(it.resource_version ?? 0)));
  }

  async confirm(): Promise<Fabric> {
    const api = await this.server.as("administrator");
    return await api.editFabric(this.fabric.id, { accept_rewind: true });
  }

  async expectKept(): Promise<void> {
    const api = await this.server.as("viewer");
    expect((await api.objects(this.fabric.id)).count, "nothing was lost").toBe(50);
    expect((await api.objects(this.fabric.id, "&presence=removed")).count).toBe(0);
    const { results } = await api.objects(this.fabric.id, "&q=server-01&kind=Server");
    const object = await api.must("GET", `/api/objects/${results[0]?.id}/`);
    expect(object).toMatchObject({ observed: { spec: { description: "moved" } } });
  }

  // After the confirmation: one complete read that counts what is different.
  async expectCounted(): Promise<void> {
    const run = await this.pull();
    expect(run, traceOf(run)).toMatchObject({
      outcome: "succeeded",
      counts: { ...none, changed: 1, removed: 2, unchanged: 47 },
    });
    const api = await this.server.as("viewer");
    const removed = await api.objects(this.fabric.id, "&presence=removed");
    expect(removed.results.map((it) => it.name)).toEqual(["group-99", "server-99"]);
    const now = await api.fabric(this.fabric.id);
    expect(now.headline.state).toBe("read");
    expect(now.counts.objects).toBe(48);
    const mark = this.server.record.mark();
    expect((await this.pull()).counts).toEqual({ ...none, unchanged: 48 });
    expect(await this.server.record.pagesWritten("objects", mark)).toBe(0);
  }
}

const test = base.extend<{ restorable: Restorable }>({
  restorable: [
    async ({ hedgerow, wiring }, use) => {
      const cluster = await TestCluster.start(wiring);
      await use(await Restorable.open(cluster, hedgerow.server, wiring));
      await cluster.stop();
    },
    { timeout: 240_000 },
  ],
});

test("a restored cluster removes nothing and proves nothing until an administrator confirms it", async ({
  restorable,
}) => {
  test.setTimeout(300_000);
  const { fabric, cluster } = restorable;
  await restorable.readOn();
  const api = await restorable.server.as("administrator");
  const before = await api.kinds(fabric.id);
  await restorable.restore();

  const run = await restorable.pull();
  expectBroken(run, { code: "cluster_rewound", layer: 9, outcome: "failed" });
  expect(run.counts).toEqual(none);
  await restorable.expectKept();
  const proofs = (kinds: typeof before) => kinds.map((it) => [it.kind, it.as_of]);
  const after = await api.kinds(fabric.id);
  expect(proofs(after), "no proof is renewed").toEqual(proofs(before));
  for (const kind of after.filter((it) => it.coverage !== "out_of_scope"))
    expect(kind).toMatchObject({ coverage: "not_readable", code: "cluster_rewound" });
  const seen = await api.fabric(fabric.id);
  expect(seen.headline).toMatchObject({ state: "failing" });
  expect(seen.facts.reach.state).toBe("reachable");
  expect(seen.cluster?.rewound).not.toBeNull();

  // Versions that grow beyond the old ones again prove no more than before.
  await cluster.age((await restorable.newestProof()) - (await cluster.version()) + 50);
  const again = await restorable.pull();
  expectBroken(again, { code: "cluster_rewound", layer: 9, outcome: "failed" });
  expect(again.counts).toEqual(none);
  await restorable.expectKept();

  const path = `/api/fabrics/${fabric.id}/`;
  const { headers } = await api.ask("GET", path);
  const wish = {
    headers: { "If-Match": headers.get("ETag") ?? "" },
    body: { accept_rewind: true },
  };
  const operator = await restorable.server.as("operator");
  await operator.refused({ status: 403, code: "forbidden", layer: 6 }, "PATCH", path, wish);
  expect((await restorable.confirm()).cluster?.rewound).toBeNull();
  const [audited] = await restorable.server.record.rows(
    "SELECT action, actor_name, subject FROM audit ORDER BY id DESC LIMIT 1",
  );
  expect(audited).toEqual({
    action: "fabric.accept_rewind",
    actor_name: "administrator",
    subject: fabric.id,
  });
  await expect(restorable.confirm(), "there is nothing to confirm any more").rejects.toThrow();
  await restorable.expectCounted();
});

test("objects that are older freeze their kind although the list is newer, and no other kind removes", async ({
  restorable,
}) => {
  test.setTimeout(300_000);
  const { fabric, cluster } = restorable;
  await restorable.readOn();
  const proven = await restorable.newestProof();
  await restorable.restore();
  await cluster.age(proven - (await cluster.version()) + 50);

  const run = await restorable.pull();
  expectBroken(run, { code: "cluster_rewound", layer: 9, outcome: "partly" });
  const frozen = run.kinds.filter((it) => it.code === "cluster_rewound").map((it) => it.kind);
  expect(frozen).toEqual(["Server", "SwitchGroup"]);
  expect(run.counts).toEqual({ ...none, unchanged: 35 });
  await restorable.expectKept();
  const seen = await (await restorable.server.as("viewer")).fabric(fabric.id);
  expect(seen.headline.state).toBe("cannot_tell");
  expect(seen.cluster?.rewound).not.toBeNull();
  await restorable.confirm();
  await restorable.expectCounted();
});

test.describe("written two by two", () => {
  // A kind with many objects is written before its list has ended; two are many here.
  test.use({ settings: { "runs.chunk_rows": "2" } });

  for (const newer of [false, true])
    test(`objects that were removed and are there again under their uids show it, their list being ${newer ? "newer" : "older"}`, async ({
      restorable,
    }) => {
      test.setTimeout(300_000);
      const { fabric, cluster } = restorable;
      const api = await restorable.server.as("viewer");
      const connections = async () =>
        (await api.objects(fabric.id, "&kind=Connection")).results.map((it) => it.name);
      const [first, ...others] = await connections();
      const gone = others.slice(0, 4);
      expect(gone).toHaveLength(4);
      for (const name of gone) await cluster.remove("Connection", namespace, name);
      await cluster.age(300);
      const removed = await restorable.pull();
      expect(removed.counts).toEqual({
        ...none,
        created: 2,
        changed: 1,
        removed: 4,
        unchanged: 43,
      });
      const left = await connections();
      const proven = await restorable.newestProof();
      await restorable.restore();
      if (newer) await cluster.age(proven - (await cluster.version()) + 50);

      const run = await restorable.pull();
      expectBroken(run, {
        code: "cluster_rewound",
        layer: 9,
        outcome: newer ? "partly" : "failed",
      });
      expect(run.counts, "nothing is written back").toMatchObject({ created: 0, changed: 0 });
      const connection = run.kinds.find((it) => it.kind === "Connection");
      expect(connection).toMatchObject({ code: "cluster_rewound" });
      expect(connection?.detail).toMatch(/was removed, and is there again under the same uid/);
      expect(await connections()).toEqual(left);
      expect(left).toContain(first);

      await restorable.confirm();
      const after = await restorable.pull();
      expect(after.outcome, traceOf(after)).toBe("succeeded");
      expect(after.counts).toMatchObject({ created: 4, removed: 2 });
      expect(await connections()).toEqual([first, ...others]);
    });
});
