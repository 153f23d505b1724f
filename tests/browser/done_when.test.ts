// The way of a person through the whole: first sync, second sync, a change, a removal, each with its trace.
import { expect, test } from "../support/fixtures";
import type { PersonPage } from "../support/person";

async function syncAndSee(page: PersonPage, counts: string): Promise<void> {
  await page.sync().click();
  await expect(page.watched()).toContainText(`Sync from Fabric succeeded: ${counts}`);
  await page.clickedASecondAgo();
}

async function seeWholeTrace(page: PersonPage): Promise<void> {
  for (let layer = 1; layer <= 9; layer += 1)
    await expect(page.layer(layer)).toHaveAttribute("data-state", "passed");
}

test("one click shows 48 created, then 48 unchanged, 1 changed, 1 removed @kinds", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const { record } = hedgerow.server;
  await page.signIn("operator").open(fabric);
  await expect(page.headline()).toContainText("Not measured");

  await syncAndSee(page, "48 created, 0 changed, 0 unchanged, 0 removed");
  await seeWholeTrace(page);
  await expect(page.headline()).toContainText("48 objects");
  expect(cluster.lists("connections")).toBe(1);

  const before = { rows: await record.objects(), mark: record.mark() };
  await syncAndSee(page, "0 created, 0 changed, 48 unchanged, 0 removed");
  await seeWholeTrace(page);
  expect(await record.objects()).toBe(before.rows);
  expect(await record.pagesWritten("objects", before.mark), "object rows written").toBe(0);
  expect(await record.pagesWritten("history", before.mark), "history rows written").toBe(0);
  // The measure itself: a run writes its own row.
  expect(await record.pagesWritten("runs", before.mark)).toBeGreaterThan(0);

  await cluster.whole.patch("Server", cluster.namespace, "server-01", {
    spec: { description: "moved to rack 7" },
  });
  await syncAndSee(page, "0 created, 1 changed, 47 unchanged, 0 removed");
  await seeWholeTrace(page);

  await cluster.whole.remove("Server", cluster.namespace, "server-02");
  await syncAndSee(page, "0 created, 0 changed, 47 unchanged, 1 removed");
  await seeWholeTrace(page);
  await expect(page.headline()).toContainText("47 objects");

  await page.getByRole("link", { name: /^Open run/ }).click();
  await expect(page.getByRole("table", { name: /change/i })).toContainText("server-02");
});
