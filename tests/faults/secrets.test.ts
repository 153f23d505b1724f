// Secrets that a cluster keeps in its objects (row L35): what is not needed is not read, what is copied is masked.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freshKey } from "../support/api";
import { expect, test } from "../support/fixtures";
import { expectRead } from "../support/read";

const annotation = "kubectl.kubernetes.io/last-applied-configuration";

test("L35: what kubectl keeps of a secret is masked, and an Agent's secrets are not even read", async ({
  hedgerow,
  cluster,
}) => {
  const { namespace } = cluster;
  const canary = `canary-${freshKey()}`;
  const name = "server-01";
  await cluster.whole.must(
    "PATCH",
    `/apis/agent.githedgehog.com/v1beta1/namespaces/${namespace}/agents/leaf-1?fieldManager=tests`,
    {
      apiVersion: "agent.githedgehog.com/v1beta1",
      kind: "Agent",
      metadata: { name: "leaf-1" },
      spec: { users: [{ name: "admin", password: `$5$${canary}` }] },
    },
    "application/apply-patch+yaml",
  );
  const applied = JSON.stringify({ spec: { password: canary } });
  const metadata = { annotations: { [annotation]: applied, "lab/owner": "row 7" } };
  await cluster.whole.patch("Server", namespace, name, { metadata });
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  expectRead(await operator.pull(fabric.id), { created: 48 });
  const server = (await operator.objects(fabric.id, "&kind=Server")).results.find(
    (row) => row.name === name,
  );
  const { text } = await operator.ask("GET", `/api/objects/${server?.id}/`);
  expect(text).toContain("row 7");
  expect(text).toContain("(masked)");
  expect(text).not.toContain(canary);
  const folder = dirname(hedgerow.server.database);
  const holding = (words: string) =>
    readdirSync(folder).filter((file) => readFileSync(join(folder, file)).includes(words));
  expect(holding(canary)).toEqual([]);
  // The measure itself: what is beside it is found.
  expect(holding("row 7")).not.toEqual([]);
  // It is there for who reads all: the cluster still has it, and its kind says why it is not in the record.
  const agents = (await operator.kinds(fabric.id)).find(({ kind }) => kind === "Agent");
  expect(agents).toMatchObject({ coverage: "out_of_scope" });
  expect(cluster.lists("agents")).toBe(0);
  expect(cluster.lists("servers")).toBeGreaterThan(0);
  expectRead(await operator.pull(fabric.id), { unchanged: 48 });
});
