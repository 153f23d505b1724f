// What keeps a run from its end (rows J and P): workers that stand still or are not there, a reaper that fails, a disk
// that is full at the wrong instant, an object that takes the process down, and death at any system call.
import { expect, test, fieldsOf, ownNamespace } from "../support/fixtures";
import { freshKey } from "../support/api";
import { fakeServer, listOf } from "../support/fake_list";
import { heldRun, slowServers } from "../support/gate";
import { networkLines, traceOf } from "../support/person";
import { memoryKiB, mustRun, until } from "../support/process";
import { expectRead, readFabric } from "../support/read";
import { patient } from "../support/server";
import { diesAt } from "../support/tracer";
import { hedgerowProgram, inFull, partsOf, thorough } from "../support/tree";
import type { Fabric, StartedRun } from "../support/types";

test.describe("with one worker", () => {
  test.use({
    settings: {
      ...patient,
      // Each system call of a traced program takes its time.
      "cluster.ladder_total": "20s",
      "runs.workers": 1,
      "runs.beat": "300ms",
      "runs.no_progress": "8s",
      "runs.no_worker": "3s",
    },
  });

  test("J04: a worker that stands still ends its run as no_progress, says where it stands, and another takes its place", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { server } = hedgerow;
    const tracer = await server.restartTraced();
    server.allowedInLog.push(/"event":"(run_stalled|worker_replaced)"/);
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const api = await server.as("operator");
    const run = await heldRun(gate, api, fabric.id);
    await tracer.halt("worker 1");
    const ended = await api.ended(run.id, 20_000);
    expect(ended, traceOf(ended)).toMatchObject({
      outcome: "failed",
      code: "no_progress",
      layer: 8,
    });
    expect(ended.next).not.toBe("");
    expect((await api.fabric(fabric.id)).working).toBeNull();
    const [replaced] = await until("the worker's end in the log", () => {
      const lines = hedgerow.server.logged("worker_replaced");
      return lines.length > 0 ? lines : undefined;
    });
    expect(replaced?.worker).toBe(1);
    const places = [...String(replaced?.stack).matchAll(/hedgerow\+(0x[0-9a-f]+)/g)];
    const names = await mustRun("addr2line", [
      ...["-f", "-i", "-C", "-e", hedgerowProgram],
      ...places.map(([, place]) => place ?? ""),
    ]);
    expect(names, "the stack is that of the run's own thread").toContain("jobs::Worker::work");
    expect(names).toContain("reconcile::Pull::run");
    await gate.dropAll();

    const next = await api.pull(fabric.id);
    expectRead(next, { created: 48 });
    expect(next.trace[7]?.evidence).not.toContain("worker 1 ");
    const { revision } = await api.run(run.id);
    // It comes back late, and nothing of it counts any more.
    await tracer.letGo();
    expectRead(await api.pull(fabric.id), { unchanged: 48 });
    expect((await api.run(run.id)).revision).toBe(revision);
    expect(await server.stop(), "every thread is back").toBe(0);
    await server.begin();
  });

  test(
    "J14: what nobody takes is no_worker, and a long queue alone never fails",
    { tag: "@long" },
    async ({ hedgerow, cluster, gate }) => {
      const { server } = hedgerow;
      const tracer = await server.restartTraced();
      const first = await hedgerow.fabric({ cluster, through: gate });
      const administrator = await server.as("administrator");
      const others: Fabric[] = [];
      for (const name of ["second", "third"]) {
        const made = await administrator.addFabric(
          name,
          fieldsOf(cluster.connection, cluster.namespace),
        );
        others.push(await administrator.editFabric(made.id, { shares_cluster: true }));
      }
      const api = await server.as("operator");
      const busy = await heldRun(gate, api, first.id);
      const waiting: StartedRun[] = [];
      for (const { id } of others) waiting.push(await api.start(id));
      const placeOf = async ({ run }: StartedRun) => (await api.run(run.id)).place;
      expect(await Promise.all(waiting.map(placeOf))).toEqual([1, 2]);
      const since = Date.now();
      await until("more than no_worker to pass", () => Date.now() - since > 3_500 || undefined);
      expect(await Promise.all(waiting.map(placeOf)), "a queue is no fault").toEqual([1, 2]);
      await gate.dropAll();
      for (const { run } of [{ run: busy }, ...waiting]) {
        const ended = await api.ended(run.id, 20_000);
        expect(ended.code, traceOf(ended)).not.toBe("no_worker");
      }
      expect((await api.pull(first.id)).outcome).toBe("succeeded");

      const workers = async () => (await api.check("workers")).good;
      expect(await workers()).toBe(true);
      await tracer.haltAway("worker 1");
      await expect.poll(workers, { timeout: 15_000 }).toBe(false);
      const { run } = await api.start(first.id);
      expect((await api.run(run.id)).place).toBe(1);
      const tested = await api.start(first.id, "test");
      expect((await api.ended(tested.run.id)).outcome, "tests have their own").toBe("succeeded");
      const ended = await api.ended(run.id, 20_000);
      expect(ended, traceOf(ended)).toMatchObject({
        outcome: "failed",
        code: "no_worker",
        layer: 8,
      });
      expect(ended.next).not.toBe("");
      expect((await api.fabric(first.id)).headline).toMatchObject({ state: "failing" });

      await tracer.letGo();
      expectRead(await api.pull(first.id), { unchanged: 48 });
      await expect.poll(workers).toBe(true);
    },
  );
});

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  test("J09: a reaper that dies in its work leaves it whole to the next", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { server } = hedgerow;
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const api = await server.as("operator");
    const run = await heldRun(gate, api, fabric.id);
    await server.kill();
    await gate.dropAll();
    // As it is about to write that the run was lost.
    for (let time = 0; time < 2; time += 1)
      await expect(server.beginTraced(diesAt("stopped answering"))).rejects.toThrow(/SIGKILL/);
    const [row] = await server.record.rows(`SELECT state FROM runs WHERE id = ${run.id}`);
    expect(row).toEqual({ state: "running" });
    await server.stop();
    await server.begin();
    expect(await api.run(run.id)).toMatchObject({ state: "ended", outcome: "lost", code: "lost" });
    expectRead(await api.repetition(fabric.id, run.id), { created: 48 });
    expect((await api.fabric(fabric.id)).recent_runs, "repeated once").toHaveLength(2);
  });

  test("J09: a reaper whose turn fails goes on, and the next turn repairs", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { server } = hedgerow;
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const api = await server.as("operator");
    const run = await heldRun(gate, api, fabric.id);
    server.allowedInLog.push(/"part":"reap"|writer_refused|database_opened_again/);
    // Nothing that ends as lost can be written.
    await server.record.change(
      "CREATE TRIGGER breaks_reaping BEFORE UPDATE OF outcome ON runs " +
        "WHEN NEW.outcome = 'lost' BEGIN SELECT RAISE(ABORT, 'the reaper breaks'); END",
    );
    server.signal("SIGSTOP");
    // Beyond its lease: what passes is the fact.
    const since = Date.now();
    await until("two leases to pass", () => Date.now() - since > 3_000 || undefined);
    server.signal("SIGCONT");
    const failed = () =>
      hedgerow.server.logged("keeper_failed").filter(({ part }) => part === "reap");
    await expect.poll(() => failed().length, { timeout: 15_000 }).toBeGreaterThan(1);
    expect((await api.run(run.id)).state, "reading goes on").toBe("running");
    const { faults } = await (await server.as("viewer")).health();
    const [told] = faults;
    expect(told, "one line for all of them").toMatchObject({
      code: "internal_fault",
      place: "Housekeeping",
      detail: expect.stringContaining("A part of it failed and is tried again. reap"),
    });
    expect(told?.times).toBeGreaterThan(1);
    await server.record.change("DROP TRIGGER breaks_reaping");
    expect((await api.ended(run.id)).outcome).toBe("lost");
    await gate.dropAll();
    expectRead(await api.repetition(fabric.id, run.id), { created: 48 });
  });

  test("P09: what a run brings after its lease has ended is not written, although nobody else has the fabric", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { server } = hedgerow;
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const api = await server.as("operator");
    const run = await heldRun(gate, api, fabric.id);
    server.allowedInLog.push(/keeper_failed|writer_refused|database_opened_again/);
    // Nobody can take the fabric, and nobody can end the run as lost: only the lease itself says that it is over.
    await server.record.change(
      "CREATE TRIGGER no_taking BEFORE UPDATE OF epoch ON ownership " +
        "BEGIN SELECT RAISE(ABORT, 'nobody takes it'); END; " +
        "CREATE TRIGGER no_reaping BEFORE UPDATE OF outcome ON runs " +
        "WHEN NEW.outcome = 'lost' BEGIN SELECT RAISE(ABORT, 'nobody reaps'); END",
    );
    server.signal("SIGSTOP");
    const since = Date.now();
    await until("two leases to pass", () => Date.now() - since > 3_000 || undefined);
    await gate.dropAll();
    server.signal("SIGCONT");
    const failed = () => server.logged("run_failed").filter((line) => line.run === run.id);
    await expect.poll(() => failed().map(({ code }) => code)).toEqual(["lost"]);
    expect((await api.run(run.id)).state).toBe("running");
    expect((await api.objects(fabric.id)).count, "nothing of it is in the record").toBe(0);
    await server.record.change("DROP TRIGGER no_taking; DROP TRIGGER no_reaping");
    expect((await api.ended(run.id)).outcome).toBe("lost");
    expectRead(await api.repetition(fabric.id, run.id), { created: 48 });
  });

  for (const how of ["gets room again", "is started anew with room"] as const)
    test(`J11: a disk that is full as a run ends is said by a banner, and the run has its end once it ${how}`, async ({
      hedgerow,
      cluster,
      gate,
      page,
    }) => {
      const { server } = hedgerow;
      const tracer = await server.restartTraced();
      const fabric = await hedgerow.fabric({ cluster, through: gate });
      await page.signIn("operator").open(fabric);
      const api = await server.as("operator");
      server.allowedInLog.push(/storage_full/);
      page.allow(networkLines);
      const run = await heldRun(gate, api, fabric.id);
      await tracer.fillDisk();
      await gate.dropAll();
      const banner = page.getByRole("region", { name: "Storage" });
      await expect(banner).toContainText("disk");
      await expect(banner).toContainText("storage_full");
      await expect
        .poll(
          () => hedgerow.server.logged("run_failed").filter((line) => line.run === run.id).length,
        )
        .toBeGreaterThan(0);
      await api.refused(
        { status: 507, code: "storage_full", layer: 9 },
        "POST",
        `/api/fabrics/${fabric.id}/runs/`,
        { headers: { "Idempotency-Key": freshKey() }, body: { operation: "pull" } },
      );
      expect((await api.check("writing")).good).toBe(false);
      expect((await api.fabric(fabric.id)).headline.state, "reading goes on").not.toBe("read");

      if (how === "gets room again") await tracer.letGo();
      else await server.restart(undefined, "SIGKILL");
      const ended = await api.ended(run.id);
      const truths = how === "gets room again" ? ["lost", "storage_full"] : ["lost"];
      expect(truths, traceOf(ended)).toContain(ended.code);
      expect(ended.summary).not.toBe("");
      expect(ended.next).not.toBe("");
      await expect(banner).toBeHidden({ timeout: 20_000 });
      if (ended.outcome === "lost") await api.repetition(fabric.id, run.id);
      expect((await api.pull(fabric.id)).outcome).toBe("succeeded");
      expect((await api.objects(fabric.id)).count).toBe(48);
      await page.close();
    });

  test("P15: an object that kills the process each time quarantines its fabric after two deaths, others go on, and an administrator lifts it", async ({
    hedgerow,
    cluster,
    sharedCluster,
    wiring,
    gate,
    page,
  }) => {
    const { server } = hedgerow;
    const poison = "poison-7f3a";
    const kills = diesAt(poison);
    const place = await ownNamespace(sharedCluster, wiring);
    const describe = (description: string) =>
      sharedCluster.patch("Server", place.namespace, "server-01", { spec: { description } });
    await describe(`${poison} ${poison} ${poison}`);
    const good = await hedgerow.fabric({ cluster, through: gate, name: "the good one" });
    const bad = await hedgerow.fabric({ cluster: place, name: "the bad one" });
    const administrator = await server.as("administrator");
    for (const { id } of [good, bad]) await administrator.editFabric(id, { shares_cluster: true });
    const api = await server.as("operator");
    await gate.rule(slowServers);
    await server.stop();

    // The good one is under way at both deaths.
    let tracer = await server.beginTraced(kills);
    const { run: innocent } = await api.start(good.id);
    await gate.holds("slow");
    const { run: first } = await api.start(bad.id);
    await tracer.gone();
    await gate.dropAll();
    await gate.rule(slowServers);
    tracer = await server.beginTraced(kills);
    await gate.holds("slow");
    expect(await api.run(first.id)).toMatchObject({ outcome: "lost", code: "lost" });
    expect((await api.fabric(bad.id)).pause).toBeNull();
    await gate.dropAll();
    await tracer.gone();
    await server.begin();

    const after = await api.fabric(bad.id);
    expect(after.pause).toMatchObject({ by: "Hedgerow", code: "quarantined", layer: 8 });
    expect(after.pause?.next).toContain("resume");
    expect(after.headline).toMatchObject({ state: "paused", next: { resume: true } });
    const second = after.recent_runs[0];
    expect(second).toMatchObject({ outcome: "lost", code: "quarantined", retry_of: first.id });
    const wish = { headers: { "Idempotency-Key": freshKey() }, body: { operation: "pull" } };
    const path = `/api/fabrics/${bad.id}/`;
    const quarantined = { status: 409, code: "quarantined", layer: 8 };
    await api.refused(quarantined, "POST", `${path}runs/`, wish);
    await api.refused({ status: 403, code: "forbidden", layer: 6 }, "POST", `${path}resume/`);
    const spared = await api.repetition(good.id, innocent.id);
    expect(spared.outcome, traceOf(spared)).toBe("succeeded");
    expect((await api.fabric(good.id)).pause).toBeNull();
    expectRead(await api.pull(good.id), { unchanged: 48 });

    await page.signIn("operator").open(bad);
    await expect(page.headline()).toContainText("Paused");
    await expect(page.getByText(/Layer 8.* · quarantined/).first()).toBeVisible();
    await page.getByRole("button", { name: /Resume/ }).click();
    await expect(page.getByRole("dialog", { name: "Resume is locked" })).toContainText(
      "fabric.edit",
    );
    await page.keyboard.press("Escape");
    await describe("cured");
    await administrator.giveRole("operator", "administrator");
    await page.getByRole("button", { name: /^Resume runs/ }).click();
    await expect(page.headline()).not.toContainText("Paused");
    await page.sync().click();
    await expect.poll(async () => (await administrator.fabric(bad.id)).headline.state).toBe("read");
    expectRead(await administrator.pull(bad.id), { unchanged: 48 });
  });

  test("P03: killed while it holds a large list, it is back within 5 s and truthful", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const { server } = hedgerow;
    const { api, fabric } = await readFabric(hedgerow, { cluster, through: gate });
    const version = String(await cluster.whole.version());
    const items = Array.from({ length: 20_000 }, (_, index) =>
      fakeServer(`fake-${index}`, cluster.namespace, { description: "x".repeat(500) }, version),
    );
    const answer = listOf(items, version);
    await gate.rule({
      name: "large",
      match: { path: "/servers$" },
      action: {
        answer,
        cut: { after: answer.body.length - 100, how: "silent" },
        drip: 6_000_000, // Bytes a second: the page is told of it more than once.
      },
    });
    const { run } = await api.start(fabric.id);
    await gate.taken("large");
    const listed = async () =>
      (await api.run(run.id)).kinds.find(({ kind }) => kind === "Server")?.listed ?? 0;
    await expect.poll(listed, { timeout: 30_000 }).toBeGreaterThan(10_000);
    const died = Date.now();
    await server.kill();
    await gate.dropAll();
    await server.begin();
    expect(Date.now() - died, "back").toBeLessThan(5_000);
    const lost = await api.run(run.id);
    expect(lost, traceOf(lost)).toMatchObject({ state: "ended", outcome: "lost", code: "lost" });
    expect(["lost", "queued", "running", "succeeded"], "by itself, and it says so").toContain(
      (await api.fabric(fabric.id)).facts.last_run.state,
    );
    const again = await api.repetition(fabric.id, run.id);
    if (again.outcome !== "succeeded") await api.pull(fabric.id);
    expect((await api.objects(fabric.id)).count).toBe(48);
    expectRead(await api.pull(fabric.id), { unchanged: 48 });
  });
});

