// Faults of a cluster and of what it says (rows H, K and L) that are no answers by name: sizes, versions, clocks, and
// a cluster that goes away between two calls. Those that are stand in tests/api.
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { freshKey } from "../support/api";
import { expect, test, fieldsOf, type Hedgerow, type OwnNamespace } from "../support/fixtures";
import { asPeopleHaveThem } from "../support/defaults";
import { fakeServer, listOf } from "../support/fake_list";
import { Gate } from "../support/gate";
import { NameServer } from "../support/name_server";
import { traceOf } from "../support/person";
import { memoryKiB } from "../support/process";
import { TestCluster } from "../support/cluster";
import { expectRead } from "../support/read";
import type { ConnectionTest, Fabric, Run } from "../support/types";

const lists = "/(connections|servers|switches)$";

test("H02: a test and a sync at once both end, each with its own, and the fabric says one thing", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  const api = await hedgerow.server.as("operator");
  const both = await Promise.all([api.start(fabric.id, "test"), api.start(fabric.id)]);
  const [tested, read] = await Promise.all(both.map(({ run }) => api.ended(run.id)));
  expect(tested).toMatchObject({ operation: "test", outcome: "succeeded" });
  expectRead(read as Run, { created: 48 });
  const { facts, headline } = await api.fabric(fabric.id);
  expect(facts.reach.state).toBe("reachable");
  expect(headline.state).toBe("read");
  expectRead(await api.pull(fabric.id), { unchanged: 48 });
});

test("H03: a cluster that dies between a test and a sync changes reach and run in one commit", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  const api = await hedgerow.server.as("operator");
  const { run: tested } = await api.start(fabric.id, "test");
  expect((await api.ended(tested.id)).outcome).toBe("succeeded");
  expect((await api.fabric(fabric.id)).facts.reach.state).toBe("reachable");
  const seen: Fabric[] = [];
  await gate.stop();
  const { run } = await api.start(fabric.id);
  const over = async () => {
    seen.push(await api.fabric(fabric.id));
    return (await api.run(run.id)).state;
  };
  await expect.poll(over, { intervals: [5] }).toBe("ended");
  const ended = await api.run(run.id);
  expect(ended).toMatchObject({ outcome: "failed", code: "tcp_refused", layer: 7 });
  seen.push(await api.fabric(fabric.id));
  for (const { facts } of seen)
    expect(facts.last_run.state === "failed", JSON.stringify(facts)).toBe(
      facts.reach.state === "unreachable",
    );
  const administrator = await hedgerow.server.as("administrator");
  const { server, token } = cluster.connection;
  await administrator.editFabric(fabric.id, { cluster: { server, token } });
  expectRead(await api.pull(fabric.id), { created: 48 });
});

test("K18: an answer that is packed although nobody asked for it is not unpacked, and freezes its kind", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  const api = await hedgerow.server.as("operator");
  expectRead(await api.pull(fabric.id), { created: 48 });
  // Half a GiB of nothing in half a MiB.
  const bomb = gzipSync(Buffer.alloc(512 * 1024 * 1024, " "));
  await gate.rule({
    name: "bomb",
    match: { path: "/servers$" },
    action: {
      answer: {
        status: 200,
        headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" },
        bytes: bomb.toString("base64"),
      },
    },
  });
  const run = await api.pull(fabric.id);
  expect(run, traceOf(run)).toMatchObject({ outcome: "partly", code: "malformed", layer: 9 });
  expect(run.counts).toMatchObject({ removed: 0, unchanged: 38 });
  expect(memoryKiB(hedgerow.server.pid, "VmHWM"), "nothing of it was unpacked").toBeLessThan(
    256 * 1024,
  );
  await gate.dropAll();
  expectRead(await api.pull(fabric.id), { unchanged: 48 });
});

test.describe("with a limit to what one list may hold", () => {
  test.use({ settings: { "cluster.list_bytes_max": 200_000 } });

  test("K18: a list without an end is reply_too_large, cut there, and freezes its kind", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const api = await hedgerow.server.as("operator");
    expectRead(await api.pull(fabric.id), { created: 48 });
    const spec = { filler: "x".repeat(1_000) };
    const items = Array.from({ length: 2_000 }, (_, number) =>
      fakeServer(`s${number}`, cluster.namespace, spec),
    );
    await gate.rule({
      name: "endless",
      match: { path: "/servers$" },
      action: { answer: listOf(items, "99999999") },
    });
    const run = await api.pull(fabric.id);
    expect(run, traceOf(run)).toMatchObject({
      outcome: "partly",
      code: "reply_too_large",
      layer: 9,
    });
    expect(run.counts.removed).toBe(0);
    const servers = (await api.kinds(fabric.id)).find(({ kind }) => kind === "Server");
    expect(servers).toMatchObject({ coverage: "not_readable", code: "reply_too_large" });
    await gate.dropAll();
    // What stood before the cut may have been read; nothing is missing, and the truth comes back.
    const again = await api.pull(fabric.id);
    expect(again.outcome, traceOf(again)).toBe("succeeded");
    expect((await api.objects(fabric.id, "&kind=Server&presence=present")).count).toBe(10);
  });
});

