// An account that may list a kind only in some namespaces: it is read there, what was refused is named with the
// rule that is missing, and nothing is taken back of what was not read. Rights are those of a real API server.
import { expectBroken, type Lab } from "../support/lab";
import { freshKey, type Api } from "../support/api";
import type { NamespaceReader } from "../support/cluster";
import {
  expect,
  fieldsOf,
  ownNamespace,
  test as base,
  type OwnNamespace,
} from "../support/fixtures";
import { expectRead, none } from "../support/read";
import type { Fabric, Run } from "../support/types";

// Two namespaces of 48 objects, and an account that is let into both; the fabric is not read yet.
interface Two {
  lab: Lab;
  one: OwnNamespace;
  other: OwnNamespace;
  account: NamespaceReader;
  operator: Api;
  // The whole cluster, unless namespaces are named.
  fabric(namespaces?: readonly string[]): Promise<Fabric>;
}

const test = base.extend<{ two: Two }>({
  two: async ({ lab, wiring }, use) => {
    const { whole } = lab.cluster;
    const one = await ownNamespace(whole, wiring);
    const other = await ownNamespace(whole, wiring);
    const account = await whole.readerByNamespace();
    for (const { namespace } of [one, other]) await account.letIn(namespace);
    const operator = await lab.as("operator");
    await use({
      lab,
      one,
      other,
      account,
      operator,
      fabric: (namespaces) =>
        lab.more({
          ...fieldsOf(lab.gate.lead(account.connection)),
          ...(namespaces && { namespaces: [...namespaces] }),
        }),
    });
  },
});

// The cluster as it is for one who may see only these namespaces.
const only = (...namespaces: string[]) => ({
  name: "only",
  match: { method: "GET", path: "^/api/v1/namespaces$" },
  action: {
    answer: {
      status: 200,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        kind: "NamespaceList",
        apiVersion: "v1",
        metadata: { resourceVersion: "1" },
        items: namespaces.map((name) => ({ metadata: { name } })),
      }),
    },
  },
});

const serverOf = (run: Run) => run.kinds.find(({ kind }) => kind === "Server");

test("what may not be listed in the whole cluster is read in each of its namespaces", async ({
  two,
}) => {
  const { lab, one, other, account, operator } = two;
  const { whole } = lab.cluster;
  const here = new Set([one.namespace, other.namespace]);
  for (const name of await whole.namespaces()) if (!here.has(name)) await account.letIn(name);
  const fabric = await two.fabric();
  const viewer = await lab.as("viewer");
  whole.forgetRequests();
  const wish = { headers: { "Idempotency-Key": freshKey() }, body: { operation: "pull" } };
  const denied = { status: 403, code: "forbidden", layer: 6 };
  await viewer.refused(denied, "POST", `/api/fabrics/${fabric.id}/runs/`, wish);
  expect(whole.lists("servers"), "for a viewer nothing is asked").toBe(0);

  const run = await operator.pull(fabric.id);
  expectRead(run, { created: (await operator.objects(fabric.id)).count });
  const filter = `&namespace=${one.namespace}&namespace=${other.namespace}`;
  expect((await operator.objects(fabric.id, filter)).count).toBe(96);
  expect(one.lists("servers"), "once in each").toBe(1);
  expect(other.lists("servers")).toBe(1);
  for (const kind of await viewer.kinds(fabric.id)) {
    if (kind.coverage === "out_of_scope") continue;
    expect(kind, kind.kind).toMatchObject({ coverage: "readable" });
    expect(kind.as_of, kind.kind).not.toBeNull();
    expect(kind.detail, kind.kind).toMatch(/may not list it in the whole cluster.*default/);
  }
  expect((await viewer.fabric(fabric.id)).headline.state).toBe("read");

  // Each of these lists is complete, so what it lacks is gone.
  await whole.remove("Server", one.namespace, "server-04");
  const before = (await operator.objects(fabric.id)).count;
  expectRead(await operator.pull(fabric.id), { unchanged: before - 1, removed: 1 });
});

test("a namespace that refuses leaves the run partly with its rule; nothing of it is removed until the right is given", async ({
  two,
}) => {
  const { lab, one, other, account, operator } = two;
  const { whole } = lab.cluster;
  await lab.gate.rule(only(one.namespace, other.namespace));
  const fabric = await two.fabric();
  expectRead(await operator.pull(fabric.id), { created: 96 });

  await account.shutOut(other.namespace);
  for (const { namespace } of [one, other]) await whole.remove("Server", namespace, "server-04");
  const run = await operator.pull(fabric.id);
  expectBroken(run, { code: "cluster_forbidden", layer: 9, outcome: "partly" });
  expect(run.counts).toEqual({ ...none, unchanged: 47, removed: 1 });
  const row = serverOf(run);
  expect(row).toMatchObject({ state: "partly", code: "cluster_forbidden" });
  expect(row?.detail).toContain(`in namespace ${other.namespace}.`);
  expect(row?.detail).toContain(`It was read in ${one.namespace}.`);
  expect(row?.remedy).toMatch(
    new RegExp(`Role in namespace ${other.namespace}.*servers.*list`, "s"),
  );
  const kind = (await operator.kinds(fabric.id)).find((it) => it.kind === "Server");
  expect(kind).toMatchObject({ coverage: "not_readable", detail: row?.detail });
  expect(kind?.remedy).toBe(row?.remedy);
  const gone = await operator.objects(fabric.id, "&presence=removed");
  expect(gone.results.map((it) => it.namespace)).toEqual([one.namespace]);
  const partly = await operator.fabric(fabric.id);
  expect(partly.facts.reach.state, "it did answer").toBe("reachable");
  expect(partly.headline.state).toBe("cannot_tell");

  await account.letIn(other.namespace);
  expectRead(await operator.pull(fabric.id), { unchanged: 94, removed: 1 });
  const good = await operator.fabric(fabric.id);
  expect(good.headline.state).toBe("read");
  expect(good.counts.objects).toBe(94);
});

