// What a cluster can do to a run: each fault has its code, layer and outcome, nothing that was read before is
// lost, partly is never green, and the next good run works.
import { expect, test, fieldsOf } from "../support/fixtures";
import { blackHole } from "../support/black_hole";
import { TestCluster, type KubeObject } from "../support/cluster";
import { asPeopleHaveThem } from "../support/defaults";
import { Gate, heldRun, notReady, withoutKinds, withoutLists, type Rule } from "../support/gate";
import { statusBody } from "../support/lab";
import { expectRead, readFabric, type Read } from "../support/read";
import { traceOf } from "../support/person";
import { asVersionBefore } from "../support/record";
import { expectRunSays } from "../support/sentence";
import { freePort, patient } from "../support/server";
import type { Run } from "../support/types";

interface Expected {
  outcome: Run["outcome"];
  code: string;
  layer: number;
}

function expectFault(run: Run, expected: Expected): void {
  const { outcome, code, layer } = run;
  expect({ outcome, code, layer }, `${run.summary}\n${traceOf(run)}`).toEqual(expected);
  expectRunSays(run);
  // Exactly that layer is red; one that was stopped in its middle is not.
  const red = outcome === "partly" ? "partly" : "failed";
  const unwell = run.trace.filter((it) => it.state === red || it.state === "failed");
  expect(
    unwell.map((it) => it.layer),
    traceOf(run),
  ).toEqual([expected.layer]);
  expect(run.counts.removed).toBe(0);
}

// Nothing lost, and the next good run works.
async function expectRecovery({ api, fabric }: Omit<Read, "first">): Promise<void> {
  expect((await api.objects(fabric.id)).count, "nothing is lost").toBe(48);
  const run = await api.pull(fabric.id);
  expect(run, traceOf(run)).toMatchObject({
    outcome: "succeeded",
    counts: { unchanged: 48, removed: 0 },
  });
  expect((await api.fabric(fabric.id)).headline.state).toBe("read");
}

const status = (code: number, reason: string, message: string) => ({
  status: code,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    code,
    reason,
    message,
  }),
});

const servers = { method: "GET", path: "/servers$" };

// What befalls one kind.
const ofOneKind: Record<string, [Rule, string]> = {
  "403 on one kind": [
    {
      name: "f",
      match: servers,
      action: { answer: status(403, "Forbidden", "servers is forbidden") },
    },
    "cluster_forbidden",
  ],
  "L05: 404 on one kind": [
    {
      name: "f",
      match: servers,
      action: { answer: { status: 404, body: "404 page not found\n" } },
    },
    "kind_missing",
  ],
  "429 on one kind": [
    { name: "f", match: servers, action: { answer: status(429, "TooManyRequests", "slow down") } },
    "cluster_throttled",
  ],
  "500 on one kind": [
    { name: "f", match: servers, action: { answer: status(500, "InternalError", "etcd is away") } },
    "cluster_error",
  ],
  "K14: a kind that hangs": [
    { name: "f", match: servers, action: { black_hole: true } },
    "cluster_timeout",
  ],
  "a Status where a List should be": [
    {
      name: "f",
      match: servers,
      action: {
        answer: {
          status: 200,
          headers: { "Content-Type": "application/json" },
          body: '{"kind":"Status","apiVersion":"v1","status":"Success"}',
        },
      },
    },
    "malformed",
  ],
  "K16: an answer that ends in the middle": [
    { name: "f", match: servers, action: { cut: { after: 900 } } },
    "reply_truncated",
  ],
  "a JSON key that comes twice": [
    {
      name: "f",
      match: servers,
      action: { rewrite: [{ path: "$.items[0].metadata.name", duplicate: "somebody-else" }] },
    },
    "malformed",
  ],
};

