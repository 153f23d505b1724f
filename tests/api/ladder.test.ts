// The ladder of a connection test: each rung that breaks has its own code and sentence, comes soon, and the
// rungs behind it are not reached.
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import type { Api } from "../support/api";
import { expect, test } from "../support/fixtures";
import { blackHole } from "../support/black_hole";
import { TestCluster } from "../support/cluster";
import { Gate, notReady, withoutKinds, type TlsMode } from "../support/gate";
import { freePort } from "../support/server";
import type { ConnectionFields, ConnectionTest } from "../support/types";

const failedRung = (climbed: ConnectionTest) => climbed.rungs.find((it) => it.state === "failed");

function expectBroken(climbed: ConnectionTest, rung: string, code: string, words: RegExp): void {
  const failed = failedRung(climbed);
  expect(climbed.outcome).toBe("failed");
  expect({ rung: failed?.rung, code: failed?.code }, JSON.stringify(climbed.rungs)).toEqual({
    rung,
    code,
  });
  expect(failed?.detail).toMatch(words);
  expect(failed?.next, "says what to do").toBeTruthy();
  const behind = climbed.rungs.slice(climbed.rungs.findIndex((it) => it === failed) + 1);
  expect(new Set(behind.map((it) => it.state))).toEqual(new Set(["not_reached"]));
}

async function expectGood(api: Api, fields: ConnectionFields): Promise<void> {
  const climbed = await api.climb({ ...fields });
  expect(climbed.outcome, JSON.stringify(climbed.rungs)).toBe("succeeded");
}

test("a good connection is climbed to the top with evidence on each rung", async ({
  hedgerow,
  cluster,
}) => {
  const api = await hedgerow.server.as("administrator");
  const climbed = await api.climb({ ...cluster.connection });
  expect(climbed.outcome, JSON.stringify(climbed.rungs)).toBe("succeeded");
  expect(climbed.rungs.map((it) => it.state)).toEqual(climbed.rungs.map(() => "passed"));
  for (const rung of climbed.rungs) expect(rung.evidence, rung.rung).toBeTruthy();
});

test("a name that does not resolve is dns_failed", async ({ hedgerow, cluster }) => {
  const api = await hedgerow.server.as("administrator");
  const climbed = await api.climb({ ...cluster.connection, server: "https://vlab.invalid:6443" });
  expectBroken(climbed, "address", "dns_failed", /vlab\.invalid/);
});

test("a closed port is tcp_refused", async ({ hedgerow, cluster }) => {
  const api = await hedgerow.server.as("administrator");
  const port = await freePort();
  const climbed = await api.climb({ ...cluster.connection, server: `https://127.0.0.1:${port}` });
  expectBroken(climbed, "tcp", "tcp_refused", new RegExp(`127\\.0\\.0\\.1:${port}`));
});

test("K06: a port that swallows everything is tcp_timeout", async ({ hedgerow, cluster }) => {
  const api = await hedgerow.server.as("administrator");
  const hole = await blackHole();
  const climbed = await api.climb({
    ...cluster.connection,
    server: `https://127.0.0.1:${hole.port}`,
  });
  expectBroken(climbed, "tcp", "tcp_timeout", /No answer|did not answer|within/);
  await hole.close();
  await expectGood(api, cluster.connection);
});

const certificates: [TlsMode, string, RegExp][] = [
  ["other-ca", "tls_untrusted", /not signed|CA/],
  ["self-signed", "tls_untrusted", /not signed|CA/],
  ["wrong-name", "tls_name", /127\.0\.0\.1/],
  ["expired", "tls_expired", /\d{4}-\d\d-\d\d/],
];
for (const [mode, code, words] of certificates)
  test(`a certificate that is ${mode} is ${code}, and no token is sent`, async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const api = await hedgerow.server.as("administrator");
    const fields: ConnectionFields = { ...gate.lead(cluster.connection) };
    await gate.show(mode);
    expectBroken(await api.climb(fields), "tls", code, words);
    expect(await gate.requests("", "")).toEqual([]);
    await gate.show("good");
    await expectGood(api, fields);
  });

