// What an API server may do to a run that reads it: what passes by itself is asked again and nobody is bothered,
// what does not is said by name. Requests are counted outside, at the Gate before a real API server.
import { statusBody } from "../support/lab";
import { clickAnew, seeFault, seeRecovery } from "../browser/seen_fault";
import { freshKey } from "../support/api";
import { expect, test } from "../support/fixtures";
import { Gate, type Action, type Rule, type SeenRequest } from "../support/gate";
import { traceOf } from "../support/person";
import { expectRead, none, readFabric } from "../support/read";
import { patient } from "../support/server";
import type { Run } from "../support/types";

const lists = (plural: string): NonNullable<Rule["match"]> => ({
  method: "GET",
  path: `/${plural}$`,
});

const refusal = (status: number, headers: Record<string, string> = {}, body?: string): Action => ({
  answer: {
    status,
    headers: { "Content-Type": "application/json", ...headers },
    body: body ?? statusBody(status, "No"),
  },
});

// The form in which an API server asks for patience that has only just begun to serve.
const initializing = JSON.stringify({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: "storage is (re)initializing",
  reason: "TooManyRequests",
  details: { retryAfterSeconds: 1 },
  code: 429,
});

const rowOf = (run: Run, kind: string) => run.kinds.find((it) => it.kind === kind);

// What reaches the Gate while something is done.
async function asked<T>(gate: Gate, path: string, work: () => Promise<T>) {
  const before = (await gate.requests("GET", path)).length;
  const result = await work();
  return { result, requests: (await gate.requests("GET", path)).slice(before) };
}

const gaps = (requests: readonly SeenRequest[]) =>
  requests.slice(1).map((it, at) => Date.parse(it.at) - Date.parse(requests[at]?.at ?? ""));

test.describe("what the cluster cannot do just now", () => {
  for (const status of [500, 502, 503, 504])
    test(`L15: a kind that is answered ${status} is asked for three times, then the run is partly cluster_error`, async ({
      lab,
    }) => {
      await lab.gate.rule({ name: "no", match: lists("servers"), action: refusal(status) });
      const { result: run, requests } = await asked(lab.gate, "/servers$", () =>
        lab.fails({ code: "cluster_error", layer: 9, outcome: "partly" }),
      );
      expect(requests.length, "requests that reached the cluster").toBe(3);
      const [first = 0, second = 0] = gaps(requests);
      expect(first).toBeGreaterThanOrEqual(50);
      expect(second, "longer each time").toBeGreaterThanOrEqual(100);
      const row = rowOf(run, "Server");
      expect(row).toMatchObject({ state: "failed", code: "cluster_error", tries: 3 });
      expect(row?.detail).toMatch(new RegExp(`${status}.* It was asked 3 times\\.$`));
      expect(run.trace[8]?.evidence).toMatch(/20 of 21 kinds.* 2 requests sent again/);
      expect(run.counts, "the other kinds are complete").toEqual({ ...none, unchanged: 38 });
      for (const kind of run.kinds.filter((it) => it.kind !== "Server"))
        expect(kind, "asked once").not.toHaveProperty("tries");
    });

  for (const [what, path] of Object.entries({
    "the version": "^/version$",
    "the cluster's identity": "/namespaces/kube-system$",
    "the discovery": "^/apis$",
  }))
    test(`L15: when ${what} is answered 503 three times, nothing was read and the run failed`, async ({
      lab,
    }) => {
      await lab.gate.rule({ name: "no", match: { method: "GET", path }, action: refusal(503) });
      const { result: run, requests } = await asked(lab.gate, path, () =>
        lab.fails({ code: "cluster_error", layer: 9, outcome: "failed" }),
      );
      expect(requests.length).toBe(3);
      expect(run.trace[8]?.evidence).toMatch(/503.*asked 3 times/);
      expect(run.counts).toEqual(none);
    });

  test("L15: the third answer counts when it is a good one, and the kind says how many tries it took", async ({
    lab,
  }) => {
    const rule = { name: "no", match: lists("servers"), times: 2, action: refusal(500) };
    await lab.gate.rule(rule);
    const { result: run, requests } = await asked(lab.gate, "/servers$", () => lab.expectGood());
    expect(requests.map((it) => it.status)).toEqual([500, 500, 200]);
    expect(rowOf(run, "Server")).toMatchObject({ state: "passed", listed: 10, tries: 3 });
  });

  test("L15: whoever may not start a run does not make the cluster be asked at all", async ({
    lab,
  }) => {
    const viewer = await lab.as("viewer");
    const wish = { headers: { "Idempotency-Key": freshKey() }, body: { operation: "pull" } };
    const { requests } = await asked(lab.gate, "", () =>
      viewer.refused(
        { status: 403, code: "forbidden", layer: 6 },
        "POST",
        `/api/fabrics/${lab.fabric.id}/runs/`,
        wish,
      ),
    );
    expect(requests).toEqual([]);
  });

  const final: Record<string, [Action, string]> = {
    "401": [refusal(401), "cluster_unauthorized"],
    "403": [refusal(403), "cluster_forbidden"],
    "404": [refusal(404), "kind_missing"],
    "405": [refusal(405), "cluster_error"],
    "a redirect": [refusal(302, { Location: "https://elsewhere.example/" }), "redirect_refused"],
    "a list of something else": [{ rewrite: [{ path: "$.kind", set: "Odd" }] }, "malformed"],
  };
  for (const [what, [action, code]] of Object.entries(final))
    test(`L15: ${what} would be the same again, so it is asked for once`, async ({ lab }) => {
      await lab.gate.rule({ name: "no", match: lists("servers"), action });
      const { result: run, requests } = await asked(lab.gate, "/servers$", () => lab.pull());
      expect(run.outcome, run.summary).toBe(code === "cluster_unauthorized" ? "failed" : "partly");
      expect(requests.length).toBe(1);
      expect(rowOf(run, "Server")).toMatchObject({ state: "failed", code });
      expect(rowOf(run, "Server")).not.toHaveProperty("tries");
    });
});