for (const [what, [rule, code]] of Object.entries(ofOneKind))
  test(`${what} is ${code} on layer 9 and partly; the other kinds are complete`, async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const read = await readFabric(hedgerow, { cluster, through: gate });
    await gate.rule(rule);
    const run = await read.api.pull(read.fabric.id);
    expectFault(run, { outcome: "partly", code, layer: 9 });
    const kind = run.kinds.find((it) => it.kind === "Server");
    expect(kind?.code, JSON.stringify(run.kinds)).toBe(code);
    expect(run.counts.unchanged).toBe(38);
    const known = (await read.api.kinds(read.fabric.id)).find((it) => it.kind === "Server");
    expect(known?.objects, "the ten servers stay").toBe(10);
    await gate.dropAll();
    await expectRecovery(read);
  });

test("L03: an account that may list no kind any more fails the run as cluster_forbidden", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const read = await readFabric(hedgerow, { cluster, through: gate });
  await gate.rule({
    name: "all",
    match: { method: "GET", path: "^/apis/[a-z]+\\.githedgehog\\.com/[^/]+/.*[a-z]+$" },
    action: { answer: status(403, "Forbidden", "is forbidden") },
  });
  const run = await read.api.pull(read.fabric.id);
  expectFault(run, { outcome: "failed", code: "cluster_forbidden", layer: 9 });
  const { counts, facts, headline } = await read.api.fabric(read.fabric.id);
  expect(counts.objects, "as it was last proven").toBe(48);
  expect(facts.last_run.state).toBe("failed");
  expect(headline.state).not.toBe("read");
  await gate.dropAll();
  await expectRecovery(read);
});

test("layer 9: an account that may not list a kind is told the rule that is missing", async ({
  hedgerow,
  cluster,
}) => {
  const administrator = await hedgerow.server.as("administrator");
  const account = await cluster.whole.reader(["servers"]);
  const fabric = await administrator.addFabric("lab", fieldsOf(account, cluster.namespace));
  const run = await administrator.pull(fabric.id);
  expectFault(run, { outcome: "partly", code: "cluster_forbidden", layer: 9 });
  expect(run.kinds.find((it) => it.kind === "Server")?.remedy).toMatch(/apiGroups.*servers.*list/s);
  expect(run.counts.created).toBe(38);
});

test("L01: a token that was revoked fails the run as cluster_unauthorized on layer 9", async ({
  hedgerow,
  cluster,
}) => {
  const administrator = await hedgerow.server.as("administrator");
  const account = await cluster.whole.reader();
  const fabric = await administrator.addFabric("lab", fieldsOf(account, cluster.namespace));
  expect((await administrator.pull(fabric.id)).outcome).toBe("succeeded");
  await cluster.whole.revoke(account);
  const run = await administrator.pull(fabric.id);
  expectFault(run, { outcome: "failed", code: "cluster_unauthorized", layer: 9 });
  expect((await administrator.fabric(fabric.id)).facts.reach.state).toBe("refused");
  await administrator.editFabric(fabric.id, { cluster: { token: cluster.connection.token } });
  await expectRecovery({ api: administrator, fabric });
});

interface Definition extends KubeObject {
  spec: { group: string; names: { plural: string }; versions: { name: string }[] };
}

// Installs what one cluster knows in another, as an administrator of it would, until it announces all of it.
async function install(from: TestCluster, into: TestCluster): Promise<void> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const { items } = (await from.must("GET", path)) as { items: Definition[] };
  for (const { metadata, spec } of items) {
    const { name, annotations } = metadata;
    const kind = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
    await into.must("POST", path, { ...kind, metadata: { name, annotations }, spec });
  }
  for (const { spec } of items) {
    const group = `/apis/${spec.group}/${spec.versions[0]?.name}`;
    const announced = () => into.must("GET", group).then(JSON.stringify, String);
    await expect.poll(announced).toContain(`"${spec.names.plural}"`);
  }
}

