// What each role may do, at every door that changes something; and that a refusal names the right that is missing.
import { expect, test } from "../support/fixtures";
import { freshKey, type Api } from "../support/api";
import { heldRun } from "../support/gate";
import { patient } from "../support/server";
import type { Role, Run } from "../support/types";

const forbidden = { status: 403, code: "forbidden", layer: 6 };

interface Door {
  needs: string;
  open: (
    api: Api,
    fabric: number,
  ) => { method: string; path: string; headers?: Record<string, string>; body?: unknown };
}

const doors: Record<string, Door> = {
  "Sync from Fabric": {
    needs: "fabric.sync",
    open: (_, id) => ({
      method: "POST",
      path: `/api/fabrics/${id}/runs/`,
      headers: { "Idempotency-Key": freshKey() },
      body: { operation: "pull" },
    }),
  },
  "Test connection": {
    needs: "fabric.sync",
    open: (_, id) => ({
      method: "POST",
      path: `/api/fabrics/${id}/runs/`,
      headers: { "Idempotency-Key": freshKey() },
      body: { operation: "test" },
    }),
  },
  "adding a fabric": {
    needs: "fabric.edit",
    open: () => ({
      method: "POST",
      path: "/api/fabrics/",
      headers: { "Idempotency-Key": freshKey() },
      body: { name: "another" },
    }),
  },
  "changing a fabric": {
    needs: "fabric.edit",
    open: (_, id) => ({
      method: "PATCH",
      path: `/api/fabrics/${id}/`,
      headers: { "If-Match": '"1"' },
      body: { site: "Oslo" },
    }),
  },
  "deleting a fabric": {
    needs: "fabric.edit",
    open: (_, id) => ({ method: "DELETE", path: `/api/fabrics/${id}/?name=whatever` }),
  },
  "testing a connection that is not stored": {
    needs: "fabric.credentials",
    open: () => ({ method: "POST", path: "/api/connection-tests/", body: { cluster: {} } }),
  },
  "listing users": { needs: "users.manage", open: () => ({ method: "GET", path: "/api/users/" }) },
  "making a user": {
    needs: "users.manage",
    open: () => ({
      method: "POST",
      path: "/api/users/",
      body: { username: "mallory", password: "a password long enough", role: "administrator" },
    }),
  },
  "reading a user": {
    needs: "users.manage",
    open: () => ({ method: "GET", path: "/api/users/1/" }),
  },
  "giving a role": {
    needs: "users.manage",
    open: () => ({
      method: "PATCH",
      path: "/api/users/1/",
      headers: { "If-Match": '"1"' },
      body: { role: "administrator" },
    }),
  },
};

const refusedFor: Record<Role, string[]> = {
  viewer: Object.keys(doors),
  operator: Object.keys(doors).filter((name) => doors[name]?.needs !== "fabric.sync"),
  administrator: [],
};

for (const [role, names] of Object.entries(refusedFor))
  for (const name of names)
    test(`layer 6: a ${role} is refused ${name}, and told which right is missing`, async ({
      hedgerow,
      cluster,
    }) => {
      const fabric = await hedgerow.fabric({ cluster });
      const api = await hedgerow.server.as(role as Role);
      const door = doors[name];
      if (!door) throw new Error(name);
      const { method, path, ...wish } = door.open(api, fabric.id);
      const problem = await api.refused(forbidden, method, path, wish);
      expect(problem.detail).toContain(door.needs);
      expect(problem.detail).not.toMatch(/ on (fabrics|users)/);
      expect(cluster.lists("connections")).toBe(0);
      const administrator = await hedgerow.server.as("administrator");
      expect((await administrator.fabric(fabric.id)).recent_runs).toEqual([]);
    });

test("a viewer sees what there is, and an operator reads the cluster", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  const run = await operator.pull(fabric.id);
  expect(run).toMatchObject({ outcome: "succeeded", actor: "operator" });
  const viewer = await hedgerow.server.as("viewer");
  expect((await viewer.objects(fabric.id)).count).toBe(48);
  expect((await viewer.must<Run>("GET", `/api/runs/${run.id}/`)).counts.created).toBe(48);
  expect((await viewer.fabric(fabric.id)).permissions).toEqual(["fabric.view"]);
});

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  test("only who started a run, or may start one, cancels it", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const operator = await hedgerow.server.as("operator");
    const viewer = await hedgerow.server.as("viewer");
    const run = await heldRun(gate, operator, fabric.id);
    await viewer.refused(forbidden, "POST", `/api/runs/${run.id}/cancel/`);
    await operator.must("POST", `/api/runs/${run.id}/cancel/`);
    expect(await operator.ended(run.id)).toMatchObject({
      outcome: "cancelled",
      code: "cancelled",
      layer: 8,
    });
    await gate.dropAll();
    expect((await operator.pull(fabric.id)).outcome).toBe("succeeded");
  });
});