test("K12: a handshake that stalls is tls_timeout", async ({ hedgerow, cluster }) => {
  const api = await hedgerow.server.as("administrator");
  const stalled = await Gate.start(["--speak", "stalled"]);
  const server = stalled.url.replace(/^http:/, "https:");
  const climbed = await api.climb({ ...cluster.connection, server });
  expectBroken(climbed, "tls", "tls_timeout", /TLS|handshake/i);
  await stalled.stop();
  await expectGood(api, cluster.connection);
});

test("a web server that is no Kubernetes is not_kubernetes", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const api = await hedgerow.server.as("administrator");
  const html = "<!doctype html><title>It works</title>";
  const answer = { status: 200, headers: { "Content-Type": "text/html" }, body: html };
  await gate.rule({ name: "web", action: { answer } });
  const climbed = await api.climb({ ...gate.lead(cluster.connection) });
  expect(failedRung(climbed)?.code, JSON.stringify(climbed.rungs)).toBe("not_kubernetes");
});

test("K24: a server that speaks SSH is not_kubernetes", async ({ hedgerow, cluster }) => {
  const api = await hedgerow.server.as("administrator");
  const ssh = await Gate.start(["--speak", "ssh"]);
  const server = ssh.url.replace(/^http:/, "https:");
  expectBroken(
    await api.climb({ ...cluster.connection, server }),
    "tls",
    "not_kubernetes",
    /SSH|not TLS|no TLS/i,
  );
  await ssh.stop();
  await expectGood(api, cluster.connection);
});

test("a token that was revoked is cluster_unauthorized", async ({ hedgerow, cluster }) => {
  const api = await hedgerow.server.as("administrator");
  const account = await cluster.whole.reader();
  await cluster.whole.revoke(account);
  expectBroken(await api.climb({ ...account }), "credentials", "cluster_unauthorized", /401/);
  await expectGood(api, cluster.connection);
});

test("a Kubernetes without Hedgehog is no_kinds", async ({ hedgerow }) => {
  const api = await hedgerow.server.as("administrator");
  const bare = await TestCluster.start();
  const account = await bare.reader();
  expectBroken(
    await api.climb({ ...account }),
    "kinds",
    "no_kinds",
    /none of the kinds that Hedgerow reads/,
  );
  await bare.stop();
});

test("a Kubernetes that has just started is waited for, and says what it waits for itself", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const api = await hedgerow.server.as("administrator");
  const { connection } = cluster;
  await gate.rule({ ...withoutKinds, times: 1 });
  await gate.rule({ ...notReady, times: 2 });
  await expectGood(api, gate.lead(connection));
  await gate.dropAll();
  await gate.rule(withoutKinds);
  await gate.rule(notReady);
  expectBroken(
    await api.climb(gate.lead(connection)),
    "kinds",
    "cluster_error",
    /says that it is not ready: poststarthook\/crd-informer-synced/,
  );
  await gate.dropAll();
  await expectGood(api, gate.lead(connection));
});

test("an account that may not read one kind is told which, with the rule to copy", async ({
  hedgerow,
  cluster,
}) => {
  const api = await hedgerow.server.as("administrator");
  const account = await cluster.whole.reader(["gatewaygroups"]);
  const climbed = await api.climb({ ...account });
  const rights = climbed.rungs.find((it) => it.rung === "rights");
  expect(rights?.code, JSON.stringify(climbed.rungs)).toBe("cluster_forbidden");
  expect(`${rights?.detail} ${rights?.remedy}`).toContain("gatewaygroups");
});

test("this machine itself is out of reach unless the settings allow it", async ({
  hedgerow,
  cluster,
}) => {
  const api = await hedgerow.server.as("administrator");
  let reached = 0;
  const own: Server = createServer(() => (reached += 1)).listen(0, "127.0.0.2");
  await once(own, "listening");
  const address = own.address();
  const port = address && typeof address === "object" ? address.port : 0;
  const climbed = await api.climb({ ...cluster.connection, server: `https://127.0.0.2:${port}` });
  expect(failedRung(climbed)?.code, JSON.stringify(climbed.rungs)).toBe("address_blocked");
  expect(reached, "bytes reached it").toBe(0);
  own.close();
});
