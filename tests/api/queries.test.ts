// Asking for what the record holds: filters, order, pages, one object, its document, its history. What is asked in a
// way that cannot be meant is refused and named, never answered with rows that nobody asked for.
import type { Api } from "../support/api";
import type { Change, Fabric, List, ObjectRow, ObservedObject, Run } from "../support/types";
import { expect, test } from "../support/fixtures";
import type { Lab } from "../support/lab";
import { write } from "./raw_cluster";

const invalid = { status: 400, code: "invalid", layer: 2 };
const unknown = { status: 400, code: "unknown_parameter", layer: 2 };
const missing = { status: 404, code: "not_found", layer: 2 };

const ask = async (api: Api, lab: Lab, query: string) =>
  await api.must<List<ObjectRow>>("GET", `/api/fabrics/${lab.fabric.id}/objects/?${query}`);

const names = ({ results }: List<ObjectRow>) => results.map(({ kind, name }) => `${kind}/${name}`);

test.describe("a query that cannot be meant", () => {
  test("names the parameter that is not known, on every list and on single things", async ({
    lab,
  }) => {
    const api = await lab.as("viewer");
    const { id } = lab.fabric;
    const object = (await api.objects(id)).results[0]?.id;
    const run = (await api.fabric(id)).recent_runs[0]?.id;
    for (const path of [
      ...["/api/fabrics/", `/api/fabrics/${id}/`, `/api/fabrics/${id}/runs/`],
      ...[`/api/fabrics/${id}/kinds/`, `/api/fabrics/${id}/objects/`, `/api/objects/${object}/`],
      ...[`/api/objects/${object}/history/`, "/api/runs/", `/api/runs/${run}/`],
      ...[`/api/runs/${run}/changes/`, "/api/session/", "/api/sessions/", "/api/health/"],
      ...["/api/openapi.json", "/api/openapi.yaml", "/livez", "/readyz", "/version", "/metrics"],
    ]) {
      const problem = await api.refused(unknown, "GET", `${path}?limt=3`);
      expect(problem.errors?.map(({ field }) => field)).toEqual(["limt"]);
      expect((await api.ask("GET", path)).status, path).toBe(200);
    }
    await (await lab.as("administrator")).refused(unknown, "GET", "/api/users/?role=viewer");
  });

  const wrong: Record<string, string> = {
    "limit=0": "limit",
    "limit=-1": "limit",
    "limit=1001": "limit",
    "limit=ten": "limit",
    "limit=": "limit",
    "limit=1e2": "limit",
    "limit=5&limit=6": "limit",
    "limit=99999999999999999999": "limit",
    "offset=-1": "offset",
    "offset=1.5": "offset",
    "ordering=uid": "ordering",
    "ordering=--name": "ordering",
    "ordering=name&ordering=kind": "ordering",
    "presence=gone": "presence",
    "q=a&q=b": "q",
    [`q=${"x".repeat(201)}`]: "q",
  };
  for (const [query, field] of Object.entries(wrong))
    test(`${query.slice(0, 40)} is refused at ${field}`, async ({ lab }) => {
      const api = await lab.as("viewer");
      const path = `/api/fabrics/${lab.fabric.id}/objects/?${query}`;
      const problem = await api.refused(invalid, "GET", path);
      expect(problem.errors?.map((it) => it.field)).toEqual([field]);
    });

  test("an id that is none, or of nothing, is not_found", async ({ lab }) => {
    const api = await lab.as("viewer");
    for (const id of ["0", "-1", "x", "1.0", "999999", "99999999999999999999", "1%20"])
      for (const path of [`/api/fabrics/${id}/`, `/api/objects/${id}/`, `/api/runs/${id}/`])
        await api.refused(missing, "GET", path);
  });
});

test.describe("the pages of 48 objects", () => {
  for (const ordering of ["name", "-name", "kind", "-kind", "namespace", "changed", "-changed"])
    test(`by ${ordering} hold each object exactly once`, async ({ lab }) => {
      const api = await lab.as("viewer");
      const whole = await ask(api, lab, `ordering=${ordering}&limit=1000`);
      expect(whole).toMatchObject({ count: 48, next: null, previous: null });
      let path: string | null =
        `/api/fabrics/${lab.fabric.id}/objects/?ordering=${ordering}&limit=7`;
      const seen: string[] = [];
      let pages = 0;
      while (path !== null) {
        const page: List<ObjectRow> = await api.must("GET", path);
        expect(page.count).toBe(48);
        expect(page.previous === null).toBe(pages === 0);
        seen.push(...names(page));
        path = page.next;
        pages += 1;
      }
      expect(pages).toBe(7);
      expect(seen).toEqual(names(whole));
      expect(new Set(seen).size).toBe(48);
      const key = ordering.replace("-", "") as "name" | "kind" | "namespace" | "changed";
      const keys = whole.results.map((row) => row[key]);
      const sorted = [...keys].sort();
      expect(keys).toEqual(ordering.startsWith("-") ? sorted.reverse() : sorted);
    });

  test("beyond the last are empty and still say how many there are", async ({ lab }) => {
    const page = await ask(await lab.as("viewer"), lab, "offset=48");
    expect(page).toMatchObject({ count: 48, next: null, results: [] });
    expect(page.previous).not.toBeNull();
  });
});

