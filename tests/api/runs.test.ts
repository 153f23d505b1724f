// How runs are asked for, joined, stopped and looked at.
import { freshKey, type Api } from "../support/api";
import type { List, Run, StartedRun } from "../support/types";
import { expect, test } from "../support/fixtures";
import { expectBroken, statusBody, type Lab } from "../support/lab";
import { none } from "../support/read";

const held = { name: "held", match: { path: "/switches$" }, action: { hold: true } };
const forbidden = { status: 403, code: "forbidden", layer: 6 };
const missing = { status: 404, code: "not_found", layer: 2 };

const pathOf = (lab: Lab) => `/api/fabrics/${lab.fabric.id}/runs/`;

const send = (api: Api, lab: Lab, key: string, body: object = { operation: "pull" }) =>
  api.ask<StartedRun>("POST", pathOf(lab), { headers: { "Idempotency-Key": key }, body });

// A run whose last list hangs in the Gate until it is released.
async function begun(lab: Lab, api: Api): Promise<Run> {
  await lab.gate.rule(held);
  const { run } = await api.start(lab.fabric.id);
  await lab.gate.holds("held");
  return await api.run(run.id);
}

const count = async (api: Api, lab: Lab) =>
  (await api.must<List<Run>>("GET", `${pathOf(lab)}?limit=1`)).count;

