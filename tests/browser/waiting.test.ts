// What a page does while the way to the server is broken, and once it is whole again.
import { expectExecutedOnce } from "../support/executed";
import { expect, test } from "../support/fixtures";
import { networkLines } from "../support/person";

const succeeded = "Sync from Fabric succeeded: 48 created, 0 changed, 0 unchanged, 0 removed";

// As long as the network is away in the page's own time, of which tests take a tenth.
const outageMs = 2_000;

test("6: a click without a network shows its tries meanwhile, and runs once when the network is back", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  await expect(page.headline()).toContainText("Not measured");
  page.allow(networkLines);
  await page.context().setOffline(true);
  const cut = Date.now();
  await page.sync().click();
  await expect(page.getByText(/Your click is kept/)).toBeVisible();
  // Each try is shown, by the last of them the outage was long enough.
  const tries = page.getByText(/\d+ tries so far, next in \d+ s/);
  const shown = async () => Number(/(\d+) tries/.exec(await tries.innerText())?.[1]);
  const seen = new Set<number>();
  const longEnough = async () => {
    seen.add(await shown());
    return Date.now() - cut >= outageMs && seen.size >= 3;
  };
  await expect.poll(longEnough, { intervals: [50], timeout: 20_000 }).toBe(true);
  expect(cluster.lists("connections")).toBe(0);
  expect((await (await hedgerow.server.as("viewer")).fabric(fabric.id)).recent_runs).toEqual([]);
  await page.context().setOffline(false);
  await expect(page.watched()).toContainText(succeeded, { timeout: 30_000 });
  await expect(page.getByText(/Your click is kept/)).toHaveCount(0);
  await expectExecutedOnce(hedgerow, cluster, fabric);
});

test("17: of three tabs that ask to sign in, signing in in one is enough for all", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  const tabs = [page, await page.otherTab(), await page.otherTab()];
  for (const tab of tabs.slice(1)) await tab.openFabric(fabric);
  await hedgerow.endSessionsOf("operator");
  await (await hedgerow.server.as("administrator")).pull(fabric.id);
  for (const tab of tabs) {
    await tab.bringToFront();
    await tab.getByRole("link", { name: "Objects", exact: true }).click();
    const refused = tab.getByRole("note").filter({ hasText: "session_expired" });
    await expect(refused).toContainText("Sign in again on this page.");
    await expect(refused, "nothing was clicked").not.toContainText("click");
    await tab.getByRole("button", { name: "Sign in again" }).click();
    await expect(tab.getByRole("dialog", { name: "Sign in to go on" })).toBeVisible();
  }
  await page.bringToFront();
  await page.signInHere("operator");
  for (const tab of tabs) {
    await tab.bringToFront();
    await expect(tab.getByRole("dialog")).toHaveCount(0);
    await expect(tab.getByRole("link", { name: "leaf-01", exact: true })).toBeVisible();
    await expect(tab.getByText("Live", { exact: true })).toBeVisible();
  }
});

// The page's own patience is a tenth: 12 s without a heartbeat, and a look every 5 s.
test.describe("while the stream is silent", () => {
  test("41: a stream that is cut without a word is not live any more, and what ends meanwhile is shown", async ({
    hedgerow,
    cluster,
    page,
    frontGate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    // The stream that follows this fabric: the list before it has one of its own.
    const match = { path: "/api/events/$", query: `(/|%2F)${fabric.id}\\b` };
    await frontGate.rule({
      name: "cut",
      match,
      times: 1,
      action: { cut: { after: 200, how: "silent" } },
    });
    await frontGate.rule({ name: "gone", match, action: { black_hole: true } });
    await page.signIn("operator").open(fabric);
    page.allow(networkLines);
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    await expect(page.getByText(/^Not live since/)).toBeVisible({ timeout: 3_000 });
    const operator = await hedgerow.server.as("operator");
    await operator.pull(fabric.id);
    await expect(page.watched()).toContainText(succeeded);
    await frontGate.dropAll();
    await expect(page.getByText("Live", { exact: true })).toBeVisible({ timeout: 20_000 });
    await page.sync().click();
    await expect(page.watched()).toContainText("48 unchanged");
  });
});