const listVersion = "$.metadata.resourceVersion";
const objectVersion = "$.items[*].metadata.resourceVersion";

for (const [what, text] of Object.entries({
  "is no number": "k8s-ae5f",
  "is longer than any number here": "9".repeat(40),
  "is 0": "0",
}))
  test(
    `L23: a resourceVersion that ${what} is compared by content, and by equality alone`,
    { tag: "@kinds" },
    async ({ hedgerow, cluster, gate }) => {
      const fabric = await hedgerow.fabric({ cluster, through: gate });
      const api = await hedgerow.server.as("operator");
      await gate.rule({
        name: "odd",
        match: { method: "GET", path: lists },
        action: { rewrite: [listVersion, objectVersion].map((path) => ({ path, set: text })) },
      });
      expectRead(await api.pull(fabric.id), { created: 48 });
      expectRead(await api.pull(fabric.id), { unchanged: 48 });
      await cluster.whole.patch("Server", cluster.namespace, "server-01", {
        spec: { description: "seen anyway" },
      });
      expectRead(await api.pull(fabric.id), { unchanged: 47, changed: 1 });
      await cluster.whole.remove("Server", cluster.namespace, "server-01");
      expectRead(await api.pull(fabric.id), { unchanged: 47, removed: 1 });
      await gate.dropAll();
      const run = await api.pull(fabric.id);
      if (text.startsWith("9")) {
        // Versions that grow smaller are what a restored cluster shows: then an administrator has the word.
        expect(run).toMatchObject({ outcome: "partly", code: "cluster_rewound" });
        const administrator = await hedgerow.server.as("administrator");
        await administrator.editFabric(fabric.id, { accept_rewind: true });
      }
      expectRead(await api.pull(fabric.id), { unchanged: 47 });
    },
  );

for (const [of, path] of Object.entries({ list: listVersion, object: objectVersion }))
  test(
    `L23: a resourceVersion that is absent from its ${of} is malformed and proves nothing`,
    { tag: "@kinds" },
    async ({ hedgerow, cluster, gate }) => {
      const fabric = await hedgerow.fabric({ cluster, through: gate });
      const api = await hedgerow.server.as("operator");
      expectRead(await api.pull(fabric.id), { created: 48 });
      await gate.rule({
        name: "odd",
        match: { method: "GET", path: lists },
        action: { rewrite: [{ path, delete: true }] },
      });
      const run = await api.pull(fabric.id);
      expect(run, traceOf(run)).toMatchObject({ outcome: "partly", code: "malformed", layer: 9 });
      expect(run.counts.removed).toBe(0);
      await gate.dropAll();
      expectRead(await api.pull(fabric.id), { unchanged: 48 });
    },
  );

for (const days of [-1, 1])
  test(`L25: a cluster whose clock is ${days < 0 ? "behind" : "ahead"} by a day dates nothing of ours`, async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const api = await hedgerow.server.as("operator");
    const there = new Date(Date.now() + days * 86_400_000);
    const stamp = `${there.toISOString().slice(0, 19)}Z`;
    await gate.rule({
      name: "clock",
      match: { method: "GET", path: lists },
      action: {
        headers: { Date: there.toUTCString() },
        rewrite: [{ path: "$.items[*].metadata.creationTimestamp", set: stamp }],
      },
    });
    const before = Date.now();
    expectRead(await api.pull(fabric.id), { created: 48 });
    const now = await api.fabric(fabric.id);
    for (const at of [now.facts.reach.as_of, now.facts.match.as_of, now.recent_runs[0]?.ended]) {
      expect(Date.parse(at ?? "")).toBeGreaterThanOrEqual(before - 1_000);
      expect(Date.parse(at ?? "")).toBeLessThanOrEqual(Date.now() + 1_000);
    }
    expect(now.headline.state).toBe("read");
    await gate.dropAll();
    const run = await api.pull(fabric.id);
    expect(run, traceOf(run)).toMatchObject({
      outcome: "succeeded",
      counts: { removed: 0, created: 0 },
    });
  });

interface Definition {
  metadata: { name: string; resourceVersion: string };
  spec: { versions: { name: string; served: boolean; storage: boolean }[] };
}

