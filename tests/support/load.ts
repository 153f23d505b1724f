// Two people at work on one server, and somebody at work on its cluster, while the server may die at any instant.
// It knows what was acknowledged, what was asked for without an answer, and what must therefore be there afterwards.
import { expect } from "@playwright/test";
import { freshKey, type Api } from "./api";
import { fieldsOf, type Hedgerow, type OwnNamespace } from "./fixtures";
import { until } from "./process";
import type { Fabric, Problem, Run } from "./types";

// Numbers that only look random: the same ones for the same seed.
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

// What is said of one thing while nobody knows what became of the last request.
interface Kept {
  acknowledged: string;
  perhaps: Set<string>;
}

const fabricsMost = 12;
const runsRead = 5;
const ended = new Set(["succeeded", "partly", "failed", "cancelled", "lost"]);

// The connection went with the server: what was asked for may have been done.
const isCut = (thrown: unknown) => thrown instanceof TypeError;

export class Load {
  readonly done = { fabrics: 0, edits: 0, runs: 0, resumed: 0, unanswered: 0 };
  private readonly fabrics = new Map<number, Kept>();
  private readonly names = new Set<string>();
  private readonly unsettled = new Set<number>();
  private readonly outcomes = new Map<number, string>();
  // How many rows of history the latest of those that succeeded have written.
  private readonly wrote = new Map<number, number>();
  private stopped = false;

  private constructor(
    private readonly cluster: OwnNamespace,
    private readonly administrator: Api,
    private readonly operator: Api,
    private readonly next: () => number,
  ) {}

  static async on(hedgerow: Hedgerow, cluster: OwnNamespace, next: () => number): Promise<Load> {
    const administrator = await hedgerow.server.as("administrator");
    const operator = await hedgerow.server.as("operator");
    const load = new Load(cluster, administrator, operator, next);
    await load.addFabric();
    return load;
  }

  // Works until it is told to stop or the server is gone.
  async go(): Promise<void> {
    this.stopped = false;
    const people = [this.work(() => this.change()), this.work(() => this.click())];
    await Promise.all([...people, this.work(() => this.disturb())]);
  }

  stop(): void {
    this.stopped = true;
  }

  private async work(act: () => Promise<void>): Promise<void> {
    while (!this.stopped) {
      try {
        await act();
      } catch (thrown) {
        if (!isCut(thrown)) throw thrown;
        this.done.unanswered += 1;
        return;
      }
    }
  }

  private any(): number {
    const ids = [...this.fabrics.keys()];
    return ids[Math.floor(this.next() * ids.length)] ?? 0;
  }

  private async addFabric(): Promise<void> {
    const name = `fabric ${freshKey().slice(0, 8)}`;
    this.names.add(name);
    const { connection, namespace } = this.cluster;
    const body = { name, shares_cluster: true, cluster: fieldsOf(connection, namespace) };
    const headers = { "Idempotency-Key": freshKey() };
    const made = await this.administrator.must<Fabric>("POST", "/api/fabrics/", { headers, body });
    this.fabrics.set(made.id, { acknowledged: "", perhaps: new Set() });
    this.done.fabrics += 1;
  }

  private async change(): Promise<void> {
    if (this.fabrics.size < fabricsMost && this.next() < 0.1) return await this.addFabric();
    const id = this.any();
    const kept = this.fabrics.get(id);
    if (!kept) return;
    const path = `/api/fabrics/${id}/`;
    const { headers } = await this.administrator.ask("GET", path);
    const description = freshKey();
    kept.perhaps.add(description);
    const answer = await this.administrator.ask<Problem>("PATCH", path, {
      headers: { "If-Match": headers.get("ETag") ?? "" },
      body: { description },
    });
    if (answer.status === 200) {
      kept.acknowledged = description;
      kept.perhaps.clear();
      this.done.edits += 1;
    } else {
      expect(answer.body.code, answer.text).toBe("changed_meanwhile");
      kept.perhaps.delete(description);
    }
  }

  private async click(): Promise<void> {
    const id = this.any();
    const answer = await this.operator.ask<{ run: Run } & Problem>(
      "POST",
      `/api/fabrics/${id}/runs/`,
      { headers: { "Idempotency-Key": freshKey() }, body: { operation: "pull" } },
    );
    if (answer.status === 202) {
      this.unsettled.add(answer.body.run.id);
      this.done.runs += 1;
      return;
    }
    // Killed in two runs one after the other: that is what a fabric is paused for.
    expect(answer.body.code, answer.text).toBe("quarantined");
    const resumed = await this.administrator.ask("POST", `/api/fabrics/${id}/resume/`);
    if (resumed.status < 300) this.done.resumed += 1;
  }

  private async disturb(): Promise<void> {
    const name = `server-0${1 + Math.floor(this.next() * 9)}`;
    const spec = { description: freshKey() };
    await this.cluster.whole.patch("Server", this.cluster.namespace, name, { spec });
  }

  // Everything that was acknowledged is there, and nothing that nobody asked for.
  async expectKept(): Promise<void> {
    const { results } = await this.operator.must<{ results: Fabric[] }>(
      "GET",
      "/api/fabrics/?limit=1000",
    );
    const there = new Map(results.map((fabric) => [fabric.id, fabric]));
    for (const [id, kept] of this.fabrics) {
      const fabric = there.get(id);
      expect(fabric, `fabric ${id} was acknowledged`).toBeDefined();
      const said = [kept.acknowledged, ...kept.perhaps];
      expect(said, `fabric ${id} says what somebody said`).toContain(fabric?.description);
      this.fabrics.set(id, { acknowledged: fabric?.description ?? "", perhaps: new Set() });
    }
    for (const { id, name } of results) {
      expect(this.names, `fabric ${id} was asked for`).toContain(name);
      if (!this.fabrics.has(id))
        this.fabrics.set(id, {
          acknowledged: there.get(id)?.description ?? "",
          perhaps: new Set(),
        });
    }
    for (const [id, rows] of [...this.wrote].slice(-runsRead)) {
      const { count } = await this.operator.must<{ count: number }>(
        "GET",
        `/api/runs/${id}/changes/?limit=1`,
      );
      expect(count, `history of run ${id}, which had succeeded`).toBe(rows);
    }
    for (const id of this.unsettled) this.note(await this.operator.run(id));
  }

  private note({ id, state, outcome, counts }: Run): void {
    if (state !== "ended") return;
    if (outcome === "succeeded")
      this.wrote.set(id, counts.created + counts.changed + counts.removed);
    expect(ended, `run ${id} has an outcome`).toContain(outcome);
    this.outcomes.set(id, outcome ?? "");
    this.unsettled.delete(id);
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
  async expectFinal(): Promise<void> {
    for (const [id, outcome] of this.outcomes)
      expect((await this.operator.run(id)).outcome, `run ${id}`).toBe(outcome);
  }

  // After one more run, what the record has of the cluster is what the cluster has.
  async expectTruth(): Promise<void> {
    for (const id of this.fabrics.keys()) {
      await this.administrator.ask("POST", `/api/fabrics/${id}/resume/`);
      const run = await this.operator.pull(id);
      expect(run.outcome, run.summary).toBe("succeeded");
      const { count, results } = await this.operator.objects(id);
      expect(count).toBe(48);
      for (const row of results.filter(({ kind }) => kind === "Server")) {
        const there = await this.cluster.whole.get("Server", this.cluster.namespace, row.name);
        expect(row.seen.resource_version, row.name).toBe(there.metadata.resourceVersion);
      }
    }
  }
}