test("layer 9: a cluster without Hedgehog kinds is no_kinds and not 0 objects, until they are installed", async ({
  hedgerow,
  sharedCluster,
  wiring,
}) => {
  const api = await hedgerow.server.as("administrator");
  const bare = await TestCluster.start();
  const fabric = await api.addFabric("lab", fieldsOf(await bare.reader()));
  expectFault(await api.pull(fabric.id), { outcome: "failed", code: "no_kinds", layer: 9 });
  const { counts, facts } = await api.fabric(fabric.id);
  expect(counts.objects, "not measured").toBeNull();
  expect(facts.reach.state).toBe("reachable");
  await install(sharedCluster, bare);
  await bare.load(wiring, "lab");
  await api.editFabric(fabric.id, { cluster: { namespaces: ["lab"] } });
  expect(await api.pull(fabric.id)).toMatchObject({
    outcome: "succeeded",
    counts: { created: 48, removed: 0 },
  });
  await bare.stop();
});

test("layer 9: a cluster that is ready and shows none of its kinds is no_kinds, and nothing is lost", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const read = await readFabric(hedgerow, { cluster, through: gate });
  await gate.rule(withoutKinds, withoutLists);
  const run = await read.api.pull(read.fabric.id);
  expectFault(run, { outcome: "failed", code: "no_kinds", layer: 9 });
  expect(run.trace.at(8)?.evidence).toMatch(
    /shows none of the \d+ Hedgehog kinds that the record has of it: it does not name them, nor know their lists when asked\. Nothing was removed\./,
  );
  expect((await gate.requests("GET", "^/readyz$")).length).toBe(1);
  await gate.dropAll();
  await expectRecovery(read);
});

test("layer 9: an API server that has just started is waited for, and then shows all its kinds", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const read = await readFabric(hedgerow, { cluster, through: gate });
  await gate.rule({ ...withoutKinds, times: 1 });
  await gate.rule({ ...notReady, times: 2 });
  const run = await read.api.pull(read.fabric.id);
  expectRead(run, { unchanged: 48 });
  expect(run.trace.at(8)?.evidence).toContain("2 requests sent again");
  // Nor does it know any roles yet.
  const match = { path: "^/api/v1/namespaces/" };
  const answer = { status: 403, body: statusBody(403, "Forbidden") };
  await gate.rule({ name: "no roles", match, times: 1, action: { answer } });
  await gate.rule({ ...notReady, name: "not ready again", times: 2 });
  expectRead(await read.api.pull(read.fabric.id), { unchanged: 48 });
});

test("layer 9: an API server that is ready before its discovery knows all kinds is read all the same", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const read = await readFabric(hedgerow, { cluster, through: gate });
  await gate.rule(withoutKinds);
  expectRead(await read.api.pull(read.fabric.id), { unchanged: 48 });
  // What may not be asked says nothing of what is there.
  const refused = { answer: status(403, "Forbidden", "switches is forbidden") };
  await gate.rule({ name: "no", match: { path: "/switches(\\?|$)" }, action: refused });
  const withheld = await read.api.pull(read.fabric.id);
  expectFault(withheld, { outcome: "partly", code: "cluster_forbidden", layer: 9 });
  await gate.drop("no");
  // One that was read and is not known now is gone; its objects stay.
  await gate.rule({ ...withoutLists, match: { path: "/switches(\\?|$)" } });
  const run = await read.api.pull(read.fabric.id);
  expectFault(run, { outcome: "partly", code: "kind_missing", layer: 9 });
  expect(run.counts.removed).toBe(0);
  await gate.dropAll();
  await expectRecovery(read);
});

test("layer 9: an API server that does not become ready is named with what it waits for", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const read = await readFabric(hedgerow, { cluster, through: gate });
  await gate.rule(withoutKinds);
  await gate.rule(notReady);
  const run = await read.api.pull(read.fabric.id);
  expectFault(run, { outcome: "failed", code: "cluster_error", layer: 9 });
  expect(run.summary).toContain(
    "API server says that it is not ready: poststarthook/crd-informer-synced. It was asked 3 times.",
  );
  const { headline } = await read.api.fabric(read.fabric.id);
  expect(headline.state).toBe("failing");
  await gate.dropAll();
  await expectRecovery(read);
});

