// People at work on one server, and somebody at work on its cluster, while the server may die at any instant. It knows
// what was acknowledged, what was asked for without an answer, and what must therefore be there afterwards.
import { expect } from "@playwright/test";
import { freshKey, type Api } from "./api";
import type { Hedgerow } from "./fixtures";
import { LoadedFabrics } from "./load_fabrics";
import { LoadedPeople } from "./load_people";
import { LoadedRuns } from "./load_runs";
import type { OwnNamespace } from "./own_namespace";
import type { TestServer } from "./server";

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

// The connection went with the server: what was asked for may have been done.
const isCut = (thrown: unknown) => thrown instanceof TypeError;

export class Load {
  private unanswered = 0;
  private stopped = false;

  private constructor(
    private readonly server: TestServer,
    private readonly cluster: OwnNamespace,
    private readonly next: () => number,
    private readonly operator: Api,
    private readonly at: { fabrics: LoadedFabrics; runs: LoadedRuns; people: LoadedPeople },
  ) {}

  static async on(hedgerow: Hedgerow, cluster: OwnNamespace, next: () => number): Promise<Load> {
    const { server } = hedgerow;
    const administrator = await server.as("administrator");
    const operator = await server.as("operator");
    const fabrics = new LoadedFabrics(cluster, administrator, next);
    await fabrics.add();
    const runs = new LoadedRuns(fabrics, operator, administrator, next);
    const people = await LoadedPeople.of(hedgerow, fabrics, cluster);
    return new Load(server, cluster, next, operator, { fabrics, runs, people });
  }

  get done() {
    const { fabrics, runs, people } = this.at;
    return { ...fabrics.done, ...runs.done, people: people.done, unanswered: this.unanswered };
  }

  // Works until it is told to stop or the server is gone.
  async go(): Promise<void> {
    this.stopped = false;
    const { runs, people } = this.at;
    const acts = [() => this.administer(), () => runs.click(), () => people.visit()];
    await Promise.all([...acts, () => this.disturb()].map((act) => this.work(act)));
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
        this.unanswered += 1;
        return;
      }
    }
  }

  private async administer(): Promise<void> {
    const which = this.next();
    if (which < 0.1) await this.at.people.changeRole();
    else if (which < 0.15) await this.at.people.testConnection();
    else await this.at.fabrics.change();
  }

  private async disturb(): Promise<void> {
    const name = `server-0${1 + Math.floor(this.next() * 9)}`;
    const spec = { description: freshKey() };
    await this.cluster.whole.patch("Server", this.cluster.namespace, name, { spec });
  }

  // Everything that was acknowledged is there, and nothing that nobody asked for.
  async expectKept(cutOff: readonly number[]): Promise<void> {
    await this.at.fabrics.expectKept();
    await this.at.runs.expectKept(cutOff);
    await this.at.people.expectKept();
  }

  expectSettled(withinMs: number): Promise<void> {
    return this.at.runs.expectSettled(withinMs);
  }

  expectFinal(): Promise<void> {
    return this.at.runs.expectFinal(this.server);
  }

  // After one more run, what the record has of the cluster is what the cluster has, object by object.
  async expectTruth(): Promise<void> {
    const there = await this.cluster.whole.identities(this.cluster.namespace);
    expect(there).toHaveLength(48);
    for (const id of this.at.fabrics.ids) {
      await this.at.runs.expectPulled(id);
      const { results } = await this.operator.objects(id);
      const seen = results.map(({ kind, name, uid, seen }) =>
        [kind, name, uid, seen.resource_version].join(" "),
      );
      expect(seen.sort(), `fabric ${id}`).toEqual(there);
    }
  }
}
