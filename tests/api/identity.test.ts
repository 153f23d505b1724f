// Which cluster it is: another one behind the same address takes nothing away, whoever answers there.
import { TestCluster } from "../support/cluster";
import { keep } from "../support/secrets";
import { expect, test } from "../support/fixtures";
import { none } from "../support/read";

const invalid = { status: 400, code: "invalid", layer: 2 };
const forbidden = { status: 403, code: "forbidden", layer: 6 };
const wrong = { code: "wrong_cluster", layer: 7, outcome: "failed" };

test("K26: a real second cluster behind the same URL removes nothing until an administrator accepts it", async ({
  lab,
}) => {
  test.setTimeout(120_000);
  const { fabric, fields, cluster } = await lab.another();
  const other = await TestCluster.start("sample");
  try {
    const api = await lab.as("administrator");
    const before = await api.fabric(fabric.id);
    const upstream = { url: other.url, ca_file: other.report.ca_file };
    await lab.gate.rule({ name: "elsewhere", action: { upstream } });
    await lab.gate.closeConnections();
    // It knows nothing of the token that the first one gave.
    const refused = { code: "cluster_unauthorized", layer: 9, outcome: "failed" };
    await lab.fails(refused, fabric);
    const { token } = await other.reader();
    keep("the other cluster's token", token);
    await api.editFabric(fabric.id, { cluster: { token, namespaces: ["default"] } });
    const run = await lab.fails(wrong, fabric);
    expect(run.counts).toEqual(none);
    // The other one is to be read elsewhere, so they are out of scope by now; none is gone.
    expect((await api.objects(fabric.id, "&presence=out_of_scope")).count).toBe(48);
    expect((await api.objects(fabric.id, "&presence=removed")).count).toBe(0);

    const seen = (await api.fabric(fabric.id)).cluster;
    expect(seen?.identity).toBe(before.cluster?.identity);
    expect(seen?.new_identity).toMatch(/^[0-9a-f-]{36}$/);
    const accept_identity = seen?.new_identity ?? "";
    const path = `/api/fabrics/${fabric.id}/`;
    const { headers } = await api.ask("GET", path);
    const match = { "If-Match": headers.get("ETag") ?? "" };
    const operator = await lab.as("operator");
    await operator.refused(forbidden, "PATCH", path, {
      headers: match,
      body: { accept_identity },
    });
    for (const typed of ["00000000-0000-4000-8000-000000000000", before.cluster?.identity ?? ""])
      await api.refused(invalid, "PATCH", path, {
        headers: match,
        body: { accept_identity: typed },
      });
    await api.editFabric(fabric.id, { accept_identity });
    const accepted = await lab.pull(fabric);
    expect(accepted.outcome, accepted.summary).toBe("succeeded");
    const after = (await api.fabric(fabric.id)).cluster;
    expect(after).toMatchObject({ identity: accept_identity, new_identity: null });
  } finally {
    await lab.gate.dropAll();
    await lab.gate.closeConnections();
    await other.stop();
  }
  // The way back is the same: the first cluster is now the other one.
  const api = await lab.as("administrator");
  const { token } = cluster.connection;
  const { namespaces = [] } = fields;
  await api.editFabric(fabric.id, { cluster: { token, namespaces } });
  await lab.fails(wrong, fabric);
  const back = (await api.fabric(fabric.id)).cluster?.new_identity ?? "";
  await api.editFabric(fabric.id, { accept_identity: back });
  expect((await lab.pull(fabric)).outcome).toBe("succeeded");
  expect((await api.objects(fabric.id, `&namespace=${cluster.namespace}`)).count).toBe(48);
});

test("an identity that may not be read removes nothing, although lists are whole", async ({
  lab,
}) => {
  const { fabric, cluster } = await lab.another();
  const body = JSON.stringify({ kind: "Status", status: "Failure", code: 403 });
  const match = { path: "/namespaces/kube-system$" };
  await lab.gate.rule({ name: "no", match, action: { answer: { status: 403, body } } });
  await cluster.whole.remove("Server", cluster.namespace, "server-09");
  const partly = { code: "cluster_forbidden", layer: 9, outcome: "partly" };
  const run = await lab.fails(partly, fabric);
  expect(run.counts).toMatchObject({ unchanged: 47, removed: 0 });
  await lab.expectWhole(fabric);
  await lab.gate.dropAll();
  await lab.expectGood(fabric, { unchanged: 47, removed: 1 });
});
