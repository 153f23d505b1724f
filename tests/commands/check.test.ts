// hedgerow check and hedgerow migrate: what an administrator asks of the database itself.
import { expect, test } from "../support/fixtures";
import { heldRun } from "../support/gate";
import { asVersionBefore } from "../support/record";
import { patient } from "../support/server";

const whole = /^All is as it must be \(\d+ rules; 1 fabrics, 48 objects, \d runs\)\.$/m;

// What somebody does behind the server's back, and the rule that notices it.
const copied = "fabric_id, fabric_name, operation, scope, trigger, actor_id, actor_name, reason";
const meddling: Record<string, [string, RegExp]> = {
  "a run goes on, and whose its fabric is was taken away": [
    `INSERT INTO runs (${copied}, state, epoch, created, started, queued_tick, trace) ` +
      `SELECT ${copied}, 'running', epoch, created, started, queued_tick, trace FROM runs; ` +
      "DELETE FROM ownership",
    /^I4: Run 2 runs, and nothing says who owns its fabric\.$/m,
  ],
  "an object's history is gone": [
    "DELETE FROM history WHERE object_id = (SELECT min(id) FROM objects)",
    /^I7: Object \d+ stands in the record, and its history ends with nothing\.$/m,
  ],
  "an object was marked as removed": [
    "UPDATE objects SET removed = 1 WHERE id = (SELECT min(id) FROM objects)",
    /^I7: Object \d+ is removed, and its history ends with created\.$/m,
  ],
  "a history row was added": [
    "INSERT INTO history SELECT max(id) + 1, object_id, run_id, at, change, uid, resource_version, " +
      "document FROM history; UPDATE last_ids SET last_id = last_id + 1 WHERE table_name = 'history'",
    /^I7: Run 1 counts 48 changes, and the history has 49 of it\.$/m,
  ],
  "a run goes on that nobody owns": [
    `INSERT INTO runs (${copied}, state, epoch, created, started, queued_tick, trace) ` +
      `SELECT ${copied}, 'running', epoch, 0, 0, queued_tick, trace FROM runs; ` +
      "UPDATE ownership SET replica = '', expires_tick = 0",
    /^I4: Run 2 runs, and nothing says who owns its fabric\.$/m,
  ],
  "a run goes on without its owner, who lived on": [
    `INSERT INTO runs (${copied}, state, epoch, created, started, queued_tick, progress_tick, trace) ` +
      `SELECT ${copied}, 'running', epoch, created, started, 1, 1, trace FROM runs; ` +
      "UPDATE ownership SET replica = 'r', expires_tick = 1000; " +
      "INSERT INTO workers (replica, worker, for_tests, beat_tick) VALUES ('r', 1, 0, 60000)",
    /^I4: Run 2 runs without progress, and the lease .* has ended 59 s before its last sign of life\.$/m,
  ],
  "a run succeeded without one of its kinds": [
    "DROP TRIGGER runs_ended_stay; " +
      `UPDATE runs SET kinds = replace(kinds, '"kind":"Server","state":"passed"', '"kind":"Server","state":"failed"')`,
    /^I2: Run 1 succeeded without Server\.wiring\.githedgehog\.com\.$/m,
  ],
  "half of the objects are gone, and their history with them": [
    "DELETE FROM history WHERE object_id % 2 = 0; DELETE FROM objects WHERE id % 2 = 0",
    /^I7: Run 1 counts 48 changes, and the history has 24 of it\.\n(.*\n)*I7: Run 1 read 48 objects of fabric 1, and the record has 24\.$/m,
  ],
  "an object came from nowhere": [
    "INSERT INTO objects SELECT max(id) + 1, fabric_id, kind_id, namespace, 'nowhere', version, uid, resource_version, " +
      "digest, raw_hash, deleting, first_seen, changed, removed, out_of_scope FROM objects; " +
      "UPDATE last_ids SET last_id = last_id + 1 WHERE table_name = 'objects'",
    /^I7: Run 1 read 48 objects of fabric 1, and the record has 49\.$/m,
  ],
  "an object was written over": [
    "UPDATE objects SET digest = zeroblob(32) WHERE id = (SELECT min(id) FROM objects)",
    /^I7: Object \d+ is not what its history ends with\.$/m,
  ],
  "what an object was is written over": [
    "UPDATE history SET document = '{' WHERE id = (SELECT min(id) FROM history)",
    /^I7: Object \d+ is not what its history ends with\.$/m,
  ],
  "a change was added that changed nothing": [
    "INSERT INTO history SELECT max(id) + 1, object_id, run_id, at, 'changed', uid, resource_version, " +
      "document FROM history; UPDATE last_ids SET last_id = last_id + 1 WHERE table_name = 'history'",
    /^I11: Change 49 of object \d+, by which it is the same as before\.$/m,
  ],
  "an object's version was set back": [
    "UPDATE objects SET resource_version = '1' WHERE id = (SELECT min(id) FROM objects)",
    /^I13: Object \d+ is at version 1, and its history ends with \d+\.$/m,
  ],
  "a version in the history was set back": [
    "INSERT INTO history SELECT max(id) + 1, object_id, run_id, at, 'changed', uid, '1', document " +
      "FROM history; UPDATE last_ids SET last_id = last_id + 1 WHERE table_name = 'history'",
    /^I13: Object \d+ went back from version \d+ to 1\.$/m,
  ],
  "a token was taken away": [
    "DELETE FROM credentials",
    /^I7: Fabric 1 and its stored token do not agree/m,
  ],
  "an object is another one now": [
    "UPDATE objects SET uid = 'somebody-else' WHERE id = (SELECT min(id) FROM objects)",
    /^I14: Object \d+ has uid somebody-else, and its history ends with /m,
  ],
  "a counter was set back": [
    "UPDATE last_ids SET last_id = 1 WHERE table_name = 'objects'",
    /^I19: Ids of objects were given out up to 1/m,
  ],
  "a revision was set back": [
    "UPDATE fabrics SET revision = 1",
    /^I29: Revision \d+ of fabric 1 was announced, and it is at 1\.$/m,
  ],
  "a user came from nowhere": [
    "INSERT INTO users (name, name_key, role, password_hash, created) " +
      "VALUES ('mallory', 'mallory', 'administrator', '', 1)",
    /^I10: Nobody is on record for making user \d+\.$/m,
  ],
  "a row names another that is not there": [
    "PRAGMA foreign_keys = OFF; DELETE FROM kinds WHERE id = (SELECT min(kind_id) FROM objects)",
    /^The database's file: row \d+ of objects names a row of kinds that is not there\.$/m,
  ],
};