test.describe("with the patience that people have", () => {
  test.use({ settings: { ...patient, ...asPeopleHaveThem(/^outbound\./) } });

  test("a click at the first open port of a cluster that crashed reads it all, or says that it is not ready", async ({
    hedgerow,
    wiring,
  }) => {
    test.slow();
    const own = await TestCluster.start(wiring);
    await own.load(wiring, "lab");
    const administrator = await hedgerow.server.as("administrator");
    const fabric = await administrator.addFabric("lab", fieldsOf(await own.reader(), "lab"));
    const api = await hedgerow.server.as("operator");
    expectRead(await api.pull(fabric.id), { created: 48 });
    const runs = await own.crash(async () => {
      const all = [await api.pull(fabric.id)];
      while (all.at(-1)?.outcome !== "succeeded" && all.length < 20)
        all.push(await api.pull(fabric.id));
      return all;
    });
    const last = runs.pop();
    expect(last, last?.summary).toMatchObject({ outcome: "succeeded", counts: { unchanged: 48 } });
    for (const { code, summary } of runs)
      expect(["cluster_error", "cluster_throttled"], summary).toContain(code);
    await own.stop();
  });
});

interface Unreached {
  befall: Rule | ((gate: Gate) => Promise<void>);
  code: string;
  reach: "unreachable" | "untrusted";
  // 7 when left out.
  layer?: number;
  // Of what the run says.
  words?: RegExp;
  // Not even a request comes to where the token must not go.
  isDumb?: true;
}

const answering = (headers: Record<string, string>, more: { status: number; body?: string }) => ({
  name: "web",
  action: { answer: { headers, ...more } },
});

const speaking = (banner: { first?: string; reply: string }): Unreached => ({
  befall: { name: "other", on: "connection", action: { banner } },
  code: "not_kubernetes",
  reach: "unreachable",
  words: /not TLS|no TLS/,
  isDumb: true,
});

// What befalls the way to the cluster.
const onTheWay: Record<string, Unreached> = {
  "a certificate of another CA": {
    befall: (gate) => gate.show("other-ca"),
    code: "tls_untrusted",
    reach: "untrusted",
    isDumb: true,
  },
  "K10: a certificate for another name": {
    befall: (gate) => gate.show("wrong-name"),
    code: "tls_name",
    reach: "untrusted",
    words: /127\.0\.0\.1/,
    isDumb: true,
  },
  "K08: a certificate that has ended": {
    befall: (gate) => gate.show("expired"),
    code: "tls_expired",
    reach: "untrusted",
    words: /\d{4}-\d\d-\d\d/,
    isDumb: true,
  },
  "a web page instead of Kubernetes": {
    befall: answering(
      { "Content-Type": "text/html" },
      { status: 200, body: "<title>Login</title>" },
    ),
    code: "not_kubernetes",
    reach: "unreachable",
  },
  "K20: a redirect to elsewhere": {
    befall: answering({ Location: "https://elsewhere.example/" }, { status: 302 }),
    code: "redirect_refused",
    reach: "unreachable",
  },
  "K24: SSH on the port": speaking({ first: "SSH-2.0-OpenSSH_9.2p1\r\n", reply: "Invalid.\r\n" }),
  "K24: Redis on the port": speaking({ reply: "-ERR unknown command\r\n" }),
};

// All that was read before, and when.
async function snapshot({ api, fabric }: Omit<Read, "first">) {
  const { results } = await api.objects(fabric.id);
  const { counts, facts, cluster } = await api.fabric(fabric.id);
  expect(results.length).toBe(48);
  expect(facts.match.as_of, "it has a date").not.toBeNull();
  const { identity } = cluster ?? {};
  return { results, counts, identity, match: facts.match, kinds: await api.kinds(fabric.id) };
}