// With each amount of memory that is left, another step of reading is the one that finds none.
for (const left of [4, 12, 24, 48])
  test(
    `P03: with ${left} MiB left, a list of one large object fails its run as out_of_memory, and nothing else`,
    { tag: "@release" },
    async ({ hedgerow, cluster, gate }) => {
      const { server } = hedgerow;
      const { api, fabric } = await readFabric(hedgerow, { cluster, through: gate });
      const keys = Array.from({ length: 200_000 }, (_, i) => [`key-${i}`, "x".repeat(40)]);
      const large = fakeServer("large", cluster.namespace, Object.fromEntries(keys) as object);
      await gate.rule({
        name: "large",
        match: { path: "/servers$" },
        action: { answer: listOf([large], String(await cluster.whole.version())) },
      });
      server.allowedInLog.push(/out_of_memory/);
      const mayHave = (bytes: number | "unlimited") =>
        mustRun("prlimit", [`--pid=${server.pid}`, `--as=${bytes}:unlimited`]);
      await mayHave((memoryKiB(server.pid, "VmSize") + left * 1024) * 1024);
      const run = await api.pull(fabric.id);
      expect(run, traceOf(run)).toMatchObject({
        outcome: "failed",
        code: "out_of_memory",
        layer: 8,
      });
      expect((await api.objects(fabric.id)).count).toBe(48);
      expect((await api.fabric(fabric.id)).headline.state).not.toBe("read");
      await mayHave("unlimited");
      await gate.dropAll();
      expectRead(await api.pull(fabric.id), { unchanged: 48 });
    },
  );

