// What the record keeps of odd clusters, and that absence needs proof.
import { expect, test, fieldsOf } from "../support/fixtures";
import { freshKey } from "../support/api";
import { heldRun, slowServers } from "../support/gate";
import { expectRead, readFabric } from "../support/read";
import { patient } from "../support/server";
import { traceOf } from "../support/person";
import { clusterWithNamesakes, clusterWithTwin, namesakes, type Namesake } from "../support/twin";
import type { ObservedObject, Run, StartedRun } from "../support/types";

test("48 objects are read, then nothing is written when nothing has changed @kinds", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  const { record } = hedgerow.server;
  const first = await operator.pull(fabric.id);
  expect(first.counts, traceOf(first)).toEqual({
    created: 48,
    changed: 0,
    unchanged: 0,
    removed: 0,
    skipped: 0,
    failed: 0,
  });
  const numbers = Object.fromEntries(
    (await operator.fabric(fabric.id)).counts.by_kind.map((it) => [it.kind, it.objects]),
  );
  expect(numbers).toMatchObject({
    Connection: 26,
    Server: 10,
    Switch: 7,
    SwitchGroup: 3,
    IPv4Namespace: 1,
    VLANNamespace: 1,
  });
  expect((await operator.kinds(fabric.id)).length).toBe(22);
  expect(cluster.lists("agents"), "a kind that is never mirrored").toBe(0);
  const rows = await record.objects();
  const mark = record.mark();
  const second = await operator.pull(fabric.id);
  expect(second.counts).toMatchObject({ created: 0, changed: 0, unchanged: 48, removed: 0 });
  expect(await record.objects()).toBe(rows);
  expect(await record.pagesWritten("objects", mark)).toBe(0);
});

test("one change and one removal are counted as such, with their history @kinds", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  await operator.pull(fabric.id);
  const { whole, namespace } = cluster;
  await whole.patch("Server", namespace, "server-03", { spec: { description: "moved" } });
  await whole.remove("Server", namespace, "server-04");
  const run = await operator.pull(fabric.id);
  expect(run.counts).toMatchObject({ created: 0, changed: 1, unchanged: 46, removed: 1 });
  const changes = await operator.changes(run.id);
  expect(changes.map((it) => `${it.change} ${it.name}`).sort()).toEqual([
    "changed server-03",
    "removed server-04",
  ]);
  expect((await operator.objects(fabric.id)).count).toBe(47);
  const removed = await operator.objects(fabric.id, "&presence=removed");
  expect(removed.results.map((it) => it.name)).toEqual(["server-04"]);
  expect(removed.results[0]?.removed).not.toBeNull();
});

test("all 48 gone at once are 48 removed, and their return is seen @kinds", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  await operator.pull(fabric.id);
  await cluster.whole.removeAll(cluster.namespace);
  const gone = await operator.pull(fabric.id);
  expect(gone, traceOf(gone)).toMatchObject({ outcome: "succeeded", counts: { removed: 48 } });
  expect((await operator.fabric(fabric.id)).counts.objects).toBe(0);
  await cluster.whole.apply({
    object: {
      apiVersion: "wiring.githedgehog.com/v1beta1",
      kind: "Server",
      metadata: { name: "server-01" },
      spec: { description: "back" },
    },
    namespace: cluster.namespace,
  });
  expect((await operator.pull(fabric.id)).counts).toMatchObject({ created: 1, removed: 0 });
});