test(
  "L27: a kind that is served at another version is the same kind with the same objects",
  { tag: "@kinds" },
  async ({ hedgerow, wiring }) => {
    const whole = await TestCluster.start(wiring);
    await whole.load(wiring, "lab");
    const administrator = await hedgerow.server.as("administrator");
    const fabric = await administrator.addFabric("lab", fieldsOf(await whole.reader(), "lab"));
    const api = await hedgerow.server.as("operator");
    expectRead(await api.pull(fabric.id), { created: 48 });
    const idsOf = async () =>
      (await api.objects(fabric.id)).results.map(({ id, kind, name }) => `${id} ${kind} ${name}`);
    const before = await idsOf();

    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/";
    const crd = `${path}switchgroups.wiring.githedgehog.com`;
    const serve = async (name: string) => {
      const definition = (await whole.must("GET", crd)) as Definition;
      const [first] = definition.spec.versions;
      const one = (version: string) => ({
        ...first,
        name: version,
        served: version === name,
        storage: version === "v1beta1",
      });
      definition.spec.versions = ["v1beta1", "v1"].map(one);
      await whole.must("PUT", crd, definition);
      const announced = () =>
        whole.must("GET", `/apis/wiring.githedgehog.com/${name}`).then(JSON.stringify, String);
      await expect.poll(announced).toContain('"switchgroups"');
      const asked = () =>
        whole
          .must("GET", `/apis/wiring.githedgehog.com/${name}/namespaces/lab/switchgroups`)
          .then(JSON.stringify, String);
      await expect.poll(asked).toContain("SwitchGroupList");
    };
    for (const name of ["v1", "v1beta1"]) {
      await serve(name);
      const groups = async () => {
        const run = await api.pull(fabric.id);
        expect(run.counts, traceOf(run)).toMatchObject({ created: 0, removed: 0 });
        return (await api.kinds(fabric.id)).find(({ kind }) => kind === "SwitchGroup")?.version;
      };
      // Its announcement reaches all of the API server's doors a little later.
      await expect.poll(groups, { timeout: 20_000 }).toBe(name);
      expect(await idsOf()).toEqual(before);
    }
    expectRead(await api.pull(fabric.id), { unchanged: 48 });
    await whole.stop();
  },
);

test.describe("where this machine is out of reach", () => {
  test.use({ settings: { "outbound.allow": [] } });

  test("K04: a cluster whose name is this machine's is address_blocked, tested or read, and gets no byte", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { server } = hedgerow;
    const name = gate.url.replace("127.0.0.1", "localhost");
    const connection = { ...fieldsOf(cluster.connection, cluster.namespace), server: name };
    const administrator = await server.as("administrator");
    const climbed = await administrator.climb(connection);
    expect(climbed.outcome).toBe("failed");
    const failed = climbed.rungs.find(({ state }) => state === "failed");
    expect(failed, JSON.stringify(climbed.rungs)).toMatchObject({
      rung: "address",
      code: "address_blocked",
    });
    const fabric = await administrator.addFabric("by name", connection);
    const operator = await server.as("operator");
    const run = await operator.pull(fabric.id);
    expect(run, traceOf(run)).toMatchObject({
      outcome: "failed",
      code: "address_blocked",
      layer: 7,
    });
    expect(run.summary).toContain("localhost");
    const { facts, headline } = await operator.fabric(fabric.id);
    expect(facts.reach).toMatchObject({ state: "unreachable", code: "address_blocked" });
    expect(headline.state).toBe("cannot_tell");
    const wish = {
      headers: { "Idempotency-Key": freshKey() },
      body: { name: "x", cluster: connection },
    };
    const forbidden = { status: 403, code: "forbidden", layer: 6 };
    await operator.refused(forbidden, "POST", "/api/fabrics/", wish);
    expect(await gate.connections(), "nobody came").toBe(0);

    await server.restart(() => {
      const folder = join(dirname(server.settings), "conf.d");
      mkdirSync(folder);
      writeFileSync(join(folder, "lab.toml"), 'outbound.allow = ["127.0.0.1", "::1"]\n');
      return Promise.resolve();
    });
    expectRead(await (await server.fresh("operator")).pull(fabric.id), { created: 48 });
    expect(await gate.connections()).toBeGreaterThan(0);
  });
});

// By a name that a name server of the test's own has; the Gate's certificate is good for it.
async function byName(hedgerow: Hedgerow, cluster: OwnNamespace) {
  const names = await NameServer.start();
  hedgerow.server.through = names.through;
  await hedgerow.server.restart();
  const name = "api.lab.example";
  const gate = await Gate.beforeCluster(cluster.whole, "--names", name);
  const { port } = new URL(gate.url);
  const own = fieldsOf(cluster.connection, cluster.namespace);
  const close = async () => {
    names.close();
    await gate.stop();
  };
  return {
    names,
    name,
    gate,
    port,
    connection: { ...own, server: `https://${name}:${port}` },
    close,
  };
}