test.describe("429", () => {
  test("a kind that is always refused is asked for whole, then twice in pages, and is cluster_throttled", async ({
    lab,
  }) => {
    await lab.gate.rule({ name: "no", match: lists("servers"), action: refusal(429) });
    const { result: run, requests } = await asked(lab.gate, "/servers$", () =>
      lab.fails({ code: "cluster_throttled", layer: 9, outcome: "partly" }),
    );
    expect(requests.map((it) => it.query)).toEqual(["", "limit=500", "limit=500"]);
    expect(rowOf(run, "Server")?.detail).toContain("It was asked 3 times.");
    expect(run.counts).toEqual({ ...none, unchanged: 38 });
  });

  test("one in plain words at the first question is no reason to doubt that this is Kubernetes", async ({
    lab,
  }) => {
    // As the API server's own fairness answers.
    const words = "Too many requests, please try again later.\n";
    const answer = { status: 429, headers: { "Content-Type": "text/plain" }, body: words };
    await lab.gate.rule({ name: "no", match: { path: "^/version$" }, action: { answer } });
    const run = await lab.fails({ code: "cluster_throttled", layer: 9, outcome: "failed" });
    expect(run.summary).toContain("429");
  });

  const wishes: Record<string, Action> = {
    "in Retry-After": refusal(429, { "Retry-After": "1" }),
    "in its Status": refusal(429, {}, initializing),
  };
  for (const [where, action] of Object.entries(wishes))
    test(`a server that wants a second of patience ${where} gets it, and then answers`, async ({
      lab,
    }) => {
      await lab.gate.rule({ name: "no", match: lists("servers"), times: 1, action });
      const { result: run, requests } = await asked(lab.gate, "/servers$", () => lab.expectGood());
      expect(requests.map((it) => it.status)).toEqual([429, 200]);
      expect(gaps(requests)[0]).toBeGreaterThanOrEqual(1_000);
      expect(rowOf(run, "Server")).toMatchObject({ state: "passed", tries: 2 });
    });

  test("a server that names the date until which it wants patience is not asked before it", async ({
    lab,
  }) => {
    const until = new Date(Date.now() + 2_000).toUTCString();
    const action = refusal(429, { "Retry-After": until });
    await lab.gate.rule({ name: "no", match: lists("servers"), times: 1, action });
    const { result: run, requests } = await asked(lab.gate, "/servers$", () => lab.expectGood());
    expect(requests.map((it) => it.status)).toEqual([429, 200]);
    expect(Date.parse(requests[1]?.at ?? "")).toBeGreaterThanOrEqual(Date.parse(until));
    expect(rowOf(run, "Server")).toMatchObject({ state: "passed", tries: 2 });
  });

  test("one who wants more patience than there is time is believed at once, and it is said how much", async ({
    lab,
  }) => {
    const action = refusal(429, { "Retry-After": "120" });
    await lab.gate.rule({ name: "no", match: lists("servers"), action });
    const { result: run, requests } = await asked(lab.gate, "/servers$", () =>
      lab.fails({ code: "cluster_throttled", layer: 9, outcome: "partly" }),
    );
    expect(requests.length).toBe(1);
    expect(rowOf(run, "Server")?.detail).toContain("It wants us to wait 120 s.");
    expect(run.ms).toBeLessThan(2_000);
  });

  test("storage that is just being initialized is waited for by all kinds together, not one after the other", async ({
    lab,
  }) => {
    const kinds = (await lab.expectGood()).kinds.length;
    const match = { method: "GET", path: "githedgehog\\.com/v.*/[a-z0-9]+$" };
    const action = refusal(429, {}, initializing);
    await lab.gate.rule({ name: "no", match, times: kinds, action });
    const { result: run, requests } = await asked(lab.gate, match.path, () => lab.expectGood());
    expect(requests.length).toBe(2 * kinds);
    expect(run.kinds.map((it) => it.tries)).toEqual(run.kinds.map(() => 2));
    // Six at a time that rest in their places would take four seconds.
    expect(run.ms).toBeGreaterThanOrEqual(1_000);
    expect(run.ms).toBeLessThan(3_000);
  });

  test("J13: a cancel ends a run that rests, at once", async ({ lab }) => {
    const action = refusal(429, { "Retry-After": "2" });
    await lab.gate.rule({ name: "no", match: lists("servers"), action });
    const api = await lab.as("operator");
    const { result: run, requests } = await asked(lab.gate, "/servers$", async () => {
      const { run: begun } = await api.start(lab.fabric.id);
      await lab.gate.taken("no");
      const from = Date.now();
      await api.must<Run>("POST", `/api/runs/${begun.id}/cancel/`);
      const ended = await api.ended(begun.id);
      expect(Date.now() - from).toBeLessThan(1_500);
      return ended;
    });
    expect(run).toMatchObject({ outcome: "cancelled", code: "cancelled", layer: 8 });
    expect(requests.length).toBe(1);
  });

  test("patience that adds up to more than no_progress is progress all the same", async ({
    lab,
  }) => {
    const own = `/namespaces/${lab.cluster.namespace}$`;
    const paths = ["^/version$", "/namespaces/kube-system$", own, "^/apis$", "/servers$"];
    const action = refusal(429, { "Retry-After": "2" });
    for (const [at, path] of paths.entries())
      await lab.gate.rule({ name: `no ${at}`, match: { method: "GET", path }, times: 1, action });
    const run = await lab.expectGood();
    expect(run.ms, "no_progress is 6 s here").toBeGreaterThanOrEqual(10_000);
    expect(run.trace[6]?.evidence).toContain("2 tries");
    expect(run.trace[8]?.evidence).toMatch(/21 of 21 kinds, 48 objects, 4 requests sent again/);
  });
});

