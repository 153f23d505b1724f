// A cluster in which two groups serve a kind of the same name, with one object of the second.
import { expect } from "@playwright/test";
import { TestCluster } from "./cluster";
import type { Wiring } from "./tree";

const group = "dhcp.githedgehog.com";

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
};

export async function clusterWithTwin(wiring: Wiring): Promise<TestCluster> {
  const cluster = await TestCluster.start(wiring);
  await cluster.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
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