test("check finds what was changed behind the server's back, and nothing else", async ({
  hedgerow,
  cluster,
}) => {
  const { server } = hedgerow;
  const fabric = await hedgerow.fabric({ cluster });
  const api = await server.as("operator");
  await api.pull(fabric.id);
  const beside = await server.command(["check"]);
  expect([beside.code, beside.output], "beside a server").toEqual([
    0,
    expect.stringMatching(whole),
  ]);
  await server.stop();
  const { record } = server;
  const copy = `${server.database}.copy`;
  await record.change(`VACUUM INTO '${copy}'`);
  for (const [what, [sql, says]] of Object.entries(meddling)) {
    await record.change(sql);
    const { code, output } = await server.command(["check"]);
    expect(code, `${what}: ${output}`).toBe(3);
    expect(output).toMatch(says);
    await record.putBack(copy);
    const again = await server.command(["check"]);
    expect([again.code, again.output], what).toEqual([0, expect.stringMatching(whole)]);
  }
  await server.begin();
  expect((await api.pull(fabric.id)).counts.unchanged).toBe(48);
});

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  test("check finds nothing wrong with a server that was killed in a run, before and after it heals", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { server } = hedgerow;
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const api = await server.as("operator");
    const run = await heldRun(gate, api, fabric.id);
    await server.kill();
    const killed = await server.command(["check"]);
    expect([killed.code, killed.output]).toEqual([
      0,
      expect.stringContaining("All is as it must be"),
    ]);
    await gate.dropAll();
    await server.begin();
    expect((await api.ended(run.id)).outcome).toBe("lost");
    const healed = await server.command(["check"]);
    expect([healed.code, healed.output]).toEqual([
      0,
      expect.stringContaining("All is as it must be"),
    ]);
  });
});

test("migrate is refused while a server runs, and brings a database of the version before up to date", async ({
  hedgerow,
  cluster,
}) => {
  const { server } = hedgerow;
  const fabric = await hedgerow.fabric({ cluster });
  const api = await server.as("operator");
  await api.pull(fabric.id);
  expect((await server.command(["migrate"])).code).toBe(11);
  await server.stop();
  const steps = () => server.record.rows("SELECT number FROM migrations ORDER BY number");
  const all = await steps();
  await server.record.change(asVersionBefore);
  expect(await steps()).toEqual([{ number: 1 }]);
  for (const time of ["from the version before", "once more"]) {
    const { code, output } = await server.command(["migrate"]);
    expect(code, time).toBe(0);
    expect(output).toMatch(/^The tables are those of hedgerow \d/);
    expect(await steps()).toEqual(all);
  }
  expect((await server.command(["check"])).output).toMatch(whole);
  await server.begin();
  expect((await api.pull(fabric.id)).counts.unchanged).toBe(48);
});