test("a namespace that does not exist proves nothing @kinds", async ({ hedgerow, cluster }) => {
  const fabric = await hedgerow.fabric({ cluster });
  const administrator = await hedgerow.server.as("administrator");
  await administrator.pull(fabric.id);
  const namespaces = [cluster.namespace, "was-never-there"];
  await administrator.editFabric(fabric.id, { cluster: { namespaces } });
  const run = await administrator.pull(fabric.id);
  expect(run, traceOf(run)).toMatchObject({
    outcome: "partly",
    code: "namespace_missing",
    layer: 9,
  });
  expect(run.summary).toContain("was-never-there");
  expect(run.counts.removed).toBe(0);
  await administrator.editFabric(fabric.id, { cluster: { namespaces: ["was-never-there"] } });
  const lost = await administrator.pull(fabric.id);
  expect(lost.code, traceOf(lost)).toBe("namespace_missing");
  expect(lost.outcome).not.toBe("succeeded");
  expect(lost.counts.removed).toBe(0);
  await administrator.editFabric(fabric.id, { cluster: { namespaces: [cluster.namespace] } });
  const good = await administrator.pull(fabric.id);
  expect(good, traceOf(good)).toMatchObject({
    outcome: "succeeded",
    counts: { unchanged: 48, removed: 0 },
  });
});

test("L31: an object with a deletionTimestamp is still there and says so @kinds", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  const { whole, namespace } = cluster;
  await whole.patch("Server", namespace, "server-05", {
    metadata: { finalizers: ["tests.example/hold"] },
  });
  await whole.remove("Server", namespace, "server-05");
  expect((await operator.pull(fabric.id)).counts.created).toBe(48);
  const { results } = await operator.objects(fabric.id, "&q=server-05&kind=Server");
  expect(results[0]).toMatchObject({ name: "server-05", deleting: true, removed: null });
  await whole.patch("Server", namespace, "server-05", { metadata: { finalizers: null } });
  expect((await operator.pull(fabric.id)).counts).toMatchObject({ removed: 1, unchanged: 47 });
});

test("L33: the same kind name in two groups is two kinds @kinds", async ({ hedgerow, wiring }) => {
  const cluster = await clusterWithTwin(wiring);
  const api = await hedgerow.server.as("administrator");
  const fabric = await api.addFabric("lab", fieldsOf(await cluster.reader()));
  const run = await api.pull(fabric.id);
  expect(run.counts.created, traceOf(run)).toBe(1);
  const kinds = (await api.kinds(fabric.id)).filter((it) => it.kind === "Server");
  expect(kinds.map((it) => [it.group, it.objects]).sort()).toEqual([
    ["dhcp.githedgehog.com", 1],
    ["wiring.githedgehog.com", 0],
  ]);
  const again = await api.pull(fabric.id);
  expect(again, traceOf(again)).toMatchObject({
    outcome: "succeeded",
    counts: { created: 0, unchanged: 1, removed: 0 },
  });
  await cluster.stop();
});

test("L33: objects of one name are kept apart, whether their group, their kind or their namespace is another @kinds", async ({
  hedgerow,
  wiring,
}) => {
  const cluster = await clusterWithNamesakes(wiring);
  const administrator = await hedgerow.server.as("administrator");
  const fabric = await administrator.addFabric("lab", fieldsOf(await cluster.reader()));
  const api = await hedgerow.server.as("operator");
  expectRead(await api.pull(fabric.id), { created: namesakes.length });
  const kept = async (): Promise<Namesake[]> => {
    const { results } = await api.objects(fabric.id, "&presence=present");
    const read = results.map(async ({ id, group, kind, namespace, name }) => {
      expect(name).toBe("twin");
      const { observed } = await api.must<ObservedObject>("GET", `/api/objects/${id}/`);
      const { description } = (observed as { spec: { description: string } }).spec;
      return { group, kind, namespace, description };
    });
    return await Promise.all(read);
  };
  const same = async (wanted: readonly Namesake[]) =>
    expect((await kept()).map((it) => Object.values(it).join()).sort()).toEqual(
      wanted.map((it) => Object.values(it).join()).sort(),
    );
  await same(namesakes);

  // Of each other, only that one changes that changed, and only that one goes that went.
  const [ofOther, first, second, other] = namesakes as [Namesake, Namesake, Namesake, Namesake];
  const description = "moved to another rack";
  await cluster.patch(second.kind, second.namespace, "twin", { spec: { description } });
  expectRead(await api.pull(fabric.id), { unchanged: 3, changed: 1 });
  await same([ofOther, first, { ...second, description }, other]);
  await cluster.remove(first.kind, first.namespace, "twin");
  expectRead(await api.pull(fabric.id), { unchanged: 3, removed: 1 });
  await same([ofOther, { ...second, description }, other]);
  await cluster.stop();
});

