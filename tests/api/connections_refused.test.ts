// Connections that cannot be meant: each is refused at the door, with its code, its field and its cure, by the
// connection test and by adding a fabric alike. Nothing is stored, nothing is contacted.
import { expect, fieldsOf, test, type OwnNamespace } from "../support/fixtures";
import { freshKey, type Api } from "../support/api";
import type { Connection } from "../support/cluster";
import { base64, keyOf, kubeconfig, userOfTwo } from "../support/kubeconfig";
import type { ConnectionFields, Fabric, List } from "../support/types";

async function refusedEverywhere(
  api: Api,
  cluster: ConnectionFields,
  expected: { status: number; code: string; layer: number },
  words: RegExp,
): Promise<void> {
  const body = { cluster };
  const asTest = await api.refused(expected, "POST", "/api/connection-tests/", { body });
  expect(`${asTest.detail} ${asTest.hint}`).toMatch(words);
  const asFabric = await api.refused(expected, "POST", "/api/fabrics/", {
    headers: { "Idempotency-Key": freshKey() },
    body: { name: "lab", cluster },
  });
  expect(asFabric.detail).toBe(asTest.detail);
  expect(asFabric.errors?.length, "says which field").toBeGreaterThan(0);
  expect((await api.must<List<Fabric>>("GET", "/api/fabrics/")).count).toBe(0);
}

// Nothing is left of what was refused: the good one of the same name is taken and read.
async function expectGoodOne(api: Api, { connection, namespace }: OwnNamespace): Promise<void> {
  const fabric = await api.addFabric("lab", fieldsOf(connection, namespace));
  expect(await api.pull(fabric.id)).toMatchObject({
    outcome: "succeeded",
    counts: { created: 48 },
  });
}

const invalid = { status: 422, code: "kubeconfig_invalid", layer: 7 };
const badUrl = { status: 422, code: "bad_url", layer: 7 };

const kubeconfigs: Record<string, [(it: Connection) => string, RegExp]> = {
  "an empty kubeconfig": [() => "", /empty/i],
  "blanks instead of a kubeconfig": [() => " \n\t\n", /empty/i],
  "something that is no YAML": [() => "{{{: [", /line|YAML/i],
  "YAML that is no kubeconfig": [() => "- a\n- b\n", /not a kubeconfig/],
  "a Deployment instead": [() => "kind: Deployment\n", /Deployment/],
  "a kubeconfig without contexts": [(it) => kubeconfig(it, { contexts: "" }), /no contexts/],
  "two documents in one file": [
    (it) => `${kubeconfig(it)}---\n${kubeconfig(it)}`,
    /more than one document/,
  ],
  "a current context that is not there": [
    (it) =>
      kubeconfig(it, {
        contexts:
          "contexts:\n- {name: lab, context: {cluster: lab, user: reader}}\ncurrent-context: prod",
      }),
    /prod.*lab/s,
  ],
  "a file path instead of the CA": [
    (it) => kubeconfig(it, { cluster: "certificate-authority: /etc/kubernetes/pki/ca.crt" }),
    /names a file.*--flatten/s,
  ],
  "a file path instead of the token": [
    (it) => kubeconfig(it, { user: "tokenFile: /var/run/secrets/token" }),
    /names a file/,
  ],
  "an exec plug-in": [
    (it) =>
      kubeconfig(it, { user: "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}" }),
    /runs a program.*kubectl create token/s,
  ],
  "insecure-skip-tls-verify": [
    (it) => kubeconfig(it, { cluster: "insecure-skip-tls-verify: true" }),
    /switches off the check.*certificate-authority-data/s,
  ],
  "a CA that is rubbish": [
    (it) => kubeconfig(it, { cluster: `certificate-authority-data: ${base64("rubbish")}` }),
    /not a certificate/,
  ],
  "a CA that is not even base64": [
    (it) => kubeconfig(it, { cluster: 'certificate-authority-data: "%%%"' }),
    /not base64/,
  ],
};

for (const [what, [text, words]] of Object.entries(kubeconfigs))
  test(`${what} is refused and says the cure`, async ({ hedgerow, cluster }) => {
    const api = await hedgerow.server.as("administrator");
    await refusedEverywhere(api, { kubeconfig: text(cluster.connection) }, invalid, words);
    // The cure is taken: the whole file works.
    const good = await api.climb({ kubeconfig: kubeconfig(cluster.connection) });
    expect(good.outcome, JSON.stringify(good.rungs)).toBe("succeeded");
  });