// Every call once where everything is proven; elsewhere a sample that is spread over all of them.
const points = inFull ? 2_000 : thorough ? 20 : 6;

for (const { part, of, words } of partsOf(points, 500))
  test(`J01: dead at any of the first system calls of a sync, it is lost and repeated by itself, and never shown as going on without a lease${words}`, async ({
    hedgerow,
    cluster,
  }, info) => {
    test.setTimeout(60_000 + (points / of) * 4_000);
    const { server } = hedgerow;
    const fabric = await hedgerow.fabric({ cluster });
    const api = await server.fresh("operator");
    let tracer = await server.restartTraced();
    await tracer.startCounting();
    expectRead(await api.pull(fabric.id), { created: 48 });
    const calls = await tracer.counted();
    info.annotations.push({ type: "calls of one sync", description: String(calls) });
    const amount = `${Math.ceil(points / of)} points, a sync has ${calls} calls`;
    info.annotations.push({ type: "amount", description: amount });
    const happened: Record<string, number> = {};
    const step = inFull ? 1 : Math.max(1, Math.floor(calls / points));
    for (let point = 1 + part; point <= points; point += of) {
      const at = point * step;
      await tracer.dieAtCall(at);
      const key = freshKey();
      const click = () =>
        api.ask<StartedRun>("POST", `/api/fabrics/${fabric.id}/runs/`, {
          headers: { "Idempotency-Key": key },
          body: { operation: "pull" },
        });
      // Its answer may have died with the server.
      await click().catch((thrown: unknown) => {
        if (!(thrown instanceof TypeError)) throw thrown;
      });
      const died = await Promise.race([
        tracer.gone().then(() => true),
        until("the sync to end", () => undefined, 5_000).catch(() => false),
      ]);
      if (!died) await server.kill();
      tracer = await server.beginTraced();
      const left = await server.command(["check"]);
      expect(left.code, `call ${at}: ${left.output}`).toBe(0);
      const orphans = await server.record.runningWithoutLease();
      expect(orphans, `call ${at}: running without a lease`).toEqual([]);
      const answer = await click();
      expect(answer.status, answer.text).toBe(202);
      const run = await api.ended(answer.body.run.id);
      const last = run.outcome === "lost" ? await api.repetition(fabric.id, run.id) : run;
      expect(last.outcome, `call ${at}: ${traceOf(last)}`).toBe("succeeded");
      const how = run.outcome === "lost" ? "lost and repeated" : "not begun or at its end";
      happened[how] = (happened[how] ?? 0) + 1;
    }
    info.annotations.push({ type: "ends", description: JSON.stringify(happened) });
    expect(happened["lost and repeated"], "something was cut off").toBeGreaterThan(
      points / of / 10,
    );
    const { results } = await api.objects(fabric.id);
    expect(results).toHaveLength(48);
    expect((await server.command(["check"])).code).toBe(0);
    expectRead(await api.pull(fabric.id), { unchanged: 48 });
  });