test("L29: integers beyond 2^53 stay exact, in what is kept and in what is given @kinds", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  const operator = await hedgerow.server.as("operator");
  const exact = "9007199254740993";
  const rewrite = (number: string) => ({
    name: "big",
    match: { method: "GET", path: "/servers$" },
    action: { rewrite: [{ regex: '"spec":\\{', with: `"spec":{"serial":${number},` }] },
  });
  await gate.rule(rewrite(exact));
  expect((await operator.pull(fabric.id)).counts.created).toBe(48);
  const { results } = await operator.objects(fabric.id, "&kind=Server");
  const { text } = await operator.ask<ObservedObject>("GET", `/api/objects/${results[0]?.id}/`);
  expect(text).toContain(exact);
  const yaml = await operator.ask("GET", `/api/objects/${results[0]?.id}/?format=yaml`);
  expect(yaml.text).toContain(exact);
  // The next number is another one, although a double could not tell.
  await gate.dropAll();
  await gate.rule(rewrite("9007199254740992"));
  expect((await operator.pull(fabric.id)).counts).toMatchObject({ changed: 10, unchanged: 38 });
  await gate.dropAll();
  expect((await operator.pull(fabric.id)).counts).toMatchObject({ changed: 10, unchanged: 38 });
  expectRead(await operator.pull(fabric.id), { unchanged: 48 });
});

test("L29: unknown fields and null are kept as they came; keys that stand twice are malformed, of their kind alone @kinds", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const { api, fabric } = await readFabric(hedgerow, { cluster, through: gate });
  const withSpec = (text: string) => ({
    name: "odd",
    match: { method: "GET", path: "/servers$" },
    action: { rewrite: [{ regex: '"spec":\\{', with: `"spec":{${text},` }] },
  });
  await gate.rule(withSpec('"neverHeardOf":{"deep":[1,{"x":null}]},"nothing":null'));
  expectRead(await api.pull(fabric.id), { changed: 10, unchanged: 38 });
  const { results } = await api.objects(fabric.id, "&kind=Server");
  const path = `/api/objects/${results[0]?.id}/`;
  const { observed } = await api.must<{ observed: { spec: object } }>("GET", path);
  const odd = { neverHeardOf: { deep: [1, { x: null }] }, nothing: null };
  expect(observed.spec).toMatchObject(odd);
  await gate.dropAll();
  await gate.rule(withSpec('"twice":1,"twice":2'));
  const run = await api.pull(fabric.id);
  expect(run, traceOf(run)).toMatchObject({ outcome: "partly", code: "malformed" });
  expect(run.counts, "the other kinds").toMatchObject({ unchanged: 38, changed: 0, removed: 0 });
  expect(await api.must("GET", path), "as it was known").toMatchObject({ observed: { spec: odd } });
  await gate.dropAll();
  expectRead(await api.pull(fabric.id), { changed: 10, unchanged: 38 });
});

test("an object of 1.5 MiB is read, kept and given back whole @kinds", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  const description = "d".repeat(1_500_000);
  await cluster.whole.patch("Server", cluster.namespace, "server-06", { spec: { description } });
  const run = await operator.pull(fabric.id);
  expect(run, traceOf(run)).toMatchObject({ outcome: "succeeded", counts: { created: 48 } });
  const { results } = await operator.objects(fabric.id, "&q=server-06&kind=Server");
  const object = await operator.must<ObservedObject>("GET", `/api/objects/${results[0]?.id}/`);
  expect((object.observed as { spec: { description: string } }).spec.description).toBe(description);
  const again = await operator.pull(fabric.id);
  expect(again, traceOf(again)).toMatchObject({
    outcome: "succeeded",
    counts: { changed: 0, unchanged: 48, removed: 0 },
  });
});