test("a kubeconfig of 10 MB is refused by its own sentence", async ({ hedgerow, cluster }) => {
  const api = await hedgerow.server.as("administrator");
  const text = `${kubeconfig(cluster.connection)}# ${"x".repeat(10_000_000)}\n`;
  await refusedEverywhere(api, { kubeconfig: text }, invalid, /large|MiB|long/i);
  await expectGoodOne(api, cluster);
});

test("a kubeconfig that an editor began with a byte order mark is taken", async ({
  hedgerow,
  cluster,
}) => {
  const api = await hedgerow.server.as("administrator");
  const text = `\u{FEFF}${kubeconfig(cluster.connection)}`;
  expect((await api.climb({ kubeconfig: text })).outcome).toBe("succeeded");
});

test("a body beyond every limit is refused before it is read", async ({ hedgerow }) => {
  const api = await hedgerow.server.as("administrator");
  const body = { cluster: { kubeconfig: "x".repeat(14 << 20) } };
  const expected = { status: 413, code: "too_large", layer: 2 };
  await api.refused(expected, "POST", "/api/connection-tests/", { body });
});

test("a key that does not fit its certificate is refused, as fields and in a kubeconfig", async ({
  hedgerow,
  cluster,
}) => {
  const api = await hedgerow.server.as("administrator");
  const text = kubeconfig(cluster.connection, { user: await userOfTwo() });
  await refusedEverywhere(api, { kubeconfig: text }, invalid, /does not fit/);
  const [one, other] = [await keyOf(), await keyOf()];
  const { server, ca } = cluster.connection;
  const fields = { server, ca, client_cert: one.certificate, client_key: other.key };
  await refusedEverywhere(api, fields, invalid, /does not fit/);
  await expectGoodOne(api, cluster);
});

test("a token with a line break is refused", async ({ hedgerow, cluster }) => {
  const api = await hedgerow.server.as("administrator");
  const { server, ca, token } = cluster.connection;
  const half = token.length / 2;
  const broken = `${token.slice(0, half)}\n${token.slice(half)}`;
  await refusedEverywhere(api, { server, ca, token: broken }, invalid, /line break/);
  await expectGoodOne(api, cluster);
});

test("a kubeconfig beside single fields is refused by the names of those fields", async ({
  hedgerow,
  cluster,
}) => {
  const api = await hedgerow.server.as("administrator");
  const text = kubeconfig(cluster.connection);
  const { server, ca, token } = cluster.connection;
  const twice = { status: 400, code: "invalid", layer: 2 };
  const others: ConnectionFields[] = [
    { server, token },
    { ca },
    { client_cert: ca, client_key: token },
    { tls_server_name: "lab.example" },
  ];
  for (const fields of others) {
    const names = Object.keys(fields).map((name) => `cluster.${name}`);
    const both = { kubeconfig: text, ...fields };
    await refusedEverywhere(api, both, twice, new RegExp(`given twice.*${names.join(".*")}`));
    const { errors } = await api.refused(twice, "POST", "/api/connection-tests/", {
      body: { cluster: both },
    });
    expect(errors?.map(({ field }) => field).sort()).toEqual(names.sort());
  }
  const alone = { ...cluster.connection, context: "lab" };
  await refusedEverywhere(api, alone, twice, /cluster\.context.*without/);
  expect((await api.climb({ kubeconfig: text, context: "lab" })).outcome).toBe("succeeded");
});

const urls: Record<string, [string, RegExp]> = {
  "an http address": ["http://vlab.example:6443", /https/],
  "user info in the address": [
    "https://alice:opensesame@vlab.example:6443",
    /user name or password/,
  ],
  "an address without a host": ["https://", /host/],
  "a port beyond 65535": ["https://vlab.example:66443", /port/],
  "a query in the address": ["https://vlab.example:6443/?x=1", /query/],
  "an IPv6 address with a zone": ["https://[fe80::1%25eth0]:6443", /fe80::1.*zone/],
  "a space in the address": ["https://vlab example:6443", /space/],
};

for (const [what, [server, words]] of Object.entries(urls))
  test(`${what} is refused and says why`, async ({ hedgerow, cluster }) => {
    const api = await hedgerow.server.as("administrator");
    const fields = { ...cluster.connection, server };
    await refusedEverywhere(api, fields, badUrl, words);
    await expectGoodOne(api, cluster);
  });
