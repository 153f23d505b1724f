// Sentences that a person meets when something is wrong: each is true of what happened, and names nothing that is
// not there.
import { freshKey } from "../support/api";
import { heldRun } from "../support/gate";
import { freePort } from "../support/server";
import type { Run } from "../support/types";
import { expect, test } from "../support/fixtures";

const invalid = { status: 400, code: "invalid", layer: 2 };

test("a query that cannot be meant is not spoken of as if something had been typed and saved", async ({
  lab,
}) => {
  const api = await lab.as("viewer");
  const wrong = await api.refused(invalid, "GET", "/api/fabrics/?limit=0");
  const unknown = { status: 400, code: "unknown_parameter", layer: 2 };
  const strange = await api.refused(unknown, "GET", "/api/fabrics/?colour=red");
  for (const { title, hint } of [wrong, strange]) {
    expect(`${title} ${hint}`).not.toMatch(/saved|typed|fields/);
    expect(hint).toMatch(/parameter/);
  }
  await api.must("GET", "/api/fabrics/?limit=1");
});

test("who is not signed in is told to sign in, and of no token, because there are none", async ({
  lab,
}) => {
  const missing = { status: 401, code: "session_missing", layer: 5 };
  const { hint, detail } = await lab.server.stranger().refused(missing, "GET", "/api/fabrics/");
  expect(hint).toBe("Sign in.");
  expect(detail).not.toContain("token");
});

test("credentials refused before anything is stored are not those of a fabric", async ({ lab }) => {
  const api = await lab.as("administrator");
  const { rungs } = await api.climb({ ...lab.fields, token: "never.a.token" });
  const refused = rungs.find(({ code }) => code === "cluster_unauthorized");
  expect(refused?.next).toMatch(/credentials/);
  expect(`${refused?.detail} ${refused?.next}`).not.toContain("fabric");
  expect((await api.climb(lab.fields)).outcome).toBe("succeeded");
});

test("what an attempt did not measure is not shown as if it had, and is again by the next that does", async ({
  lab,
}) => {
  const api = await lab.as("administrator");
  const { fabric, cluster } = await lab.another();
  const before = await api.fabric(fabric.id);
  expect(before.facts.reach.ms).toBeGreaterThanOrEqual(0);
  expect(before.cluster?.version).toMatch(/^v1\./);

  const { token } = cluster.connection;
  const nobodyThere = `https://127.0.0.1:${await freePort()}`;
  await api.editFabric(fabric.id, { cluster: { server: nobodyThere, token } });
  await lab.fails({ code: "tcp_refused", layer: 7, outcome: "failed" }, fabric);
  const without = await api.fabric(fabric.id);
  expect(without.facts.reach).toMatchObject({ state: "unreachable", code: "tcp_refused" });
  expect(without.facts.reach).not.toHaveProperty("ms");
  expect(without.cluster?.version).toBeNull();

  await api.editFabric(fabric.id, { cluster: { server: lab.gate.url, token } });
  await lab.expectGood(fabric);
  const again = await api.fabric(fabric.id);
  expect(again.facts.reach.ms).toBeGreaterThanOrEqual(0);
  expect(again.cluster?.version).toBe(before.cluster?.version);
});

test("a repeated request whose fabric was deleted since says so, and a new key adds it anew", async ({
  lab,
}) => {
  const api = await lab.as("administrator");
  const body = { name: `gone ${freshKey().slice(0, 6)}` };
  const wish = { headers: { "Idempotency-Key": freshKey() }, body };
  const { id } = await api.must<{ id: number }>("POST", "/api/fabrics/", wish);
  await api.must("DELETE", `/api/fabrics/${id}/?name=${encodeURIComponent(body.name)}`);
  const deleted = { status: 410, code: "fabric_deleted", layer: 8 };
  const { detail, hint } = await api.refused(deleted, "POST", "/api/fabrics/", wish);
  expect(detail).toMatch(/made a fabric before.*deleted since.*Nothing was made/);
  expect(hint).toContain("new Idempotency-Key");
  const anew = { ...wish, headers: { "Idempotency-Key": freshKey() } };
  const again = await api.must<{ id: number }>("POST", "/api/fabrics/", anew);
  expect(again.id).toBeGreaterThan(id);
});

test("a change made of what was read before a run says that a run may be what came between", async ({
  lab,
}) => {
  const api = await lab.as("administrator");
  const { fabric } = await lab.another();
  const path = `/api/fabrics/${fabric.id}/`;
  const { headers } = await api.ask("GET", path);
  await lab.pull(fabric);
  const stale = { status: 412, code: "changed_meanwhile", layer: 8 };
  const problem = await api.refused(stale, "PATCH", path, {
    headers: { "If-Match": headers.get("ETag") ?? "" },
    body: { site: "Oslo" },
  });
  expect(problem.detail).toMatch(/changed since it was read: its settings, or what a run found/);
  expect(`${problem.title} ${problem.hint}`).not.toMatch(/someone|yours/);
  expect(problem.hint).toMatch(/Read it again/);
  expect((await api.editFabric(fabric.id, { site: "Oslo" })).site).toBe("Oslo");
});

test("a run that ended with its fabric does not say that the record stands as it was", async ({
  lab,
}) => {
  const { fabric } = await lab.another();
  const api = await lab.as("administrator");
  const run = await heldRun(lab.gate, api, fabric.id);
  await api.must("DELETE", `/api/fabrics/${fabric.id}/?name=${encodeURIComponent(fabric.name)}`);
  const { summary, next }: Run = await api.ended(run.id);
  expect(summary).toMatch(/administrator deleted .* went with it/);
  expect(summary).not.toContain("last complete reading");
  expect(next).not.toContain("audit log");
});
