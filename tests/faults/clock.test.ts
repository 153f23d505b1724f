// Clocks that are set, and machines and processes that stand still, while a run and its lease go on (rows H and P).
import { setTimeout as passed } from "node:timers/promises";
import { expect, test, type Hedgerow } from "../support/fixtures";
import { asPeopleHaveThem } from "../support/defaults";
import { heldRun, type Gate } from "../support/gate";
import { traceOf } from "../support/person";
import { expectRead, readFabric } from "../support/read";
import { patient, type TestServer } from "../support/server";
import { Suspended } from "../support/suspend";
import type { Fabric } from "../support/types";

async function leaseOf(server: TestServer, fabric: number) {
  const sql = `SELECT epoch, expires_tick AS until FROM ownership WHERE fabric_id = ${fabric}`;
  const [lease] = await server.record.rows<{ epoch: number; until: number }>(sql);
  if (lease === undefined) throw new Error(`Fabric ${fabric} has no lease.`);
  return lease;
}

async function expectWrittenOnce(server: TestServer): Promise<void> {
  const twice = await server.record.rows(
    "SELECT object_id, count(*) AS times FROM history GROUP BY object_id HAVING times > 1",
  );
  expect(twice, "each object was written once").toEqual([]);
}

// A run's server stands still, while that happens, for longer than its lease.
async function expectBegunAnew(
  server: TestServer,
  gate: Gate,
  fabric: Fabric,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const api = await server.as("operator");
  const run = await heldRun(gate, api, fabric.id);
  server.signal("SIGSTOP");
  await meanwhile();
  await gate.dropAll();
  server.signal("SIGCONT");
  const ended = await api.ended(run.id, 20_000);
  expect(ended.outcome, ended.summary).toBe("lost");
  const again = await api.repetition(fabric.id, run.id);
  expectRead(again, { created: 48 });
  const epochs = await server.record.rows<{ epoch: number }>(
    `SELECT epoch FROM runs WHERE id IN (${run.id}, ${again.id}) ORDER BY id`,
  );
  expect(epochs[1]?.epoch).toBeGreaterThan(epochs[0]?.epoch ?? Infinity);
  expect((await api.objects(fabric.id)).count).toBe(48);
  await expectWrittenOnce(server);
  expectRead(await api.pull(fabric.id), { unchanged: 48 });
}

const signedIn = (hedgerow: Hedgerow) => hedgerow.server.fresh("operator");

test.describe("with a clock that jumps between two starts", () => {
  test.use({ settings: patient });

  for (const by of ["+1h", "-1h", "+10y"])
    test(
      `H07 P07: a server whose clock jumps by ${by} between two starts leaves nothing stuck or done twice`,
      { tag: "@release" },
      async ({ hedgerow, cluster, gate }) => {
        const fabric = await hedgerow.fabric({ cluster, through: gate });
        let api = await signedIn(hedgerow);
        const run = await heldRun(gate, api, fabric.id);
        await hedgerow.server.kill();
        await gate.dropAll();
        await hedgerow.server.begin(by);
        api = await signedIn(hedgerow);
        expect((await api.ended(run.id)).outcome).toBe("lost");
        const again = await api.repetition(fabric.id, run.id);
        // In ten years the cluster's own certificate has ended, and that is what is said.
        const late = by === "+10y";
        expect([again.outcome, again.code]).toEqual(
          late ? ["failed", "tls_expired"] : ["succeeded", undefined],
        );
        const next = await api.pull(fabric.id);
        expect(next.outcome, next.summary).toBe(late ? "failed" : "succeeded");
        await hedgerow.server.restart();
        api = await signedIn(hedgerow);
        const last = await api.pull(fabric.id);
        expect(last.outcome, traceOf(last)).toBe("succeeded");
        const { facts, recent_runs, headline } = await api.fabric(fabric.id);
        expect(facts.last_run, "by order, not by the clock").toMatchObject({ run: last.id });
        expect(recent_runs.map(({ id }) => id)).toEqual([last.id, next.id, again.id, run.id]);
        expect(recent_runs.every(({ state }) => state === "ended")).toBe(true);
        expect(headline.state).toBe("read");
        expect((await api.objects(fabric.id)).count).toBe(48);
      },
    );
});

