// A cluster in which two groups serve a kind of the same name, with one object of the second; and its namesakes.
import { expect } from "@playwright/test";
import { TestCluster, type KubeObject } from "./cluster";
import type { Wiring } from "./tree";

const group = "dhcp.githedgehog.com";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `servers.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind: "Server", plural: "servers", singular: "server", listKind: "ServerList" },
    versions: [
      {
        name: "v1beta1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        },
      },
    ],
  },
};

const object = {
  apiVersion: `${group}/v1beta1`,
  kind: "Server",
  metadata: { name: "twin" },
  spec: { description: "the server of another group" },
};

// What has the same name in the same cluster, each with words of its own.
export interface Namesake {
  group: string;
  kind: string;
  namespace: string;
  description: string;
}

export const namesakes: readonly Namesake[] = [
  { group, kind: "Server", namespace: "default", description: object.spec.description },
  ...[
    ["Server", "default", "the server of the first namespace"],
    ["Server", "elsewhere", "the server of the second namespace"],
    ["Switch", "default", "the switch"],
  ].map(([kind = "", namespace = "", description = ""]) => ({
    group: "wiring.githedgehog.com",
    kind,
    namespace,
    description,
  })),
];

export async function clusterWithNamesakes(wiring: Wiring): Promise<TestCluster> {
  const cluster = await clusterWithTwin(wiring);
  await cluster.makeNamespace("elsewhere");
  for (const { group: of, kind, namespace, description } of namesakes) {
    if (of === group) continue;
    const apiVersion = `${of}/v1beta1`;
    const spec = { description, ...(kind === "Switch" && { role: "server-leaf", profile: "vs" }) };
    const made = { apiVersion, kind, metadata: { name: "twin" }, spec };
    await cluster.apply({ object: made, namespace });
  }
  return cluster;
}

export async function clusterWithTwin(wiring: Wiring): Promise<TestCluster> {
  const cluster = await TestCluster.start(wiring);
  await cluster.must("POST", definitions, definition);
  const path = `/apis/${group}/v1beta1`;
  const made = () =>
    cluster.must("POST", `${path}/namespaces/default/servers`, object).then(
      () => "made",
      () => "not yet",
    );
  await expect.poll(made).toBe("made");
  // Served is not yet announced: discovery follows a moment later.
  await expect.poll(() => cluster.must("GET", path).then(JSON.stringify)).toContain('"servers"');
  return cluster;
}

// Gives the twin's kind a default for `spec.mode`. The API server serves it from then on without writing the object;
// both resourceVersions of that, before and after.
export async function defaultOfTwin(cluster: TestCluster, mode: string): Promise<string[]> {
  // While the kind changes, its storage begins anew and refuses.
  const listed = async () => {
    const path = `/apis/${group}/v1beta1/namespaces/default/servers`;
    const answer = await cluster.must("GET", path).catch(() => ({ items: [] }));
    return (answer as { items: KubeObject[] }).items[0];
  };
  const before = await listed();
  const spec = { type: "object", properties: { mode: { type: "string", default: mode } } };
  const keep = { "x-kubernetes-preserve-unknown-fields": true };
  const openAPIV3Schema = {
    type: "object",
    ...keep,
    properties: { spec: { ...spec, ...keep } },
  };
  const versions = definition.spec.versions.map((it) => ({ ...it, schema: { openAPIV3Schema } }));
  const path = `${definitions}/${definition.metadata.name}`;
  await cluster.must("PATCH", path, { spec: { versions } }, "application/merge-patch+json");
  await expect.poll(async () => (await listed())?.spec).toMatchObject({ mode });
  const after = await listed();
  return [before, after].map((it) => it?.metadata.resourceVersion ?? "");
}