test.describe("a filter", () => {
  const filters: Record<string, number> = {
    "kind=Server": 10,
    "kind=Server&kind=Switch": 17,
    "kind=wiring.githedgehog.com/Server": 10,
    "kind=vpc.githedgehog.com/Server": 0,
    "kind=server": 0,
    "kind=": 0,
    "q=SERVER-0&kind=Server": 9,
    "name__ic=leaf-0&kind=Switch": 5,
    "q=100%25": 0,
    "q=_": 0,
    "namespace=default": 0,
    "presence=any": 48,
    "presence=removed": 0,
  };
  for (const [query, count] of Object.entries(filters))
    test(`${query} finds ${count}, and counts what it finds`, async ({ lab }) => {
      const found = await ask(await lab.as("viewer"), lab, `limit=1000&${query}`);
      expect({ count: found.count, rows: found.results.length }).toEqual({ count, rows: count });
    });

  test("of the fabric's own namespace finds all", async ({ lab }) => {
    const api = await lab.as("viewer");
    expect((await ask(api, lab, `namespace=${lab.cluster.namespace}`)).count).toBe(48);
    const both = `namespace=${lab.cluster.namespace}&namespace=elsewhere&kind=Server`;
    expect((await ask(api, lab, both)).count).toBe(10);
  });

  test("stays in the links to the pages around", async ({ lab }) => {
    const api = await lab.as("viewer");
    const first = await ask(api, lab, "kind=Server&kind=Switch&q=0&limit=4&ordering=-name");
    expect(first.count).toBeLessThan(48);
    const second = await api.must<List<ObjectRow>>("GET", first.next ?? "");
    expect(second.count).toBe(first.count);
    expect(names(second).some((name) => names(first).includes(name))).toBe(false);
    const back = await api.must<List<ObjectRow>>("GET", second.previous ?? "");
    expect(names(back)).toEqual(names(first));
  });

  test("of other people's objects finds none of them", async ({ lab }) => {
    const { fabric } = await lab.another();
    const api = await lab.as("viewer");
    const one = new Set((await api.objects(lab.fabric.id)).results.map(({ id }) => id));
    const others = (await api.objects(fabric.id)).results;
    expect(others.length).toBe(48);
    expect(others.some(({ id }) => one.has(id))).toBe(false);
  });
});

