// A fabric of 48 objects that was read once through a Gate, shared by the tests of a worker because none may leave
// it otherwise than whole: after each test it is read again, unchanged, and nothing of it may have been lost.
import type { TestInfo } from "@playwright/test";
import { expect } from "@playwright/test";
import { freshKey, type Answer, type Api } from "./api";
import type { TestCluster } from "./cluster";
import { Gate } from "./gate";
import { fieldsOf, ownNamespace, type OwnNamespace } from "./own_namespace";
import { expectRead, none } from "./read";
import { expectRunSays } from "./sentence";
import { TestServer, type Settings } from "./server";
import type { Wiring } from "./tree";
import type { ConnectionFields, Fabric, Problem, Role, Run } from "./types";

// The form in which an API server says no.
export const statusBody = (code: number, reason: string): string =>
  JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: "it was said no",
    reason,
    code,
  });

// No test that shares a server may end the sessions of another or use up what an address is allowed.
const shared: Settings = { "sessions.per_user": 1000, "sign_in.address_burst": 100_000 };

export interface Failing {
  code: string;
  layer: number;
  outcome: string;
}

export class Lab {
  constructor(
    readonly server: TestServer,
    readonly gate: Gate,
    readonly cluster: OwnNamespace,
    readonly fabric: Fabric,
    private readonly wiring: Wiring,
  ) {}

  static async open(parts: {
    cluster: TestCluster;
    template: string;
    wiring: Wiring;
    settings?: Settings;
  }): Promise<Lab> {
    const server = await TestServer.start(parts.template, { ...shared, ...parts.settings });
    const gate = await Gate.beforeCluster(parts.cluster);
    const cluster = await ownNamespace(parts.cluster, parts.wiring);
    const api = await server.as("administrator");
    const fields = fieldsOf(gate.lead(cluster.connection), cluster.namespace);
    const fabric = await addFabric(api, { name: "lab", cluster: fields });
    const lab = new Lab(server, gate, cluster, fabric, parts.wiring);
    const run = await (await lab.as("operator")).pull(fabric.id);
    expect(run.counts, run.summary).toEqual({ ...none, created: 48 });
    return lab;
  }

  async close(): Promise<void> {
    await this.gate.stop();
    const faults = await this.server.faultsToTheEnd();
    await this.server.remove();
    expect(faults, "what the server's log must not hold").toEqual([]);
  }

  as(role: Role): Promise<Api> {
    return this.server.as(role);
  }

  // Each run is started by the least that may.
  async pull(fabric: Pick<Fabric, "id"> = this.fabric): Promise<Run> {
    return await (await this.as("operator")).pull(fabric.id);
  }

  // The connection of the lab's fabric, through the Gate.
  get fields(): ConnectionFields {
    return fieldsOf(this.gate.lead(this.cluster.connection), this.cluster.namespace);
  }

  // One more fabric of this server, not read yet.
  async more(cluster?: ConnectionFields, name = `more ${freshKey().slice(0, 8)}`): Promise<Fabric> {
    return await addFabric(await this.as("administrator"), { name, ...(cluster && { cluster }) });
  }

  // One more fabric with 48 objects of its own to spoil, read once through the Gate.
  async another(): Promise<{ fabric: Fabric; cluster: OwnNamespace; fields: ConnectionFields }> {
    const cluster = await ownNamespace(this.cluster.whole, this.wiring);
    const fields = fieldsOf(this.gate.lead(cluster.connection), cluster.namespace);
    const fabric = await this.more(fields);
    const run = await this.pull(fabric);
    expect(run.counts, run.summary).toEqual({ ...none, created: 48 });
    return { fabric, cluster, fields };
  }

  // The run that is read now and what it must say: this code on this layer, and no other layer red.
  async fails(expected: Failing, fabric: Pick<Fabric, "id"> = this.fabric): Promise<Run> {
    const run = await this.pull(fabric);
    expectBroken(run, expected);
    return run;
  }

  async expectWhole(fabric: Pick<Fabric, "id"> = this.fabric, objects = 48): Promise<void> {
    const api = await this.as("viewer");
    expect((await api.objects(fabric.id)).count, "nothing was lost").toBe(objects);
    expect((await api.objects(fabric.id, "&presence=removed")).count, "nothing removed").toBe(0);
  }

  // What must be true after any fault.
  async expectGood(
    fabric: Pick<Fabric, "id"> = this.fabric,
    counts: Partial<Run["counts"]> = { unchanged: 48 },
  ): Promise<Run> {
    const run = await this.pull(fabric);
    expectRead(run, counts);
    const now = await (await this.as("viewer")).fabric(fabric.id);
    expect(now.facts.reach.state).toBe("reachable");
    expect(now.facts.last_run.state).toBe("succeeded");
    expect(now.headline.state).toBe("read");
    return run;
  }

  async heal(info: TestInfo): Promise<void> {
    await this.gate.dropAll();
    if (info.status !== info.expectedStatus) return;
    await this.expectGood();
    await this.expectWhole();
    expect(this.server.faultsOfLog(), "what the server's log must not hold").toEqual([]);
  }
}

async function addFabric(
  api: Api,
  wish: { name: string; cluster?: ConnectionFields },
): Promise<Fabric> {
  const body = { ...wish, shares_cluster: true };
  const headers = { "Idempotency-Key": freshKey() };
  return await api.must<Fabric>("POST", "/api/fabrics/", { headers, body });
}

export function expectBroken(run: Run, { code, layer, outcome }: Failing): void {
  const broken = run.trace.filter(({ state }) => state === "failed" || state === "partly");
  expect(
    { code: run.code, layer: run.layer, outcome: run.outcome, red: broken.map((it) => it.layer) },
    JSON.stringify(run.trace, null, 1),
  ).toEqual({ code, layer, outcome, red: [layer] });
  const red = broken[0];
  expect(red?.state).toBe(outcome === "partly" ? "partly" : "failed");
  expect(red?.evidence, "the red layer says why").not.toBe("");
  expectRunSays(run);
  for (const { layer: at, state } of run.trace) {
    if (at > 1 && at < Math.min(layer, 7)) expect(state, `layer ${at}`).toBe("passed");
  }
}

export const problemOf = (answer: Answer) => answer.body as Problem;
