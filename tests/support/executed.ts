// How often a click came to the cluster, counted in the API server's audit log and not by Hedgerow.
import { expect } from "@playwright/test";
import type { Hedgerow, OwnNamespace } from "./fixtures";
import type { PersonPage } from "./person";
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

// The click on Sync from Fabric that waits behind the dialog is carried out by signing in there, and not before.
export async function expectFinishedOnce(
  page: PersonPage,
  hedgerow: Hedgerow,
  cluster: OwnNamespace,
  fabric: Pick<Fabric, "id">,
): Promise<void> {
  const dialog = page.getByRole("dialog", { name: "Sign in to go on" });
  await expect(dialog).toContainText("Sync from Fabric is finished once");
  expect(cluster.lists("connections")).toBe(0);
  await page.signInHere("operator");
  await expect(page.watched()).toContainText(
    "Sync from Fabric succeeded: 48 created, 0 changed, 0 unchanged, 0 removed",
  );
  await expectExecutedOnce(hedgerow, cluster, fabric);
}