// As API servers before 1.26 do, which know no aggregated discovery.
const classic: Rule = {
  name: "classic",
  match: { method: "GET", path: "^/apis$" },
  action: { request_headers: { Accept: "application/json" } },
};
const eachGroup = "^/apis/[^/]+githedgehog\\.com/[^/]+$";

test.describe("discovery", () => {
  test("L37: where it is not aggregated, each group is asked for, and nothing is different", async ({
    lab,
  }) => {
    const kindsOf = (run: Run) => run.kinds.map((it) => `${it.group}/${it.kind}`);
    const usual = kindsOf(await lab.expectGood());
    await lab.gate.rule(classic);
    const { result: run, requests } = await asked(lab.gate, eachGroup, () => lab.expectGood());
    expect(kindsOf(run)).toEqual(usual);
    expect(requests.length).toBe(new Set(run.kinds.map((it) => it.group)).size);
  });

  test("L37: a group that is answered 503 is asked for three times and named, and nothing of it is lost", async ({
    lab,
  }) => {
    const group = "^/apis/vpc\\.githedgehog\\.com/[^/]+$";
    await lab.gate.rule(classic, { name: "no", match: { path: group }, action: refusal(503) });
    const { result: run, requests } = await asked(lab.gate, group, () =>
      lab.fails({ code: "cluster_error", layer: 9, outcome: "partly" }),
    );
    expect(requests.length).toBe(3);
    expect(run.summary).toContain("vpc.githedgehog.com");
    expect(rowOf(run, "IPv4Namespace")).toMatchObject({ state: "failed", code: "cluster_error" });
    expect(run.counts, "absence is not proven").toEqual({ ...none, unchanged: 47 });
    await lab.expectWhole();
  });

  test("L37: a group whose own server is away is named stale by the cluster, and nothing of it is lost", async ({
    lab,
  }) => {
    const regex = '("name":"vpc.githedgehog.com".*?)"freshness":"Current"';
    const stale = [{ regex, with: '$1"freshness":"Stale"' }];
    await lab.gate.rule({ name: "no", match: { path: "^/apis$" }, action: { rewrite: stale } });
    const run = await lab.fails({ code: "cluster_error", layer: 9, outcome: "partly" });
    expect(run.summary).toMatch(/vpc\.githedgehog\.com/);
    expect(run.counts).toEqual({ ...none, unchanged: 47 });
    await lab.expectWhole();
  });

  test("L37: a group that answers at the third try is whole", async ({ lab }) => {
    const group = "^/apis/vpc\\.githedgehog\\.com/[^/]+$";
    const no = { name: "no", match: { path: group }, times: 2, action: refusal(503) };
    await lab.gate.rule(classic, no);
    const run = await lab.expectGood();
    expect(run.trace[8]?.evidence).toContain("2 requests sent again");
  });
});

