// What the record makes of documents that are odd: digits, keys, sizes, and absence of everything at once.
import type { KubeObject } from "../support/cluster";
import type { Kind, ObservedObject } from "../support/types";
import { expect, fieldsOf, test } from "../support/fixtures";
import { statusBody, type Lab } from "../support/lab";
import { expectRead } from "../support/read";
import { clusterWithTwin, defaultOfTwin } from "../support/twin";
import { write } from "./raw_cluster";

const switches = { path: "/switches$" };

async function switchKind(lab: Lab): Promise<Kind | undefined> {
  return (await (await lab.as("viewer")).kinds(lab.fabric.id)).find(
    ({ kind }) => kind === "Switch",
  );
}

const atOneKind: Record<string, [object, string]> = {
  "a Status with 200": [{ answer: { status: 200, body: statusBody(500, "No") } }, "cluster_error"],
  "a Status with 400": [
    { answer: { status: 400, body: statusBody(400, "BadRequest") } },
    "cluster_error",
  ],
  "a list of another kind": [{ rewrite: [{ path: "$.kind", set: "PodList" }] }, "malformed"],
  "a List without items": [{ rewrite: [{ path: "$.items", delete: true }] }, "malformed"],
  "a key that stands twice deep inside": [
    { rewrite: [{ path: "$.items[2].spec", duplicate: { role: "spine" } }] },
    "malformed",
  ],
  "two objects of one name": [
    {
      rewrite: [
        { path: "$.items[1].metadata.name", set: "same" },
        { path: "$.items[2].metadata.name", set: "same" },
      ],
    },
    "malformed",
  ],
  "a list that breaks off": [{ cut: { after: 900, how: "reset" } }, "reply_truncated"],
};

for (const [what, [action, code]] of Object.entries(atOneKind))
  test(`${what} freezes that kind: ${code}, nothing removed, the others complete`, async ({
    lab,
  }) => {
    const before = await switchKind(lab);
    await lab.gate.rule({ name: "odd", match: switches, action });
    const run = await lab.fails({ code, layer: 9, outcome: "partly" });
    expect(run.counts).toMatchObject({ unchanged: 41, removed: 0, created: 0, changed: 0 });
    expect(await switchKind(lab)).toMatchObject({
      coverage: "not_readable",
      code,
      objects: 7,
      as_of: before?.as_of,
    });
    const { headline, facts } = await (await lab.as("viewer")).fabric(lab.fabric.id);
    expect(facts.last_run.state).toBe("partly");
    expect(headline.state, "partly is never green").toBe("cannot_tell");
    await lab.expectWhole();
  });

const vpc = (namespace: string, spec: string) => ({
  method: "POST",
  path: `/apis/vpc.githedgehog.com/v1beta1/namespaces/${namespace}/vpcs`,
  type: "application/json",
  body:
    `{"apiVersion":"vpc.githedgehog.com/v1beta1","kind":"VPC",` +
    `"metadata":{"name":"vpc-1"},"spec":${spec}}`,
});

async function documentOf(lab: Lab, fabric: number, kind: string): Promise<string> {
  const api = await lab.as("viewer");
  const row = (await api.objects(fabric, `&kind=${kind}`)).results[0];
  return (await api.ask<ObservedObject>("GET", `/api/objects/${row?.id}/`)).text;
}

test("integers above 2^53 that a cluster holds stay exact, also as YAML @unknown_fields", async ({
  lab,
}) => {
  const { fabric, cluster } = await lab.another();
  const numbers = ["9007199254740993", "9223372036854775807", "-9223372036854775808"];
  await write(cluster.whole, vpc(cluster.namespace, `{"numbers":[${numbers.join(",")}]}`));
  await lab.expectGood(fabric, { created: 1, unchanged: 48 });
  expect(await documentOf(lab, fabric.id, "VPC")).toContain(`"numbers":[${numbers.join(",")}]`);
  const api = await lab.as("viewer");
  const row = (await api.objects(fabric.id, "&kind=VPC")).results[0];
  const yaml = await api.ask("GET", `/api/objects/${row?.id}/?format=yaml`);
  for (const number of numbers) expect(yaml.text).toContain(`- ${number}\n`);
  await lab.expectGood(fabric, { unchanged: 49 });
});

test("digits beyond 64 bit stay as they came, and another last digit is a change", async ({
  lab,
}) => {
  const { fabric } = await lab.another();
  const rewrite = (number: string) => [
    { path: "$.items[0].spec.big", set: "HERE" },
    { regex: '"HERE"', with: number },
  ];
  const rule = (number: string) => ({
    name: "big",
    match: { path: "/switches$" },
    action: { rewrite: rewrite(number) },
  });
  const one = "123456789012345678901234567890123456789";
  await lab.gate.rule(rule(one));
  await lab.expectGood(fabric, { changed: 1, unchanged: 47 });
  await lab.expectGood(fabric);
  const api = await lab.as("viewer");
  const { results } = await api.objects(fabric.id, "&kind=Switch");
  const texts = await Promise.all(
    results.map(async ({ id }) => (await api.ask("GET", `/api/objects/${id}/`)).text),
  );
  expect(texts.filter((text) => text.includes(`"big":${one}`)).length).toBe(1);
  await lab.gate.dropAll();
  await lab.gate.rule(rule(one.replace(/9$/, "8")));
  await lab.expectGood(fabric, { changed: 1, unchanged: 47 });
  await lab.gate.dropAll();
  await lab.expectGood(fabric, { changed: 1, unchanged: 47 });
});

test("what a new default of its kind adds to an object is a change, although its resourceVersion stays", async ({
  hedgerow,
  wiring,
}) => {
  const cluster = await clusterWithTwin(wiring);
  const administrator = await hedgerow.server.as("administrator");
  const fabric = await administrator.addFabric("lab", fieldsOf(await cluster.reader()));
  const api = await hedgerow.server.as("operator");
  expectRead(await api.pull(fabric.id), { created: 1 });
  const [before, after] = await defaultOfTwin(cluster, "auto");
  expect(after, "nothing was written").toBe(before);
  expectRead(await api.pull(fabric.id), { changed: 1 });
  const { results } = await api.objects(fabric.id);
  const object = await api.must("GET", `/api/objects/${results[0]?.id}/`);
  expect(object).toMatchObject({ observed: { spec: { mode: "auto" } } });
  expectRead(await api.pull(fabric.id), { unchanged: 1 });
  await cluster.stop();
});

test("all 48 gone at once are 48 removed, and back again 48 created, none of them lost to history", async ({
  lab,
}) => {
  const { fabric, cluster } = await lab.another();
  const { whole, namespace } = cluster;
  const api = await lab.as("viewer");
  const rows = (await api.objects(fabric.id)).results;
  const kept: KubeObject[] = await Promise.all(
    rows.map(({ kind, name }) => whole.get(kind, namespace, name)),
  );
  await whole.removeAll(namespace);
  await lab.expectGood(fabric, { removed: 48 });
  const removed = await api.objects(fabric.id, "&presence=removed");
  expect({ now: (await api.objects(fabric.id)).count, removed: removed.count }).toEqual({
    now: 0,
    removed: 48,
  });
  expect((await api.fabric(fabric.id)).counts.objects).toBe(0);
  await Promise.all(
    kept.map(({ apiVersion, kind, spec, metadata: { name } }) =>
      whole.apply({ object: { apiVersion, kind, spec, metadata: { name } }, namespace }),
    ),
  );
  await lab.expectGood(fabric, { created: 48 });
  const again = (await api.objects(fabric.id)).results;
  expect(again.map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
  await lab.expectGood(fabric);
});
