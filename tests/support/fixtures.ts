// What a test is handed: a server of its own, the worker's API server with a namespace of its own, and a person
// before a browser. Made when asked for, looked through and taken away at the end.
import { test as base, expect } from "@playwright/test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { TestCluster } from "./cluster";
import { Gate } from "./gate";
import { Person, type PersonPage } from "./person";
import { keepLog, keepSight, keepWire, keptOf, recordedIn } from "./scenario";
import { Lab } from "./lab";
import { fieldsOf, ownNamespace, type OwnNamespace } from "./own_namespace";
import { TestServer, type Settings } from "./server";
import { freshKey } from "./api";
import type { Wiring } from "./tree";
import type { Fabric } from "./types";

export interface Options {
  wiring: Wiring;
  // Settings of the test's server that are not those of all tests.
  settings: Settings;
}

export interface Hedgerow {
  server: TestServer;
  // Adds a fabric as an administrator would; it is not read yet.
  fabric(wish: { cluster: OwnNamespace; through?: Gate; name?: string }): Promise<Fabric>;
  endSessionsOf: TestServer["endSessionsOf"];
}

interface Fixtures {
  hedgerow: Hedgerow;
  cluster: OwnNamespace;
  // Before the worker's API server; forwards until told otherwise.
  gate: Gate;
  page: PersonPage;
  // Between that person and Hedgerow; forwards until told otherwise.
  frontGate: Gate;
  lab: Lab;
}

interface WorkerFixtures {
  sharedCluster: TestCluster;
  serverTemplate: string;
  sharedLab: Lab;
}

export function hedgerowOf(server: TestServer): Hedgerow {
  return {
    server,
    async fabric({ cluster, through, name }) {
      const api = await server.as("administrator");
      const connection = through ? through.lead(cluster.connection) : cluster.connection;
      return await api.addFabric(
        name ?? `lab ${freshKey().slice(0, 6)}`,
        fieldsOf(connection, cluster.namespace),
      );
    },
    endSessionsOf: (role) => server.endSessionsOf(role),
  };
}

export const test = base.extend<
  Fixtures & Pick<Options, "settings">,
  WorkerFixtures & Pick<Options, "wiring">
>({
  wiring: ["sample", { option: true, scope: "worker" }],
  settings: [{}, { option: true }],

  sharedCluster: [
    async ({ wiring }, use) => {
      const cluster = await TestCluster.start(wiring);
      await use(cluster);
      await cluster.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],

  serverTemplate: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const folder = await TestServer.makeTemplate();
      await use(folder);
      rmSync(folder, { recursive: true, force: true });
    },
    { scope: "worker" },
  ],

  sharedLab: [
    async ({ sharedCluster, serverTemplate, wiring }, use) => {
      const lab = await Lab.open({ cluster: sharedCluster, template: serverTemplate, wiring });
      await use(lab);
      await lab.close();
    },
    { scope: "worker", timeout: 120_000 },
  ],

  lab: async ({ sharedLab }, use, info) => {
    await use(sharedLab);
    await sharedLab.heal(info);
  },

  hedgerow: async ({ serverTemplate, settings }, use, info) => {
    const server = await TestServer.start(serverTemplate, settings);
    await use(hedgerowOf(server));
    const faults = await server.faultsToTheEnd();
    if (info.status !== info.expectedStatus || faults.length > 0) {
      const file = info.outputPath("server.log");
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, server.log);
      await info.attach("server.log", { path: file });
    }
    keepLog(server.log, keptOf(info));
    await server.remove();
    expect(faults, "what the server's log must not hold").toEqual([]);
  },

  cluster: async ({ sharedCluster, wiring }, use) => {
    const cluster = await ownNamespace(sharedCluster, wiring);
    await use(cluster);
    expect(cluster.whole.writes(), "Hedgerow only reads").toEqual([]);
  },

  gate: async ({ sharedCluster }, use) => {
    const gate = await Gate.beforeCluster(sharedCluster);
    await use(gate);
    await gate.stop();
  },

  contextOptions: async ({ contextOptions }, use, info) => {
    await use({ ...contextOptions, ...recordedIn(keptOf(info)) });
  },

  context: async ({ context }, use, info) => {
    await use(context);
    const folder = keptOf(info);
    if (folder === undefined) return;
    await context.close();
    keepWire(folder);
  },

  page: async ({ page, hedgerow }, use, info) => {
    const person = new Person(page, () => hedgerow.server.url);
    await use(person.page);
    await keepSight(page, keptOf(info));
    expect(person.faults(), "what the browser's console and answers must not hold").toEqual([]);
  },

  frontGate: async ({ hedgerow, page }, use, info) => {
    const frontGate = await Gate.beforeHedgerow(hedgerow.server.url);
    page.comeBy(frontGate.url);
    await use(frontGate);
    await keepSight(page, keptOf(info));
    // A page that is still open would complain of the Gate's end.
    await page.close();
    await frontGate.stop();
  },
});

export { expect, fieldsOf, ownNamespace, type OwnNamespace };
