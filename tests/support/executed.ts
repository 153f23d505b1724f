// How often a click came to the cluster, counted in the API server's audit log and not by Hedgerow.
import { expect } from "@playwright/test";
import type { Hedgerow, OwnNamespace } from "./fixtures";
import type { Fabric } from "./types";

export async function expectExecutedOnce(
  hedgerow: Hedgerow,
  cluster: OwnNamespace,
  fabric: Pick<Fabric, "id">,
): Promise<void> {
  const api = await hedgerow.server.as("administrator");
  const { recent_runs } = await api.fabric(fabric.id);
  expect(recent_runs.map((it) => it.outcome)).toEqual(["succeeded"]);
  expect(cluster.lists("connections")).toBe(1);
}
