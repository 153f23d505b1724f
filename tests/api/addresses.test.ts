// Addresses that are not the plain host and port: they are kept as they were given, and used.
import { expect, fieldsOf, test } from "../support/fixtures";
import { Gate } from "../support/gate";

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
