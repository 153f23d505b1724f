// Addresses that are not the plain host and port: they are kept as they were given, and used.
import { expect, fieldsOf, test } from "../support/fixtures";
import { freshKey } from "../support/api";
import { Gate } from "../support/gate";
import { expectRead } from "../support/read";
import { keep } from "../support/secrets";
import { expectBroken } from "../support/lab";

test("a cluster at an IPv6 address is read there", async ({ hedgerow, cluster }) => {
  const gate = await Gate.beforeCluster(cluster.whole, "--listen", "[::1]:0", "--names", "::1");
  const { server } = gate.lead(cluster.connection);
  expect(server).toMatch(/^https:\/\/\[::1\]:\d+$/);
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  expect(fabric.cluster?.server).toBe(server);
  const api = await hedgerow.server.as("operator");
  expect(await api.pull(fabric.id)).toMatchObject({
    outcome: "succeeded",
    counts: { created: 48 },
  });
  expect((await gate.requests("GET", "/servers$")).length).toBeGreaterThan(0);
  await gate.stop();
});

test("a cluster at an IPv6 address that knows us by a certificate alone is read, and refuses one that it did not sign", async ({
  hedgerow,
  cluster,
}) => {
  const { whole, namespace } = cluster;
  // Raw, so that the certificate is shown to the API server itself.
  const gate = await Gate.start(["--raw", "--listen", "[::1]:0", "--upstream", whole.url]);
  const { name, ...account } = await whole.certified();
  keep("a line of a client key", account.client_key.split("\n")[1] ?? "");
  const server = `https://${new URL(gate.url).host}`;
  expect(server).toMatch(/^https:\/\/\[::1\]:\d+$/);
  const place = { tls_server_name: "127.0.0.1", namespaces: [namespace] };
  const administrator = await hedgerow.server.as("administrator");
  const fields = { ...account, ...place, server };
  const climbed = await administrator.climb(fields);
  expect(climbed.outcome, JSON.stringify(climbed.rungs)).toBe("succeeded");
  expect(climbed.rungs.find(({ rung }) => rung === "credentials")?.evidence).toContain(name);
  const fabric = await administrator.addFabric("lab", fields);
  expect(fabric.cluster).toMatchObject({ server, has_client_certificate: true, has_token: false });

  const viewer = await hedgerow.server.as("viewer");
  const wish = { headers: { "Idempotency-Key": freshKey() }, body: { operation: "pull" } };
  const denied = { status: 403, code: "forbidden", layer: 6 };
  await viewer.refused(denied, "POST", `/api/fabrics/${fabric.id}/runs/`, wish);
  whole.forgetRequests();
  const operator = await hedgerow.server.as("operator");
  expectRead(await operator.pull(fabric.id), { created: 48 });
  expect(whole.askedBy("servers")).toEqual([name]);

  const impostor = await whole.certified(false);
  const credentials = ({ client_cert, client_key }: typeof account) => ({
    cluster: { client_cert, client_key },
  });
  await administrator.editFabric(fabric.id, credentials(impostor));
  const refused = await operator.pull(fabric.id);
  expectBroken(refused, { code: "cluster_unauthorized", layer: 9, outcome: "failed" });
  expect((await operator.objects(fabric.id)).count).toBe(48);
  await administrator.editFabric(fabric.id, credentials(account));
  expectRead(await operator.pull(fabric.id), { unchanged: 48 });
  await gate.stop();
});

test("a cluster below a path prefix is read there, and nothing is asked outside of it", async ({
  hedgerow,
  cluster,
  gate,
}) => {
  const prefix = "/k8s/clusters/c-1";
  await gate.rule({ name: "below", action: { strip: prefix } });
  const administrator = await hedgerow.server.as("administrator");
  const server = gate.url + prefix;
  const connection = { ...cluster.connection, server };
  const climbed = await administrator.climb({ ...connection });
  expect(climbed.outcome, JSON.stringify(climbed.rungs)).toBe("succeeded");
  const fabric = await administrator.addFabric("lab", fieldsOf(connection, cluster.namespace));
  expect(fabric.cluster?.server).toBe(server);
  const api = await hedgerow.server.as("operator");
  for (const counts of [{ created: 48 }, { unchanged: 48 }])
    expect(await api.pull(fabric.id)).toMatchObject({ outcome: "succeeded", counts });
  const asked = (await gate.requests("", "")).map(({ path }) => path);
  expect(asked.filter((path) => !path.startsWith(`${prefix}/`))).toEqual([]);
});