// On one connection, that breaks under all who use it, there is one list at a time.
test.describe("a connection that ends before the answer", () => {
  test.use({ settings: { "cluster.concurrency": 1 } });

  const ends: Record<string, Action> = {
    "a reset": { reset: true },
    "GOAWAY of a server that has not touched the request": { goaway: { last_stream: 0 } },
    "GOAWAY of a server that may have begun with it": { goaway: { last_stream: 2 ** 31 - 1 } },
  };
  for (const [what, action] of Object.entries(ends))
    test(`K22 L15: ${what} is nothing that a person hears of, unless it comes three times`, async ({
      hedgerow,
      cluster,
      gate,
    }) => {
      const { api, fabric } = await readFabric(hedgerow, { cluster, through: gate });
      const pull = () => api.pull(fabric.id);
      await gate.rule({ name: "end", match: lists("servers"), times: 1, action });
      const once = await asked(gate, "/servers$", pull);
      expectRead(once.result, { unchanged: 48 });
      expect(once.requests.length).toBe(2);
      expect(rowOf(once.result, "Server")).toMatchObject({ state: "passed", tries: 2 });

      await gate.dropAll();
      await gate.rule({ name: "end", match: lists("servers"), action });
      const always = await asked(gate, "/servers$", pull);
      expect(always.result, traceOf(always.result)).toMatchObject({
        outcome: "partly",
        code: "reply_truncated",
        counts: { unchanged: 38, removed: 0 },
      });
      expect(rowOf(always.result, "Server")?.detail).toMatch(/without an answer.*asked 3 times/);
      expect(always.requests.length, "whoever sends it again").toBe(3);
      await gate.dropAll();
      expectRead(await pull(), { unchanged: 48 });
    });
});

test("K22: a server that says GOAWAY after some answers, to rebalance, is read as ever", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const { api, fabric } = await readFabric(hedgerow, { cluster, through: gate });
  const pull = () => api.pull(fabric.id);
  const before = await gate.connections();
  // So does the API server with --goaway-chance. Two such answers break no list more than twice.
  await gate.rule({
    name: "goaway",
    match: lists("(connections|switches)"),
    action: { headers: { Connection: "close" } },
  });
  expectRead(await pull(), { unchanged: 48 });
  await gate.dropAll();
  // No request follows the word on its connection; it may have come after the last one.
  expectRead(await pull(), { unchanged: 48 });
  expect(await gate.connections(), "connections were given up").toBeGreaterThan(before);
});

