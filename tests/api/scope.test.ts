// What is read of a cluster is what the fabric's namespaces say: what lies outside is kept, and dated as it was.
import { expectBroken } from "../support/lab";
import { none } from "../support/read";
import { expect, test } from "../support/fixtures";
import { traceOf } from "../support/person";
import type { ObservedObject } from "../support/types";

test("objects outside of the namespaces keep their date, are found as out of scope, and come back when they are read", async ({
  lab,
}) => {
  const { fabric, cluster } = await lab.another();
  const { record } = lab.server;
  const api = await lab.as("administrator");
  const before = (await api.objects(fabric.id)).results;
  const dates = (rows: typeof before) => rows.map((it) => [it.id, it.seen.as_of]);
  await api.editFabric(fabric.id, { cluster: { namespaces: ["kube-public"] } });
  for (const moment of ["before the next run", "after it"]) {
    const now = await api.fabric(fabric.id);
    expect(now.counts.objects, moment).toBe(0);
    expect(now.counts.by_kind.filter((it) => it.objects > 0)).toEqual([]);
    expect((await api.objects(fabric.id)).count).toBe(0);
    const left = await api.objects(fabric.id, "&presence=out_of_scope");
    expect(left.count, moment).toBe(48);
    expect(dates(left.results), moment).toEqual(dates(before));
    for (const row of left.results)
      expect(row).toMatchObject({
        out_of_scope: true,
        removed: null,
        decides: "ignored",
        verdict: "unknown",
      });
    expect((await api.objects(fabric.id, "&presence=any")).count).toBe(48);
    expect((await api.objects(fabric.id, "&presence=removed")).count).toBe(0);
    if (moment === "after it") expect(now.headline.text).toContain("0 objects");
    else expect((await lab.expectGood(fabric, {})).counts).toEqual(none);
  }
  const { id } = before[0] ?? {};
  const one = await api.must<ObservedObject>("GET", `/api/objects/${id}/`);
  expect(one.row).toMatchObject({ out_of_scope: true, seen: { as_of: before[0]?.seen.as_of } });

  // Nothing is taken back by saying so: only reading it again shows that it is there, or gone.
  await cluster.whole.remove("Server", cluster.namespace, "server-04");
  await api.editFabric(fabric.id, { cluster: { namespaces: ["kube-public", cluster.namespace] } });
  expect((await api.objects(fabric.id, "&presence=out_of_scope")).count).toBe(48);
  await lab.expectGood(fabric, { unchanged: 47, removed: 1 });
  expect((await api.objects(fabric.id, "&presence=out_of_scope")).count).toBe(0);
  expect((await api.objects(fabric.id)).count).toBe(47);
  expect((await api.fabric(fabric.id)).counts.objects).toBe(47);
  const mark = record.mark();
  await lab.expectGood(fabric, { unchanged: 47 });
  expect(await record.pagesWritten("objects", mark), "nothing is written twice").toBe(0);
});

test("namespaces are a set, however often one is named", async ({ lab }) => {
  const { fabric, cluster, fields } = await lab.another();
  const api = await lab.as("administrator");
  const { namespace } = cluster;
  const namespaces = [namespace, "kube-public", namespace, "kube-public"];
  const edited = await api.editFabric(fabric.id, { cluster: { namespaces } });
  expect(edited.cluster?.namespaces).toEqual([namespace, "kube-public"]);
  await lab.expectGood(fabric);
  const made = await lab.more({ ...fields, namespaces: [namespace, namespace] });
  expect(made.cluster?.namespaces).toEqual([namespace]);
  await lab.expectGood(made, { created: 48 });
  const test = await api.climb({ ...fields, namespaces: [namespace, namespace] });
  expect(test.outcome, JSON.stringify(test.rungs)).toBe("succeeded");
});

test("a run that breaks on the record's side says that the cluster was reached", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const { server } = hedgerow;
  server.allowedInLog.push(/"event":"run_failed"|"event":"run_ended"/);
  const damage =
    "CREATE TRIGGER damaged BEFORE INSERT ON objects BEGIN SELECT RAISE(ABORT, 'no'); END";
  await server.restart(() => server.record.change(damage));
  const operator = await server.as("operator");
  const before = await operator.fabric(fabric.id);
  expect(before.facts.reach).toMatchObject({ state: "not_measured", as_of: null });
  const run = await operator.pull(fabric.id);
  expectBroken(run, { code: "internal_fault", layer: 9, outcome: "failed" });
  expect((await (await server.as("viewer")).health()).faults).toMatchObject([
    { code: "internal_fault", layer: 9, place: "Runs", run: run.id, times: 1 },
  ]);
  const { reach } = (await operator.fabric(fabric.id)).facts;
  expect(reach.state, traceOf(run)).toBe("reachable");
  expect(reach.as_of).not.toBeNull();
  await server.restart(() => server.record.change("DROP TRIGGER damaged"));
  const good = await (await server.as("operator")).pull(fabric.id);
  expect(good.counts, traceOf(good)).toEqual({ ...none, created: 48 });
});
