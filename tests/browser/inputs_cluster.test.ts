// What a cluster, or the way to it, can be like when a person clicks: each fault has its code, its layer and its
// sentence on the page, the record stays as it was, and the click after it works.
import { expect, fieldsOf, test } from "../support/fixtures";
import type { Api } from "../support/api";
import { blackHole } from "../support/black_hole";
import { withoutKinds, withoutLists, type Gate } from "../support/gate";
import type { OwnNamespace } from "../support/fixtures";
import type { PersonPage } from "../support/person";
import { freePort } from "../support/server";
import type { Fabric } from "../support/types";
import { clickAnew, seeFault, seeRecovery, type SeenFault } from "./seen_fault";

interface Place {
  cluster: OwnNamespace;
  gate: Gate;
  administrator: Api;
  fabric: Fabric;
}

interface Row extends SeenFault {
  // Brings the fault about, and says how it ends.
  befall: (place: Place) => Promise<() => Promise<unknown>>;
}

const certificate = (mode: "other-ca" | "wrong-name") => async (place: Place) => {
  await place.gate.show(mode);
  return () => place.gate.show("good");
};

const rule =
  (action: object, match = {}) =>
  async ({ gate }: Place) => {
    await gate.rule({ name: "fault", match, action });
    return () => gate.dropAll();
  };

// An edit of the connection, and the way back.
async function edited({ administrator, fabric, cluster, gate }: Place, fields: object) {
  const { token } = cluster.connection;
  await administrator.editFabric(fabric.id, { cluster: { token, ...fields } });
  const back = { ...fieldsOf(gate.lead(cluster.connection), cluster.namespace) };
  return () => administrator.editFabric(fabric.id, { cluster: back });
}

const page200 = {
  status: 200,
  headers: { "Content-Type": "text/html" },
  body: "<!doctype html><title>It works</title>",
};
const status200 = {
  status: 200,
  headers: { "Content-Type": "application/json" },
  body: '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}',
};

const onTheWay: Record<string, Row> = {
  "a CA that is not the one given": {
    ...{ code: "tls_untrusted", outcome: "failed", says: /not signed by the CA/ },
    befall: certificate("other-ca"),
  },
  "a certificate for another name": {
    ...{ code: "tls_name", outcome: "failed", says: /certificate.* is for .*127\.0\.0\.1/ },
    befall: certificate("wrong-name"),
  },
  "a server that is not Kubernetes": {
    ...{ code: "not_kubernetes", outcome: "failed", says: /answers HTTP \(200, text\/html\)/ },
    befall: rule({ answer: page200 }),
  },
  "a closed port": {
    ...{ code: "tcp_refused", outcome: "failed", says: /127\.0\.0\.1:\d+ refused the connection/ },
    befall: async (place) => {
      const server = `https://127.0.0.1:${await freePort()}`;
      return await edited(place, { server });
    },
  },
  "a black hole": {
    ...{ code: "tcp_timeout", outcome: "failed", says: /No answer from 127\.0\.0\.1:\d+/ },
    befall: async (place) => {
      const hole = await blackHole();
      const back = await edited(place, { server: `https://127.0.0.1:${hole.port}` });
      return () => Promise.all([back(), hole.close()]);
    },
  },
};

const atTheCluster: Record<string, Row> = {
  "no Hedgehog kinds": {
    ...{ code: "no_kinds", outcome: "failed", says: /no Hedgehog kinds/ },
    befall: async ({ gate }) => {
      await gate.rule(withoutKinds, withoutLists);
      return () => gate.dropAll();
    },
  },
  "a Status where a List should be": {
    ...{ code: "malformed", outcome: "partly", says: /list servers\..* is not what was asked for/ },
    befall: rule({ answer: status200 }, { method: "GET", path: "/servers$" }),
  },
  "a key that stands twice in an object": {
    ...{ code: "malformed", outcome: "partly", says: /role.*(twice|more than once|doubled)/s },
    befall: rule(
      { rewrite: [{ path: "$.items[2].spec", duplicate: { role: "spine" } }] },
      { method: "GET", path: "/switches$" },
    ),
  },
  "a namespace that does not exist": {
    ...{ code: "namespace_missing", outcome: "partly", says: /was-never-there/ },
    befall: (place) => edited(place, { namespaces: [place.cluster.namespace, "was-never-there"] }),
  },
  "a token that was revoked": {
    ...{ code: "cluster_unauthorized", outcome: "failed", says: /401/ },
    befall: async (place) => {
      const account = await place.cluster.whole.reader();
      await place.cluster.whole.revoke(account);
      return await edited(place, { token: account.token });
    },
  },
};

