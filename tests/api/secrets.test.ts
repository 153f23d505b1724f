// Where secrets may not be: in no answer, no log line, and on the disk only sealed or hashed.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, fieldsOf } from "../support/fixtures";
import { passwords } from "../support/server";
import { mustRun } from "../support/process";
import { keptSecrets } from "../support/secrets";

test("tokens, keys and passwords are in no file of the data folder as they are", async ({
  hedgerow,
  cluster,
}) => {
  const api = await hedgerow.server.as("administrator");
  const fabric = await api.addFabric("by token", fieldsOf(cluster.connection, cluster.namespace));
  const words =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=lab -days 2";
  const pem = await mustRun("openssl", [...words.split(" "), "-keyout", "-", "-out", "-"]);
  const cut = pem.indexOf("-----BEGIN CERTIFICATE-----");
  const [key, certificate] = [pem.slice(0, cut), pem.slice(cut)];
  const { server, ca } = cluster.connection;
  await api.addFabric("by certificate", { server, ca, client_cert: certificate, client_key: key });
  expect((await api.pull(fabric.id)).outcome).toBe("succeeded");
  await hedgerow.server.stranger().ask("POST", "/api/session/", {
    body: { username: passwords.viewer, password: passwords.operator },
  });
  await hedgerow.server.stop();

  const canaries = [
    ...keptSecrets().keys(),
    key.split("\n")[1] ?? key,
    api.cookie.split("=")[1] ?? "",
  ];
  const folder = dirname(hedgerow.server.database);
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (!statSync(file).isFile()) continue;
    const content = readFileSync(file);
    for (const canary of canaries)
      expect(content.includes(Buffer.from(canary)), `${name} holds a secret`).toBe(false);
    if (name.startsWith("hedgerow.db") || name === "hedgerow.key")
      expect(statSync(file).mode & 0o077, `${name} is for its owner only`).toBe(0);
  }
});

test("a wrong key file makes a run fail by name instead of sending rubbish", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const api = await hedgerow.server.as("administrator");
  expect((await api.pull(fabric.id)).outcome).toBe("succeeded");
  cluster.forgetRequests();
  await hedgerow.server.restart(async () => {
    const file = join(dirname(hedgerow.server.database), "hedgerow.key");
    await mustRun("rm", [file]);
    expect((await hedgerow.server.bare(["key", "create", file])).code).toBe(0);
  });
  const run = await api.pull(fabric.id);
  expect(run).toMatchObject({ outcome: "failed", code: "credential_unreadable", layer: 7 });
  expect(cluster.lists("connections")).toBe(0);
  await api.editFabric(fabric.id, { cluster: { token: cluster.connection.token } });
  expect((await api.pull(fabric.id)).counts.unchanged).toBe(48);
});