test.describe("one object", () => {
  test("is the document as the cluster has it, without managedFields, as JSON and as YAML", async ({
    lab,
  }) => {
    const api = await lab.as("viewer");
    const row = (await ask(api, lab, "kind=Switch&limit=1")).results[0];
    const path = `/api/objects/${row?.id}/`;
    const { row: same, observed, fabric_name } = await api.must<ObservedObject>("GET", path);
    expect(same).toEqual(row);
    expect(fabric_name).toBe(lab.fabric.name);
    const { whole, namespace } = lab.cluster;
    const real = await whole.get("Switch", namespace, row?.name ?? "");
    delete real.metadata.managedFields;
    expect(observed).toEqual(real);
    expect(row).toMatchObject({
      uid: real.metadata.uid,
      verdict: "watched",
      decides: "cluster",
      deleting: false,
      removed: null,
      seen: { resource_version: real.metadata.resourceVersion },
    });

    const yaml = await api.ask("GET", `${path}?format=yaml`);
    expect(yaml.headers.get("Content-Type")).toContain("application/yaml");
    // The API server itself takes it for what it has.
    const put = { method: "PUT", path: whole.pathOf("Switch", namespace, row?.name ?? "") };
    const taken = await write(whole, { ...put, type: "application/yaml", body: yaml.text });
    delete taken.metadata.managedFields;
    expect(taken).toEqual(real);
    await api.refused(invalid, "GET", `${path}?format=xml`);
  });

  test("has a history: made, changed, removed, made again, each by its run", async ({ lab }) => {
    const { fabric, cluster } = await lab.another();
    const { whole, namespace } = cluster;
    const api = await lab.as("viewer");
    const found = await api.objects(fabric.id, "&q=server-07&kind=Server");
    const path = `/api/objects/${found.results[0]?.id}/history/`;
    const original = await whole.get("Server", namespace, "server-07");

    await whole.patch("Server", namespace, "server-07", { spec: { description: "moved" } });
    await lab.expectGood(fabric, { changed: 1, unchanged: 47 });
    await whole.remove("Server", namespace, "server-07");
    await lab.expectGood(fabric, { removed: 1, unchanged: 47 });
    const { apiVersion, kind, spec } = original;
    const object = { apiVersion, kind, spec, metadata: { name: "server-07" } };
    await whole.apply({ object, namespace });
    const last = await lab.expectGood(fabric, { created: 1, unchanged: 47 });

    const history = await api.must<List<Change>>("GET", path);
    const told = history.results.map(({ change }) => change);
    expect(told).toEqual(["created", "removed", "changed", "created"]);
    expect(history.results[0]?.run).toBe(last.id);
    expect(new Set(history.results.map(({ run }) => run)).size).toBe(4);
    const page = await api.must<List<Change>>("GET", `${path}?limit=1&offset=1`);
    expect(page).toMatchObject({ count: 4, results: [{ change: "removed" }] });
    expect((await api.objects(fabric.id)).count).toBe(48);
  });

  test("that was removed is still there to look at, and says when it went", async ({ lab }) => {
    const { fabric, cluster } = await lab.another();
    await cluster.whole.remove("Server", cluster.namespace, "server-08");
    const run = await lab.expectGood(fabric, { removed: 1, unchanged: 47 });
    const api = await lab.as("viewer");
    const gone = (await api.objects(fabric.id, "&presence=removed")).results;
    expect(gone.map(({ name }) => name)).toEqual(["server-08"]);
    const { row } = await api.must<ObservedObject>("GET", `/api/objects/${gone[0]?.id}/`);
    expect(Date.parse(row.removed ?? "")).toBeGreaterThanOrEqual(Date.parse(run.started ?? ""));
    expect((await api.objects(fabric.id, "&presence=any")).count).toBe(48);
  });
});

test.describe("lists of fabrics and runs", () => {
  test("of fabrics are found by name, ordered, and the worst comes first", async ({ lab }) => {
    const tag = `q${Date.now()}`;
    const api = await lab.as("viewer");
    for (const name of ["b", "C", "a"]) await lab.more(undefined, `${tag} ${name}`);
    const broken = { ...lab.fields, server: "https://127.0.0.1:1" };
    const failing = await lab.more(broken, `${tag} z`);
    await lab.fails({ code: "tcp_refused", layer: 7, outcome: "failed" }, failing);
    const list = async (more: string) =>
      (await api.must<List<Fabric>>("GET", `/api/fabrics/?q=${tag}&${more}`)).results.map((it) =>
        it.name.slice(tag.length + 1),
      );
    expect(await list("ordering=name")).toEqual(["a", "b", "C", "z"]);
    expect(await list("ordering=-name")).toEqual(["z", "C", "b", "a"]);
    expect((await list("ordering=headline"))[0]).toBe("z");
    expect(await list("ordering=name&limit=2&offset=1")).toEqual(["b", "C"]);
    await api.refused(invalid, "GET", "/api/fabrics/?ordering=site");
  });

  test("of runs are latest first and total", async ({ lab }) => {
    const api = await lab.as("viewer");
    const fabric = await lab.more(lab.fields);
    const ids = [];
    for (const created of [48, 0, 0]) {
      const counts = created ? { created } : { unchanged: 48 };
      ids.unshift((await lab.expectGood(fabric, counts)).id);
    }
    const path = `/api/fabrics/${fabric.id}/runs/`;
    const runs = await api.must<List<Run>>("GET", path);
    expect(runs.results.map(({ id }) => id)).toEqual(ids);
    const page = await api.must<List<Run>>("GET", `${path}?limit=1&offset=1`);
    expect(page).toMatchObject({ count: 3, results: [{ id: ids[1] }] });
    const all = await api.must<List<Run>>("GET", "/api/runs/?limit=3");
    expect(all.results.map(({ id }) => id)).toEqual(ids);
    expect(all.count).toBeGreaterThan(3);
    const changes = await api.must<List<Change>>("GET", `/api/runs/${ids[2]}/changes/?limit=20`);
    expect(changes).toMatchObject({ count: 48, previous: null });
    expect(changes.results.length).toBe(20);
    expect((await api.changes(ids[0] ?? 0)).length).toBe(0);
  });
});