test.describe("a key", () => {
  test("is the actor's own: another person's click with the same key is another click", async ({
    lab,
  }) => {
    const [operator, administrator] = [await lab.as("operator"), await lab.as("administrator")];
    const key = freshKey();
    const mine = await send(operator, lab, key);
    await operator.ended(mine.body.run.id);
    const theirs = await send(administrator, lab, key);
    expect(theirs.body.run.id).not.toBe(mine.body.run.id);
    expect(theirs.headers.get("Idempotency-Replayed")).toBeNull();
    await operator.ended(theirs.body.run.id);
    for (const [api, { body }] of [
      [operator, mine],
      [administrator, theirs],
    ] as const) {
      const found = await api.must<List<Run>>("GET", `${pathOf(lab)}?key=${key}`);
      expect(found.results.map(({ id }) => id)).toEqual([body.run.id]);
    }
    const viewer = await lab.as("viewer");
    expect((await viewer.must<List<Run>>("GET", `${pathOf(lab)}?key=${key}`)).count).toBe(0);
  });

  test("sent twenty times at once makes one run", async ({ lab }) => {
    const api = await lab.as("operator");
    const before = await count(api, lab);
    const key = freshKey();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(api, lab, key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const ids = new Set(answers.map(({ body }) => body.run.id));
    expect(ids.size).toBe(1);
    const first = answers.filter(({ headers }) => headers.get("Idempotency-Replayed") === null);
    expect(first.length, "answers that are no replay").toBe(1);
    await api.ended([...ids][0] ?? 0);
    expect(await count(api, lab)).toBe(before + 1);
  });

  test("of a click that joined is answered as joined again, also after the run has ended", async ({
    lab,
  }) => {
    const [operator, administrator] = [await lab.as("operator"), await lab.as("administrator")];
    const run = await begun(lab, operator);
    const key = freshKey();
    const joined = await send(administrator, lab, key);
    expect(joined.body).toMatchObject({ joined: true, run: { id: run.id, actor: "operator" } });
    await lab.gate.release("held");
    await operator.ended(run.id);
    const again = await send(administrator, lab, key);
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect(again.body).toMatchObject({ joined: true, run: { id: run.id, state: "ended" } });
    expect(again.headers.get("Location")).toBe(`/api/runs/${run.id}/`);
  });

  test("of a click that was refused is free, so that the same click can be finished", async ({
    lab,
  }) => {
    const key = freshKey();
    const viewer = await lab.as("viewer");
    const wish = { headers: { "Idempotency-Key": key }, body: { operation: "pull" } };
    const problem = await viewer.refused(forbidden, "POST", pathOf(lab), wish);
    expect(problem.detail).toContain("fabric.sync");
    expect(problem.detail).toContain(lab.fabric.name);
    const operator = await lab.as("operator");
    const { status, body, headers } = await send(operator, lab, key);
    expect(status).toBe(202);
    expect(headers.get("Idempotency-Replayed")).toBeNull();
    await operator.ended(body.run.id);
  });
});

test.describe("joining", () => {
  test("twenty clicks of twenty keys while one run reads are that run", async ({ lab }) => {
    const api = await lab.as("operator");
    const run = await begun(lab, api);
    const clicks = await Promise.all(Array.from({ length: 20 }, () => api.start(lab.fabric.id)));
    expect(clicks.map((it) => it.joined)).toEqual(clicks.map(() => true));
    expect(new Set(clicks.map((it) => it.run.id))).toEqual(new Set([run.id]));
    await lab.gate.release("held");
    expect((await api.ended(run.id)).outcome).toBe("succeeded");
  });

  test("a follow-up is queued once, names whom it waits for, and runs after it", async ({
    lab,
  }) => {
    const api = await lab.as("operator");
    const run = await begun(lab, api);
    const more = { follow_up: true };
    const follow = await api.start(lab.fabric.id, "pull", more);
    expect(follow).toMatchObject({ joined: false, run: { state: "queued", waits_for: run.id } });
    const second = await api.start(lab.fabric.id, "pull", more);
    expect(second).toMatchObject({ joined: true, run: { id: follow.run.id } });
    // A plain click joins what is queued rather than what has read half already.
    expect((await api.start(lab.fabric.id)).run.id).toBe(follow.run.id);
    await lab.gate.dropAll();
    const [first, last] = [await api.ended(run.id), await api.ended(follow.run.id)];
    expect(Date.parse(last.started ?? "")).toBeGreaterThanOrEqual(Date.parse(first.ended ?? ""));
    expect(last.counts).toEqual({ ...none, unchanged: 48 });
  });

  test("a test queues behind nothing", async ({ lab }) => {
    const api = await lab.as("operator");
    const run = await begun(lab, api);
    const { run: begunTest, joined } = await api.start(lab.fabric.id, "test");
    expect(joined).toBe(false);
    const ended = await api.ended(begunTest.id);
    expect(ended, ended.summary).toMatchObject({ operation: "test", outcome: "succeeded" });
    expect((await api.run(run.id)).state).toBe("running");
    const { facts } = await api.fabric(lab.fabric.id);
    expect(facts.last_run, "a test never counts as the last run").toMatchObject({
      state: "running",
      run: run.id,
    });
    await lab.gate.release("held");
    await api.ended(run.id);
  });
});

test.describe("cancelling", () => {
  test("J13: a run that reads ends it soon, keeps what was read, and says who asked", async ({
    lab,
  }) => {
    const [operator, viewer] = [await lab.as("operator"), await lab.as("viewer")];
    const run = await begun(lab, operator);
    const path = `/api/runs/${run.id}/cancel/`;
    const { detail } = await viewer.refused(forbidden, "POST", path);
    expect(detail).toContain("fabric.sync");
    const from = Date.now();
    const asked = await operator.ask<Run>("POST", path);
    expect(asked.status).toBe(202);
    const ended = await operator.ended(run.id);
    expect(Date.now() - from).toBeLessThan(5_000);
    expect(ended).toMatchObject({ outcome: "cancelled", code: "cancelled", layer: 8 });
    expect(ended.summary).toContain("operator");
    expect(ended.trace[7]?.state).toBe("failed");
    expect(ended.counts.removed).toBe(0);
    // Once more does nothing.
    expect(await operator.must<Run>("POST", path)).toEqual(ended);
  });

  test("a run that waits ends it before it began, and the one that reads goes on", async ({
    lab,
  }) => {
    const api = await lab.as("operator");
    const run = await begun(lab, api);
    const { run: waiting } = await api.start(lab.fabric.id, "pull", { follow_up: true });
    const cancelled = await api.must<Run>("POST", `/api/runs/${waiting.id}/cancel/`);
    const how = { code: "cancelled", layer: 8, outcome: "cancelled" };
    expectBroken(cancelled, how);
    expect(cancelled.state).toBe("ended");
    expect(cancelled.started).toBeUndefined();
    expect(cancelled.trace[8]?.state).toBe("not_reached");
    expect((await api.run(run.id)).state).toBe("running");
    await lab.gate.release("held");
    expect((await api.ended(run.id)).outcome).toBe("succeeded");
  });

  test("a run that has ended changes nothing of it, and one that is not there is not_found", async ({
    lab,
  }) => {
    const api = await lab.as("operator");
    const ended = await lab.pull();
    expect(await api.must<Run>("POST", `/api/runs/${ended.id}/cancel/`)).toEqual(ended);
    await api.refused(missing, "POST", "/api/runs/999999/cancel/");
  });
});

test.describe("what a run says of itself", () => {
  test("while it reads: how far it is, kind by kind, and the fabric shows it as work", async ({
    lab,
  }) => {
    const api = await lab.as("operator");
    const run = await begun(lab, api);
    const now = await expectSoon(
      () => api.run(run.id),
      (it) => it.kinds.filter(({ state }) => state === "passed").length === 20,
    );
    expect(now).toMatchObject({ state: "running", outcome: null, counts: { unchanged: 41 } });
    expect(now.trace[8]).toMatchObject({ state: "running" });
    expect(now.kinds.find(({ kind }) => kind === "Switch")?.state).toBe("running");
    const fabric = await (await lab.as("viewer")).fabric(lab.fabric.id);
    expect(fabric.working).toMatchObject({ run: run.id, actor: "operator", state: "running" });
    expect(fabric.headline.state, "work hides no headline").toBe("read");
    await lab.gate.release("held");
    const ended = await api.ended(run.id);
    expect(ended.trace.map(({ state }) => state)).toEqual([
      "not_applicable",
      ...Array.from({ length: 8 }, () => "passed"),
    ]);
    expect(ended.revision).toBeGreaterThan(now.revision);
    expect((await api.fabric(lab.fabric.id)).working).toBeNull();
  });

  test("of a click: page, tries and tab stand in its first two layers", async ({ lab }) => {
    const api = await lab.as("operator");
    const clicked_at = new Date(Date.now() - 3_000).toISOString();
    const { page } = await api.must<{ page: string }>("GET", "/version");
    const client = { clicked_at, page_version: page, tab: "tab-7", tries: 3 };
    const { run } = await api.start(lab.fabric.id, "pull", { client });
    const { trace, trigger } = await api.ended(run.id);
    expect(trigger).toBe("manual");
    expect(trace[0]).toMatchObject({ layer: 1, state: "passed" });
    expect(Date.parse(trace[0]?.started ?? "")).toBe(Date.parse(clicked_at));
    expect(trace[0]?.evidence).toContain(`${page}, tab-7`);
    expect(trace[1]?.evidence).toMatch(/3 tries/);
  });

  test("A04: nothing of a click of another page's version, which is assets_outdated", async ({
    lab,
  }) => {
    const api = await lab.as("operator");
    const before = (await api.fabric(lab.fabric.id)).recent_runs;
    const outdated = { status: 409, code: "assets_outdated", layer: 1 };
    const said = await api.refused(outdated, "POST", `/api/fabrics/${lab.fabric.id}/runs/`, {
      headers: { "Idempotency-Key": freshKey() },
      body: { operation: "pull", client: { page_version: "0.0.9-of-old" } },
    });
    expect(said.detail).toContain("0.0.9-of-old");
    expect((await api.fabric(lab.fabric.id)).recent_runs).toEqual(before);
  });

  test("its reason, and markup in it is text", async ({ lab }) => {
    const api = await lab.as("operator");
    const reason = "<b>before the change window</b>";
    const { run } = await api.start(lab.fabric.id, "pull", { reason });
    expect((await api.ended(run.id)).outcome).toBe("succeeded");
  });
});

async function expectSoon<T>(look: () => Promise<T>, good: (it: T) => boolean): Promise<T> {
  let seen: T | undefined;
  await expect.poll(async () => good((seen = await look())), { intervals: [20] }).toBe(true);
  return seen as T;
}

test.describe("what stops a whole run", () => {
  const answers: Record<string, [string, number, string]> = {
    "401 at the first question": ["^/api/v1/namespaces/kube-system$", 401, "cluster_unauthorized"],
    "401 at one kind": ["/switches$", 401, "cluster_unauthorized"],
    "403 on all kinds": ["githedgehog.com/v", 403, "cluster_forbidden"],
    "429 on all kinds": ["githedgehog.com/v", 429, "cluster_throttled"],
    "500 on all kinds": ["githedgehog.com/v", 500, "cluster_error"],
    "503 at the discovery": ["^/apis", 503, "cluster_error"],
  };
  for (const [what, [path, status, code]] of Object.entries(answers))
    test(`${what} is ${code}, and nothing is lost`, async ({ lab }) => {
      const headers = { "Content-Type": "application/json" };
      const answer = { status, headers, body: statusBody(status, "No") };
      await lab.gate.rule({ name: "no", match: { path }, action: { answer } });
      const run = await lab.fails({ code, layer: 9, outcome: "failed" });
      expect(run.counts.removed).toBe(0);
      const { headline, facts } = await (await lab.as("viewer")).fabric(lab.fabric.id);
      expect(["failing", "cannot_tell"]).toContain(headline.state);
      expect(headline.next.text).not.toBe("");
      expect(facts.last_run).toMatchObject({ state: "failed", run: run.id });
      await lab.expectWhole();
    });

  const title = "an answer that has come is not left lying until the next comes, in 300 runs";
  test(title, { tag: ["@long", "@release"] }, async ({ lab }) => {
    test.setTimeout(400_000);
    const headers = { "Content-Type": "application/json" };
    const answer = { status: 429, headers, body: statusBody(429, "No") };
    const match = { path: "githedgehog.com/v" };
    await lab.gate.rule({ name: "no", match, action: { answer } });
    const slow: number[] = [];
    for (let count = 0; count < 300; ++count) {
      const run = await lab.pull();
      // Three tries and their pauses are 0.3 s; the library sleeps for a second where it does this.
      if (Math.max(...run.kinds.map(({ ms }) => ms)) > 900) slow.push(run.id);
    }
    expect(slow.length, `runs ${slow.join(", ")}; one may be the machine's`).toBeLessThanOrEqual(1);
    await lab.expectWhole();
  });

  test("a connection that breaks at every list fails the run soon and by name", async ({ lab }) => {
    const match = { path: "githedgehog.com/v" };
    await lab.gate.rule({ name: "no", match, action: { reset: true } });
    const run = await lab.pull();
    expect(run.outcome, run.summary).toBe("failed");
    expect(run.ms, run.summary).toBeLessThan(3_000);
    expect(run.trace.filter(({ state }) => state === "failed").map(({ layer }) => layer)).toEqual([
      run.layer,
    ]);
    await lab.expectWhole();
  });
});
