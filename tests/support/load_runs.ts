// An operator who starts, tests and cancels runs while the server may die at any instant. Every run there is was asked
// for, by a click or by the end of another, and no click made two.
import { expect } from "@playwright/test";
import { freshKey, type Answer, type Api } from "./api";
import type { LoadedFabrics } from "./load_fabrics";
import { until } from "./process";
import type { TestServer } from "./server";
import type { List, Problem, Run, StartedRun } from "./types";

interface Click {
  fabric: number;
  operation: "pull" | "test";
}

const runsRead = 5;
const pageOfRuns = 20;
const ended = new Set(["succeeded", "partly", "failed", "cancelled", "lost"]);

export class LoadedRuns {
  readonly done = { runs: 0, tests: 0, cancelled: 0, resumed: 0, repeated: 0 };
  private readonly unanswered = new Map<string, Click>();
  // Every run there is, and those of clicks that nobody has looked for since.
  private readonly known = new Set<number>();
  private readonly asked = new Set<number>();
  private readonly unsettled = new Set<number>();
  private readonly outcomes = new Map<number, string>();
  // How many rows of history the latest of those that succeeded have written, and of which fabric.
  private readonly wrote = new Map<number, { fabric: number; rows: number }>();
  private newest = 0;

  constructor(
    private readonly fabrics: LoadedFabrics,
    private readonly operator: Api,
    private readonly administrator: Api,
    private readonly next: () => number,
  ) {}

  private post(key: string, { fabric, operation }: Click): Promise<Answer<StartedRun & Problem>> {
    const headers = { "Idempotency-Key": key };
    const path = `/api/fabrics/${fabric}/runs/`;
    return this.operator.ask("POST", path, { headers, body: { operation } });
  }

  async click(): Promise<void> {
    const which = this.next();
    if (which < 0.1) return await this.cancel();
    const operation = which < 0.2 ? "test" : "pull";
    const click: Click = { fabric: this.fabrics.any(), operation };
    const key = freshKey();
    this.unanswered.set(key, click);
    const answer = await this.post(key, click);
    this.unanswered.delete(key);
    if (answer.status === 202) this.started(answer.body.run, operation);
    else await this.resume(click.fabric, answer);
  }

  private started({ id }: Run, operation: Click["operation"]): void {
    if (!this.known.has(id)) this.asked.add(id);
    if (!this.outcomes.has(id)) this.unsettled.add(id);
    this.done[operation === "test" ? "tests" : "runs"] += 1;
  }

  // Killed in two runs one after the other: that is what a fabric is paused for.
  private async resume(fabric: number, why: Answer<Problem>): Promise<void> {
    if (this.fabrics.isGone(fabric, why)) return;
    expect(why.body.code, why.text).toBe("quarantined");
    const resumed = await this.administrator.ask("POST", `/api/fabrics/${fabric}/resume/`);
    if (resumed.status < 300) this.done.resumed += 1;
    else expect(this.fabrics.isGone(fabric, resumed), resumed.text).toBe(true);
  }

  private async cancel(): Promise<void> {
    const id = [...this.unsettled].at(-1);
    if (id === undefined) return;
    const { status, body, text } = await this.operator.ask<Run>("POST", `/api/runs/${id}/cancel/`);
    expect(status, text).toBe(202);
    this.done.cancelled += 1;
    this.note(body);
  }

  private note({ id, fabric, operation, state, outcome, counts }: Run): void {
    if (state !== "ended") return;
    expect(ended, `run ${id} has an outcome`).toContain(outcome);
    if (outcome === "succeeded" && operation === "pull" && fabric !== null)
      this.wrote.set(id, { fabric, rows: counts.created + counts.changed + counts.removed });
    this.outcomes.set(id, outcome ?? "");
    this.unsettled.delete(id);
  }