test.describe("with a clock that jumps while it goes on", () => {
  test.use({ settings: patient });

  // What a session is told whose end the clock has passed.
  const told = {
    "+1h": { status: 401, code: "session_expired" },
    "-1h": { status: 200, code: undefined },
    "+10y": { status: 401, code: "session_limit" },
  };
  for (const [by, session] of Object.entries(told))
    test(
      `H07 P07: a clock that jumps by ${by} and back while a run, its lease and a session go on leaves nothing stuck or done twice`,
      { tag: "@release" },
      async ({ hedgerow, cluster, gate }) => {
        const { server } = hedgerow;
        const fabric = await hedgerow.fabric({ cluster, through: gate });
        await server.stop();
        await server.begin("+0");
        const before = await signedIn(hedgerow);
        const run = await heldRun(gate, before, fabric.id);
        server.setClock(by);
        const { status, body } = await before.ask<{ code?: string }>("GET", `/api/runs/${run.id}/`);
        expect({ status, code: body.code }).toEqual(session);
        let api = await signedIn(hedgerow);
        // Renewed by a clock that does not jump, the lease still has its owner.
        const first = await leaseOf(server, fabric.id);
        await expect
          .poll(async () => (await leaseOf(server, fabric.id)).until)
          .toBeGreaterThan(first.until);
        expect((await leaseOf(server, fabric.id)).epoch).toBe(first.epoch);
        await gate.release("slow");
        await gate.dropAll();
        const held = await api.ended(run.id);
        // In ten years the cluster's own certificate has ended, which a new connection is shown.
        const late = by === "+10y";
        expect(late ? ["succeeded", "partly"] : ["succeeded"], traceOf(held)).toContain(
          held.outcome,
        );
        await gate.closeConnections();
        const second = await api.pull(fabric.id);
        expect([second.outcome, second.code], traceOf(second)).toEqual(
          late ? ["failed", "tls_expired"] : ["succeeded", undefined],
        );
        server.setClock("+0");
        api = await signedIn(hedgerow);
        expectRead(await api.pull(fabric.id), { unchanged: 48 });
        const { recent_runs, headline } = await api.fabric(fabric.id);
        expect(recent_runs.map(({ id }) => id).slice(1)).toEqual([second.id, run.id]);
        expect(recent_runs.every(({ state }) => state === "ended")).toBe(true);
        expect(headline.state).toBe("read");
        await expectWrittenOnce(hedgerow.server);
        expect((await server.command(["check"])).code).toBe(0);
      },
    );
});

test.describe("with a clock that is set while it goes on", () => {
  test(
    "H07: a run that fails after the clock was set back is what the headline says, and what was read is as old as it is",
    { tag: "@release" },
    async ({ hedgerow, cluster, gate }) => {
      const { server } = hedgerow;
      await server.stop();
      await server.begin("+0");
      const fabric = await hedgerow.fabric({ cluster, through: gate });
      let api = await signedIn(hedgerow);
      expectRead(await api.pull(fabric.id), { created: 48 });
      server.setClock("-1h");
      api = await signedIn(hedgerow);
      const { facts } = await api.fabric(fabric.id);
      const now = Date.parse((await api.health()).as_of);
      const age = now - Date.parse(facts.match.as_of ?? "");
      expect(age, "not yet to come").toBeGreaterThanOrEqual(0);
      expect(age).toBeLessThan(60_000);
      await gate.rule({
        name: "refused",
        match: { path: "^/" },
        action: { cut: { how: "reset" } },
      });
      const failed = await api.pull(fabric.id);
      expect(failed.outcome, traceOf(failed)).toBe("failed");
      const after = await api.fabric(fabric.id);
      expect(after.facts.last_run).toMatchObject({ state: "failed", run: failed.id });
      expect(after.headline.state, after.headline.text).not.toBe("read");
      expect(["failing", "cannot_tell"]).toContain(after.headline.state);
      await gate.dropAll();
      expectRead(await api.pull(fabric.id), { unchanged: 48 });
      expect((await api.fabric(fabric.id)).headline.state).toBe("read");
    },
  );

  test(
    "P07: a server that starts with its clock 100 days ahead forgets nothing",
    { tag: "@release" },
    async ({ hedgerow, cluster }) => {
      const { server } = hedgerow;
      const { api, fabric } = await readFabric(hedgerow, { cluster });
      for (let more = 0; more < 3; more += 1)
        expectRead(await api.pull(fabric.id), { unchanged: 48 });
      const past = async () => {
        const tables = ["runs", "request_keys", "history", "sessions"];
        const counts = tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`);
        const [row] = await server.record.rows(`SELECT ${counts.join(", ")}`);
        return row;
      };
      const swept = async () => {
        const sql = "SELECT kept_tick AS tick FROM instance";
        return (await server.record.rows<{ tick: number | null }>(sql))[0]?.tick;
      };
      await expect.poll(swept).not.toBeNull();
      await server.stop();
      const before = await past();
      const last = await swept();
      await server.begin("+100d");
      await expect.poll(swept, "it has looked for what is too old").not.toBe(last);
      const run = await (await signedIn(hedgerow)).pull(fabric.id);
      await server.stop();
      expect(await past()).toEqual({
        ...before,
        runs: Number(before?.runs) + 1,
        request_keys: Number(before?.request_keys) + 1,
        sessions: Number(before?.sessions) + 1,
      });
      await server.begin();
      expect((await (await signedIn(hedgerow)).run(run.id)).state).toBe("ended");
    },
  );
});

test.describe("with leases of a second and a half", () => {
  test.use({ settings: { ...patient, "runs.look": "200ms" } });

  test("P09: a server that stood still beyond its lease writes nothing under it, and begins anew", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await expectBegunAnew(hedgerow.server, gate, fabric, async () => {
      // Three leases: what passes is the fact.
      await passed(4_500);
    });
  });
});

test.describe("with leases as people have them", () => {
  test.use({ settings: { ...patient, ...asPeopleHaveThem(/^runs\.(lease|renew)$/) } });

  test(
    "P19: a server whose machine slept for an hour writes nothing under its old lease, and begins anew",
    { tag: "@release" },
    async ({ hedgerow, cluster, gate }) => {
      const machine = await Suspended.make();
      const { server } = hedgerow;
      await server.stop();
      server.through = machine.through;
      await server.begin();
      const fabric = await hedgerow.fabric({ cluster, through: gate });
      await expectBegunAnew(server, gate, fabric, () => {
        machine.slept(3_600);
        return Promise.resolve();
      });
    },
  );
});