const servers = { method: "GET", path: "/servers$" };
const refusal = (code: number, reason: string) => ({
  status: code,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason }),
});

const atOneKind: Record<string, Row> = {
  "403: an account that may not list it": {
    ...{ code: "cluster_forbidden", outcome: "partly", says: /servers.wiring.githedgehog.com/ },
    befall: async (place) => {
      const { token } = await place.cluster.whole.reader(["servers"]);
      return await edited(place, { token });
    },
  },
  "404: it is not served any more": {
    ...{
      code: "kind_missing",
      outcome: "partly",
      says: /Server.*(not installed|not served|no longer)/i,
    },
    befall: rule({ answer: { status: 404, body: "404 page not found" } }, servers),
  },
  "429: the cluster wants less": {
    ...{ code: "cluster_throttled", outcome: "partly", says: /429/ },
    befall: rule({ answer: refusal(429, "TooManyRequests") }, servers),
  },
  "a hang": {
    ...{ code: "cluster_timeout", outcome: "partly", says: /did not answer|within|longer than/ },
    befall: rule({ black_hole: true }, servers),
  },
};

async function meet(page: PersonPage, place: Place, rows: Record<string, Row>): Promise<void> {
  const { administrator, fabric } = place;
  expect((await administrator.pull(fabric.id)).counts.created).toBe(48);
  await page.signIn("operator").open(fabric);
  for (const [what, row] of Object.entries(rows))
    await test.step(what, async () => {
      const mend = await row.befall(place);
      await clickAnew(page);
      await seeFault(page, row);
      expect((await administrator.objects(fabric.id)).count, "nothing is lost").toBe(48);
      await mend();
      await seeRecovery(page);
    });
}

for (const [title, rows] of Object.entries({
  "what is wrong on the way to a cluster stands on the page, and the click after it works":
    onTheWay,
  "what a cluster answers wrongly stands on the page, and the click after it works": atTheCluster,
  "what befalls one kind stands on the page, and the click after it works": atOneKind,
}))
  test(title, async ({ hedgerow, cluster, gate, page }) => {
    test.setTimeout(120_000);
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const administrator = await hedgerow.server.as("administrator");
    await meet(page, { cluster, gate, administrator, fabric }, rows);
  });

test("another cluster behind the same URL removes nothing until an administrator confirms it on the page", async ({
  hedgerow,
  cluster,
  gate,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  const api = await hedgerow.server.as("administrator");
  expect((await api.pull(fabric.id)).counts.created).toBe(48);
  const first = (await api.fabric(fabric.id)).cluster?.identity ?? "";
  const other = "5a5a5a5a-0000-4000-8000-5a5a5a5a5a5a";
  await gate.rule({
    name: "other",
    match: { method: "GET", path: "/namespaces/kube-system$" },
    action: { rewrite: [{ path: "$.metadata.uid", set: other }] },
  });
  await page.signIn("administrator").open(fabric);
  await page.sync().click();
  await seeFault(page, { code: "wrong_cluster", outcome: "failed", says: /Another cluster/ });
  expect((await api.objects(fabric.id)).count, "nothing is lost").toBe(48);

  await page.getByRole("link", { name: "Settings" }).click();
  const note = page.locator("form").filter({ hasText: "Another cluster answers at this address" });
  await expect(note).toContainText(first);
  await expect(note).toContainText(other);
  const identity = note.getByLabel("Identity of the new cluster, typed to confirm");
  const confirm = note.getByRole("button", { name: "Confirm the new cluster" });
  page.allow(/status of 400/);
  await identity.fill(first);
  await confirm.click();
  await expect(note.getByRole("alert")).toContainText("Layer 2 Transport · invalid");
  await expect(identity).toHaveValue(first);
  expect((await api.fabric(fabric.id)).cluster?.identity).toBe(first);
  await identity.fill(other);
  await confirm.click();
  await expect(note).toBeHidden();

  await page.openFabric(fabric);
  await seeRecovery(page);
  expect((await api.fabric(fabric.id)).cluster).toMatchObject({
    identity: other,
    new_identity: null,
  });
});