// A run of a fabric that was read before, while the way is as it is now: the fault by name, and the record as it was.
async function expectUnreached(
  read: Read,
  { code, reach, layer = 7, words = /./ }: Omit<Unreached, "befall">,
): Promise<Run> {
  const before = await snapshot(read);
  const run = await read.api.pull(read.fabric.id);
  expectFault(run, { outcome: "failed", code, layer });
  expect(run.summary).toMatch(words);
  const { facts, headline } = await read.api.fabric(read.fabric.id);
  expect(facts.reach).toMatchObject({ state: reach, code });
  expect(facts.last_run).toMatchObject({ state: "failed", run: run.id });
  expect(headline).toMatchObject({ state: "cannot_tell" });
  expect(await snapshot(read), "what was read, with its dates").toEqual(before);
  return run;
}

for (const [what, fault] of Object.entries(onTheWay))
  test(`${what} fails the run as ${fault.code} on layer 7`, async ({ hedgerow, cluster, gate }) => {
    const read = await readFabric(hedgerow, { cluster, through: gate });
    const { befall } = fault;
    if (typeof befall === "function") await befall(gate);
    else await gate.rule(befall);
    await gate.closeConnections();
    const came = { requests: (await gate.requests()).length, times: await gate.connections() };
    await expectUnreached(read, fault);
    expect(await gate.connections(), "it was tried").toBeGreaterThan(came.times);
    // No token goes out without a request.
    if (fault.isDumb) expect((await gate.requests()).length).toBe(came.requests);
    await gate.dropAll();
    await gate.show("good");
    await expectRecovery(read);
  });

test.describe("with the deadlines that people have on the way", () => {
  test.use({ settings: asPeopleHaveThem(/^(outbound\.deadlines\..*|runs\.no_progress)$/) });

  // Neither before the time nor long after it.
  const fiveSeconds = ({ ms }: Run) => {
    expect(ms).toBeGreaterThan(4_900);
    expect(ms).toBeLessThan(8_000);
  };

  test("K06: a port that swallows every greeting fails the run as tcp_timeout after 5 s, on layer 7", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const read = await readFabric(hedgerow, { cluster, through: gate });
    await gate.stop();
    const hole = await blackHole(new URL(gate.url).port);
    const words = /No answer from .* within 5 s/;
    fiveSeconds(await expectUnreached(read, { code: "tcp_timeout", reach: "unreachable", words }));
    await hole.close();
    const again = await Gate.again(gate, cluster.whole);
    await expectRecovery(read);
    await again.stop();
  });

  test("K12: a TLS handshake that stalls fails the run as tls_timeout after 5 s, on layer 7", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const read = await readFabric(hedgerow, { cluster, through: gate });
    await gate.rule({ name: "stalled", on: "connection", action: { black_hole: true } });
    await gate.closeConnections();
    const came = (await gate.requests()).length;
    const words = /did not finish the TLS handshake within 5 s/;
    fiveSeconds(await expectUnreached(read, { code: "tls_timeout", reach: "unreachable", words }));
    expect((await gate.requests()).length, "no token went out").toBe(came);
    await gate.dropAll();
    await expectRecovery(read);
  });
});

test.describe("with all deadlines but that of an answer as people have them", () => {
  const others =
    /^(outbound\.deadlines\.(dns|connect|tls|floor_span|total)|cluster\.ladder_total|runs\.no_progress)$/;
  test.use({ settings: asPeopleHaveThem(others) });

  // A tenth of the 15 s that people have.
  test("K14: a cluster that takes the question and never answers fails the run as cluster_timeout in its time", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const read = await readFabric(hedgerow, { cluster, through: gate });
    await gate.rule({ name: "silent", action: { black_hole: true } });
    const words = /took the request but sent no answer within 1\.5 s/;
    const silent = { code: "cluster_timeout", layer: 9, reach: "unreachable", words } as const;
    const { ms } = await expectUnreached(read, silent);
    expect(ms).toBeGreaterThan(1_400);
    expect(ms, "far from all other deadlines").toBeLessThan(8_000);
    await gate.dropAll();
    await expectRecovery(read);
  });
});