test("L15 K22: a server that speaks HTTP/1.1 only is read, asked again and forgiven closed connections", async ({
  hedgerow,
  cluster,
  sharedCluster,
}) => {
  const gate = await Gate.beforeCluster(sharedCluster, "--http1");
  const { api, fabric } = await readFabric(hedgerow, { cluster, through: gate });
  const pull = () => api.pull(fabric.id);
  const seen = await gate.requests("", "");
  expect(new Set(seen.map((it) => it.protocol))).toEqual(new Set(["HTTP/1.1"]));

  for (const how of ["while they idle", "under a request"]) {
    if (how === "while they idle") await gate.closeConnections();
    else
      await gate.rule({
        name: "end",
        match: lists("servers"),
        times: 1,
        action: { reset: true },
      });
    expectRead(await pull(), { unchanged: 48 });
  }
  await gate.dropAll();
  const no = { name: "no", match: lists("servers"), times: 2, action: refusal(503) };
  await gate.rule(no);
  const passing = await asked(gate, "/servers$", pull);
  expectRead(passing.result, { unchanged: 48 });
  expect(passing.requests.map((it) => it.status)).toEqual([503, 503, 200]);
  await gate.stop();
});

test.describe("with pages", () => {
  test.use({ settings: { ...patient, "cluster.page_size": 5 } });

  test("L17 L11: pages whose moment the cluster forgot begin again, and each object counts once", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const api = await hedgerow.server.as("operator");
    const second = { method: "GET", path: "/servers$", query: "continue=" };
    await gate.rule({ name: "between", match: second, times: 1, action: { hold: true } });
    const { run } = await api.start(fabric.id);
    await gate.holds("between");
    const { whole, namespace } = cluster;
    const change = { spec: { description: "changed meanwhile" } };
    await whole.patch("Server", namespace, "server-10", change);
    await whole.compact();
    await gate.release("between");
    const ended = await api.ended(run.id);
    expectRead(ended, { created: 48 });
    expect(rowOf(ended, "Server")).toMatchObject({ listed: 10, state: "passed" });
    const requests = await gate.requests("GET", "/servers$");
    expect(requests.map((it) => it.status)).toEqual([200, 410, 200, 200]);
    await gate.dropAll();
    expectRead(await api.pull(fabric.id), { unchanged: 48 });
  });

  test("L17 L11: pages that are always forgotten begin again three times, and prove no absence", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { api, fabric } = await readFabric(hedgerow, { cluster, through: gate });
    const pull = () => api.pull(fabric.id);
    const { whole, namespace } = cluster;
    await whole.remove("Server", namespace, "server-10");
    // The fresh token that comes with the refusal lists another moment.
    const gone = JSON.stringify({
      ...(JSON.parse(statusBody(410, "Expired")) as object),
      metadata: { continue: "fresh" },
    });
    const match = { ...lists("servers"), query: "continue=" };
    await gate.rule({ name: "gone", match, action: refusal(410, {}, gone) });
    const { result: run, requests } = await asked(gate, "/servers$", pull);
    expect(run, traceOf(run)).toMatchObject({
      outcome: "partly",
      code: "cluster_error",
      layer: 9,
      counts: { unchanged: 38, removed: 0 },
    });
    expect(rowOf(run, "Server")?.detail).toContain("410");
    expect(requests.filter((it) => !it.query.includes("continue")).length).toBe(4);
    expect(requests.filter((it) => it.query.includes("fresh"))).toEqual([]);
    const viewer = await hedgerow.server.as("viewer");
    expect((await viewer.objects(fabric.id)).count, "absence is not proven").toBe(48);
    await gate.dropAll();
    expectRead(await pull(), { unchanged: 47, removed: 1 });
  });
});

test("L15: the page says how often a kind was asked for, and the click after it works", async ({
  hedgerow,
  cluster,
  gate,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  await (await hedgerow.server.as("operator")).pull(fabric.id);
  await page.signIn("operator").open(fabric);
  await gate.rule({ name: "no", match: lists("servers"), action: refusal(503) });
  await clickAnew(page);
  await seeFault(page, { code: "cluster_error", outcome: "partly", says: /503.*asked 3 times/ });
  await page.getByRole("link", { name: /^Open run/ }).click();
  const row = page.getByRole("table", { name: "Kinds" }).getByRole("row");
  await expect(row.filter({ hasText: "Server" }).filter({ hasText: "in 3 tries" })).toHaveCount(1);
  await expect(row.filter({ hasText: "tries" })).toHaveCount(1);
  await page.goBack();
  await gate.dropAll();
  await seeRecovery(page);
});