const failedRung = ({ rungs }: ConnectionTest) => rungs.find(({ state }) => state === "failed");

test.describe("with other deadlines as people have them", () => {
  const others = /^(outbound\.deadlines\.(connect|tls|total)|cluster\.ladder_total)$/;
  test.use({ settings: asPeopleHaveThem(others) });

  test("K02: a name server that says nothing is dns_failed within its deadline, tested or read, and the next click works once it speaks", async ({
    hedgerow,
    cluster,
  }) => {
    const { server } = hedgerow;
    const { names, name, gate, connection, close } = await byName(hedgerow, cluster);
    const words = `No name server answered for ${name} within 0.5 s.`;
    const administrator = await server.as("administrator");
    const climbed = await administrator.climb(connection);
    const rung = failedRung(climbed);
    expect(rung, JSON.stringify(climbed.rungs)).toMatchObject({
      rung: "address",
      code: "dns_failed",
      detail: words,
    });
    expect(rung?.next).toBeTruthy();
    expect(rung?.ms).toBeGreaterThan(400);
    expect(rung?.ms, "far from all other deadlines").toBeLessThan(2_500);

    const fabric = await administrator.addFabric("by name", connection);
    const other = await hedgerow.fabric({ cluster, name: "by address" });
    for (const { id } of [fabric, other])
      await administrator.editFabric(id, { shares_cluster: true });
    const api = await server.as("operator");
    const [run, meanwhile] = await Promise.all([api.pull(fabric.id), api.pull(other.id)]);
    expect(run, traceOf(run)).toMatchObject({ outcome: "failed", code: "dns_failed", layer: 7 });
    expect(run.summary).toContain(name);
    expect(run.ms).toBeLessThan(2_500);
    expectRead(meanwhile, { created: 48 });
    const { facts, headline } = await api.fabric(fabric.id);
    expect(facts.reach).toMatchObject({ state: "unreachable", code: "dns_failed" });
    expect(headline.state).toBe("cannot_tell");
    expect(names.asked, "it was asked").toBeGreaterThan(1);
    expect(await gate.connections(), "nobody came").toBe(0);

    names.says("127.0.0.1");
    expectRead(await api.pull(fabric.id), { created: 48 });
    expect((await administrator.climb(connection)).outcome).toBe("succeeded");
    expect((await api.fabric(fabric.id)).facts.reach.state).toBe("reachable");
    await close();
  });
});

for (const [what, denied] of [
  ["another address of this machine", "127.0.0.77"],
  ["what a cloud tells its machines", "169.254.169.254"],
] as const)
  test(`K04: a name that moves to ${what} after its test is address_blocked, and nothing is sent there`, async ({
    hedgerow,
    cluster,
  }) => {
    const { server } = hedgerow;
    const { names, gate, port, connection, close } = await byName(hedgerow, cluster);
    let sent = 0;
    const there = createServer((socket) => {
      sent += 1;
      socket.on("data", (bytes) => (sent += bytes.length)).on("error", () => undefined);
    });
    // The other is no address of this machine.
    const isHere = denied.startsWith("127.");
    if (isHere) await once(there.listen(Number(port), denied), "listening");
    const administrator = await server.as("administrator");
    const operator = await server.as("operator");
    const blocked = async (fabric: Fabric) => {
      const came = await gate.connections();
      const run = await operator.pull(fabric.id);
      expect(run, traceOf(run)).toMatchObject({
        outcome: "failed",
        code: "address_blocked",
        layer: 7,
      });
      expect(run.trace.find(({ layer }) => layer === 7)?.evidence).toContain(denied);
      expect(sent, "connections to there, and bytes").toBe(0);
      expect(await gate.connections(), "nobody came").toBe(came);
    };

    // Whoever looks up once to judge and once more to connect is at the wrong place here.
    names.says("127.0.0.1", denied);
    const climbed = await administrator.climb(connection);
    expect(climbed.outcome, JSON.stringify(climbed.rungs)).toBe("succeeded");
    const fabric = await administrator.addFabric("moving", connection);
    await blocked(fabric);
    expect(failedRung(await administrator.climb(connection))).toMatchObject({
      rung: "address",
      code: "address_blocked",
    });

    names.says("127.0.0.1", denied);
    expectRead(await operator.pull(fabric.id), { created: 48 });
    await gate.closeConnections();
    await blocked(fabric);
    expect((await operator.objects(fabric.id)).count).toBe(48);

    names.says("127.0.0.1");
    expectRead(await operator.pull(fabric.id), { unchanged: 48 });
    expect(sent).toBe(0);
    there.close();
    await close();
  });