test("of the namespaces that a fabric names, one that refuses is named, on the ladder as in the run", async ({
  two,
}) => {
  const { lab, one, other, account, operator } = two;
  const namespaces = [one.namespace, other.namespace];
  const fabric = await two.fabric(namespaces);
  expectRead(await operator.pull(fabric.id), { created: 96 });
  await account.shutOut(other.namespace);
  const run = await operator.pull(fabric.id);
  expectBroken(run, { code: "cluster_forbidden", layer: 9, outcome: "partly" });
  expect(run.counts).toEqual({ ...none, unchanged: 48 });
  expect(serverOf(run)?.detail).toContain(`in namespace ${other.namespace}.`);
  expect((await operator.objects(fabric.id, "&presence=removed")).count).toBe(0);

  const administrator = await lab.as("administrator");
  const fields = { ...fieldsOf(lab.gate.lead(account.connection)), namespaces };
  const rights = async () => {
    const climbed = await administrator.climb(fields);
    return { outcome: climbed.outcome, ...climbed.rungs.find(({ rung }) => rung === "rights") };
  };
  const refused = await rights();
  expect(refused).toMatchObject({ outcome: "partly", state: "failed", code: "cluster_forbidden" });
  expect(refused.detail).toContain(other.namespace);
  expect(refused.detail).not.toContain(one.namespace);
  expect(refused.remedy).toMatch(/servers/);

  await account.letIn(other.namespace);
  expect(await rights()).toMatchObject({ outcome: "succeeded", state: "passed" });
  expectRead(await operator.pull(fabric.id), { unchanged: 96 });
});

test("the ladder says what is to be had namespace by namespace, and where not", async ({ two }) => {
  const { lab, one, other, account } = two;
  const administrator = await lab.as("administrator");
  await lab.gate.rule(only(one.namespace, other.namespace));
  const fields = fieldsOf(lab.gate.lead(account.connection));
  const good = await administrator.climb(fields);
  expect(good.outcome, JSON.stringify(good.rungs)).toBe("succeeded");
  expect(good.rungs.at(-1)?.evidence).toMatch(/may list (\d+) of \1 kinds, \1 of them in each/);
  await account.shutOut(other.namespace);
  const partly = await administrator.climb(fields);
  expect(partly.outcome).toBe("partly");
  expect(partly.rungs.at(-1)?.detail).toContain(`in namespaces ${other.namespace}.`);
  await account.letIn(other.namespace);
  expect((await administrator.climb(fields)).outcome).toBe("succeeded");
});

test("L03: who may neither list in the whole cluster nor see the namespaces is told to name them, and then is read", async ({
  two,
}) => {
  const { lab, one, operator } = two;
  const blind = await lab.cluster.whole.readerByNamespace(false);
  await blind.letIn(one.namespace);
  const fabric = await lab.more(fieldsOf(lab.gate.lead(blind.connection)));
  const run = await operator.pull(fabric.id);
  expectBroken(run, { code: "cluster_forbidden", layer: 9, outcome: "failed" });
  expect(run.counts).toEqual(none);
  expect(serverOf(run)?.detail).toMatch(/list namespaces.*settings of the fabric/);
  expect(serverOf(run)?.remedy).toMatch(/servers.*list/s);
  const administrator = await lab.as("administrator");
  await administrator.editFabric(fabric.id, { cluster: { namespaces: [one.namespace] } });
  expectRead(await operator.pull(fabric.id), { created: 48 });
});

test("objects of a namespace that the cluster does not show any more are kept, and the run says so", async ({
  two,
}) => {
  const { lab, one, other, operator } = two;
  await lab.gate.rule(only(one.namespace, other.namespace));
  const fabric = await two.fabric();
  expectRead(await operator.pull(fabric.id), { created: 96 });
  await lab.gate.dropAll();
  await lab.gate.rule(only(one.namespace));
  const run = await operator.pull(fabric.id);
  expectBroken(run, { code: "namespace_missing", layer: 9, outcome: "partly" });
  expect(run.counts).toEqual({ ...none, unchanged: 48 });
  expect(serverOf(run)?.detail).toMatch(
    new RegExp(`10 objects .* in namespace ${other.namespace}`),
  );
  expect((await operator.objects(fabric.id)).count, "nothing removed").toBe(96);
  await lab.gate.dropAll();
  await lab.gate.rule(only(one.namespace, other.namespace));
  expectRead(await operator.pull(fabric.id), { unchanged: 96 });
});

base.describe("with one namespace as the most", () => {
  base.use({ settings: { "cluster.namespaces_max": 1 } });
  base(
    "more of them are not asked one by one, and the run says so",
    async ({ hedgerow, cluster, gate }) => {
      const account = await cluster.whole.readerByNamespace();
      await account.letIn(cluster.namespace);
      const connection = gate.lead(account.connection);
      const administrator = await hedgerow.server.as("administrator");
      const fabric = await administrator.addFabric("lab", fieldsOf(connection));
      const operator = await hedgerow.server.as("operator");
      await gate.rule(only(cluster.namespace, "default"));
      const run = await operator.pull(fabric.id);
      expectBroken(run, { code: "cluster_forbidden", layer: 9, outcome: "failed" });
      expect(serverOf(run)?.detail).toMatch(/has 2 of them, and at most 1/);
      expect((await gate.requests("GET", "/servers$")).length, "the whole cluster").toBe(1);
      await gate.dropAll();
      await gate.rule(only(cluster.namespace));
      expectRead(await operator.pull(fabric.id), { created: 48 });
    },
  );
});