test.describe("with pages", () => {
  test.use({ settings: { ...patient, "cluster.page_size": 5 } });

  test("L17: an object that changes between two pages is read as of one moment @kinds", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const operator = await hedgerow.server.as("operator");
    const second = { method: "GET", path: "/servers$", query: "continue=" };
    await gate.rule({ name: "between", match: second, times: 1, action: { hold: true } });
    const { run } = await operator.start(fabric.id);
    await gate.holds("between");
    const { whole, namespace } = cluster;
    await whole.patch("Server", namespace, "server-10", {
      spec: { description: "changed meanwhile" },
    });
    await gate.release("between");
    const ended = await operator.ended(run.id);
    expect(ended, traceOf(ended)).toMatchObject({ outcome: "succeeded", counts: { created: 48 } });
    expect(ended.kinds.find((it) => it.kind === "Server")?.pages).toBe(2);
    await gate.dropAll();
    expect((await operator.pull(fabric.id)).counts).toMatchObject({ changed: 1, unchanged: 47 });
  });

  // The API server itself never does so; a proxy before several of them may.
  test("pages that are not of one moment freeze their kind, and a list begun anew heals it @kinds", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const operator = await hedgerow.server.as("operator");
    expect((await operator.pull(fabric.id)).counts.created).toBe(48);
    const { whole, namespace } = cluster;
    await whole.remove("Server", namespace, "server-10");
    const rule = {
      name: "mixed",
      match: { method: "GET", path: "/servers$", query: "continue=" },
      action: { rewrite: [{ path: "$.metadata.resourceVersion", set: "7" }] },
    };
    await gate.rule(rule);
    const run = await operator.pull(fabric.id);
    expect(run, traceOf(run)).toMatchObject({
      ...{ outcome: "partly", code: "cluster_error", layer: 9 },
      counts: { unchanged: 38, changed: 0, removed: 0 },
    });
    const kind = run.kinds.find((it) => it.kind === "Server");
    expect(kind?.detail).toMatch(/pages .* are not of one moment/);
    expect((await operator.objects(fabric.id)).count, "absence is not proven").toBe(48);

    await gate.dropAll();
    await gate.rule({ ...rule, times: 1 });
    const healed = await operator.pull(fabric.id);
    expect(healed, traceOf(healed)).toMatchObject({
      outcome: "succeeded",
      counts: { unchanged: 47, removed: 1 },
    });
    expect((await gate.requests("GET", "/servers$")).length).toBeGreaterThan(4);
  });
});