test("layer 7: a closed port and a black hole fail the run, soon and by name", async ({
  hedgerow,
  cluster,
}) => {
  const api = await hedgerow.server.as("administrator");
  const fabric = await hedgerow.fabric({ cluster });
  expect((await api.pull(fabric.id)).outcome).toBe("succeeded");
  const { token } = cluster.connection;
  const hole = await blackHole();
  for (const [port, code] of [
    [await freePort(), "tcp_refused"],
    [hole.port, "tcp_timeout"],
  ] as const) {
    await api.editFabric(fabric.id, { cluster: { server: `https://127.0.0.1:${port}`, token } });
    expectFault(await api.pull(fabric.id), { outcome: "failed", code, layer: 7 });
  }
  await hole.close();
  await api.editFabric(fabric.id, { cluster: { server: cluster.connection.server, token } });
  await expectRecovery({ api, fabric });
});

test("layer 7: another cluster behind the same address removes nothing until an administrator confirms it", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const read = await readFabric(hedgerow, { cluster, through: gate });
  const other = "5a5a5a5a-0000-4000-8000-5a5a5a5a5a5a";
  await gate.rule({
    name: "other",
    match: { method: "GET", path: "/namespaces/kube-system$" },
    action: { rewrite: [{ path: "$.metadata.uid", set: other }] },
  });
  const run = await read.api.pull(read.fabric.id);
  expectFault(run, { outcome: "failed", code: "wrong_cluster", layer: 7 });
  const { cluster: seen } = await read.api.fabric(read.fabric.id);
  expect(seen?.new_identity).toBe(other);
  const administrator = await hedgerow.server.as("administrator");
  await administrator.editFabric(read.fabric.id, { accept_identity: other });
  expect((await read.api.pull(read.fabric.id)).outcome).toBe("succeeded");
});

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  for (const [left, sql] of Object.entries({ "": "", " with the version before": asVersionBefore }))
    test(`J16: a run whose server${left} was killed is lost, and its repetition works by itself, layer 8`, async ({
      hedgerow,
      cluster,
      gate,
    }) => {
      const read = await readFabric(hedgerow, { cluster, through: gate });
      const run = await heldRun(gate, read.api, read.fabric.id);
      await hedgerow.server.kill();
      await gate.dropAll();
      const { record } = hedgerow.server;
      await record.change(sql);
      const running = await record.rows("SELECT id FROM runs WHERE state = 'running'");
      expect(running).toEqual([{ id: run.id }]);
      await hedgerow.server.begin();
      const lost = await read.api.ended(run.id);
      expectFault(lost, { outcome: "lost", code: "lost", layer: 8 });
      expect((await read.api.repetition(read.fabric.id, run.id)).outcome).toBe("succeeded");
      await expectRecovery(read);
    });
});

test.describe("with a short patience for runs in which nothing moves", () => {
  test.use({ settings: { ...patient, "runs.no_progress": "2s" } });

  test("layer 8: such a run ends as no_progress", async ({ hedgerow, cluster, gate }) => {
    const read = await readFabric(hedgerow, { cluster, through: gate });
    // Whoever looks after the server is told as well.
    hedgerow.server.allowedInLog.push(/"event":"(run_stalled|worker_replaced)"/);
    await gate.rule({ name: "hold", match: servers, action: { hold: true } });
    const run = await read.api.pull(read.fabric.id);
    expectFault(run, { outcome: "failed", code: "no_progress", layer: 8 });
    await gate.dropAll();
    await expectRecovery(read);
  });
});