  // Once the server is back: what went on as it died has its end, and each run there is was asked for.
  async expectKept(cutOff: readonly number[]): Promise<void> {
    for (const [key, click] of [...this.unanswered]) await this.clickAgain(key, click);
    const fresh = await this.freshOnes();
    for (const run of fresh) this.expectAskedFor(run);
    expect([...this.asked], "runs that were acknowledged and are not there").toEqual([]);
    for (const run of fresh) this.note(run);
    for (const id of cutOff)
      expect(await this.operator.run(id), `run ${id} was cut off`).toMatchObject({
        state: "ended",
      });
    await this.expectHistory();
  }

  // The same click once more: the run that it had made, or one now.
  private async clickAgain(key: string, click: Click): Promise<void> {
    const path = `/api/fabrics/${click.fabric}/runs/?key=${key}`;
    const before = await this.operator.ask<List<Run>>("GET", path);
    const answer = await this.post(key, click);
    this.unanswered.delete(key);
    if (answer.status !== 202) {
      if (before.status === 200) expect(before.body.results, answer.text).toEqual([]);
      return await this.resume(click.fabric, answer);
    }
    const once = answer.body.run.id;
    const had = before.body.results.map(({ id }) => id);
    expect(had.length > 0 ? had : [once], "the click made one run").toEqual([once]);
    expect((await this.post(key, click)).body.run.id, "and no other when repeated").toBe(once);
    this.started(answer.body.run, click.operation);
    this.done.repeated += 1;
  }

  // All that began since the last look, the oldest first.
  private async freshOnes(): Promise<Run[]> {
    const fresh: Run[] = [];
    let rest = true;
    for (let offset = 0; rest; offset += pageOfRuns) {
      const path = `/api/runs/?limit=${pageOfRuns}&offset=${offset}`;
      const { results, count } = await this.operator.must<List<Run>>("GET", path);
      fresh.push(...results.filter(({ id }) => id > this.newest));
      rest = results.length === pageOfRuns && (results.at(-1)?.id ?? 0) > this.newest;
      if (!rest) expect(count, "all runs, and no others").toBe(this.known.size + fresh.length);
    }
    this.newest = fresh[0]?.id ?? this.newest;
    return fresh.reverse();
  }

  private expectAskedFor({ id, retry_of }: Run): void {
    const because = retry_of !== undefined && this.known.has(retry_of);
    expect(this.asked.delete(id) || because, `run ${id} was asked for`).toBe(true);
    this.known.add(id);
  }

  private async expectHistory(): Promise<void> {
    for (const [id, { fabric, rows }] of [...this.wrote].slice(-runsRead)) {
      if (this.fabrics.mayBeGone(fabric)) continue;
      const path = `/api/runs/${id}/changes/?limit=1`;
      const { count } = await this.operator.must<{ count: number }>("GET", path);
      expect(count, `history of run ${id}, which had succeeded`).toBe(rows);
    }
  }

  // Whatever befell it before, it is read now.
  async expectPulled(fabric: number): Promise<void> {
    await this.administrator.must("POST", `/api/fabrics/${fabric}/resume/`);
    const { run } = await this.operator.start(fabric);
    this.started(run, "pull");
    const { outcome, summary } = await this.operator.ended(run.id);
    expect(outcome, summary).toBe("succeeded");
  }

  // By itself and in time: whatever was acknowledged has its end.
  async expectSettled(withinMs: number): Promise<void> {
    const settled = async () => {
      for (const id of [...this.unsettled]) this.note(await this.operator.run(id));
      return this.unsettled.size === 0 ? true : undefined;
    };
    await until("the end of every run", settled, withinMs);
  }

  // What has ended never changes again.
  async expectFinal(server: TestServer): Promise<void> {
    const rows = await server.record.rows<{ id: number; outcome: string }>(
      "SELECT id, outcome FROM runs WHERE state = 'ended'",
    );
    const now = new Map(rows.map(({ id, outcome }) => [id, outcome]));
    // At once: each expectation by itself costs milliseconds, and there are thousands.
    const others = [...this.outcomes].filter(([id, outcome]) => now.get(id) !== outcome);
    expect(others, "runs that ended otherwise than was said").toEqual([]);
  }
}