test("one key is one run, however often it is sent, and another body is refused", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  const path = `/api/fabrics/${fabric.id}/runs/`;
  const headers = { "Idempotency-Key": freshKey() };
  const send = (tries: number) =>
    operator.ask<{ run: { id: number } }>("POST", path, {
      headers,
      body: { operation: "pull", client: { tries } },
    });
  const first = await send(1);
  await operator.ended(first.body.run.id);
  const second = await send(2);
  expect(second.body.run.id).toBe(first.body.run.id);
  expect(second.headers.get("Idempotency-Replayed")).toBe("true");
  await operator.refused({ status: 422, code: "key_reused", layer: 2 }, "POST", path, {
    headers,
    body: { operation: "test" },
  });
  const mine = await operator.must<{ results: { id: number }[] }>(
    "GET",
    `${path}?key=${headers["Idempotency-Key"]}`,
  );
  expect(mine.results.map((it) => it.id)).toEqual([first.body.run.id]);
  expect(cluster.lists("connections")).toBe(1);
});

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  test("H04: an edit of the connection ends a running sync as config_changed, and one with the new settings follows", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const administrator = await hedgerow.server.as("administrator");
    const run = await heldRun(gate, administrator, fabric.id);
    const { server, token } = cluster.connection;
    await administrator.editFabric(fabric.id, { cluster: { server, token } });
    const ended = await administrator.ended(run.id);
    expect(ended, traceOf(ended)).toMatchObject({
      outcome: "cancelled",
      code: "config_changed",
      layer: 8,
    });
    const path = `/api/fabrics/${fabric.id}/runs/?limit=1`;
    const [next] = (await administrator.must<{ results: Run[] }>("GET", path)).results;
    expect(next?.retry_of).toBe(run.id);
    await gate.dropAll();
    expectRead(await administrator.ended(next?.id ?? 0), { created: 48 });
  });

  test("H05: a fabric deleted during a sync leaves its runs as fabric_deleted and nothing else, and others go on", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const administrator = await hedgerow.server.as("administrator");
    const run = await heldRun(gate, administrator, fabric.id);
    const path = `/api/fabrics/${fabric.id}/runs/`;
    const click = {
      headers: { "Idempotency-Key": freshKey() },
      body: { operation: "pull", follow_up: true },
    };
    const { run: waiting } = await administrator.must<StartedRun>("POST", path, click);
    const name = encodeURIComponent(fabric.name);
    await administrator.refused(
      { status: 400, code: "invalid", layer: 2 },
      "DELETE",
      `/api/fabrics/${fabric.id}/?name=another`,
    );
    await administrator.must("DELETE", `/api/fabrics/${fabric.id}/?name=${name}`);
    const missing = { status: 404, code: "not_found", layer: 2 };
    await administrator.refused(missing, "GET", `/api/fabrics/${fabric.id}/`);
    const viewer = await hedgerow.server.as("viewer");
    for (const { id } of [run, waiting]) {
      const ended = await viewer.run(id);
      expect(ended).toMatchObject({
        outcome: "cancelled",
        code: "fabric_deleted",
        layer: 8,
        fabric: null,
        fabric_name: fabric.name,
      });
      expect(ended.trace[7]?.state).toBe("failed");
      expect(ended.summary).toContain("administrator deleted");
    }
    const again = await administrator.ask<StartedRun>("POST", path, click);
    expect(again.status, "the click is answered by what became of it").toBe(202);
    expect(again.body.run).toMatchObject({ id: waiting.id, code: "fabric_deleted" });
    await administrator.refused(missing, "POST", path, {
      ...click,
      headers: { "Idempotency-Key": freshKey() },
    });
    await expect.poll(() => gate.openRequests(), { timeout: 5_000 }).toBe(0);
    await gate.dropAll();
    const { record } = hedgerow.server;
    for (const table of ["objects", "kinds", "credentials", "ownership"])
      expect(await record.rows(`SELECT * FROM ${table}`), table).toEqual([]);
    const next = await hedgerow.fabric({ cluster });
    expect((await administrator.pull(next.id)).outcome).toBe("succeeded");
  });

  test("two clicks at once are one run, and a follow-up is one more", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const operator = await hedgerow.server.as("operator");
    const administrator = await hedgerow.server.as("administrator");
    await gate.rule(slowServers);
    const first = await operator.start(fabric.id);
    await gate.holds("slow");
    const joined = await administrator.start(fabric.id);
    expect(joined).toMatchObject({ joined: true, run: { id: first.run.id, actor: "operator" } });
    const follow = await administrator.start(fabric.id, "pull", { follow_up: true });
    const again = await operator.start(fabric.id, "pull", { follow_up: true });
    expect(again.run.id).toBe(follow.run.id);
    expect(follow.run).toMatchObject({ state: "queued", waits_for: first.run.id });
    await gate.dropAll();
    await operator.ended(first.run.id);
    expect((await operator.ended(follow.run.id)).counts.unchanged).toBe(48);
    expect(cluster.lists("connections")).toBe(2);
  });
});
