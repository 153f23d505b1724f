// A number leads to exactly what it counts.
import { expect, test } from "../support/fixtures";
import type { PersonPage } from "../support/person";

const changes = (page: PersonPage) => page.getByRole("table", { name: "Changes" });

test("39: three changed objects are three in the list behind the number, and after the next sync it says 0 since when", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  await operator.pull(fabric.id);
  const names = ["server-01", "server-02", "server-03"];
  for (const name of names)
    await cluster.whole.patch("Server", cluster.namespace, name, {
      spec: { description: "moved to rack 7" },
    });
  await cluster.whole.remove("Server", cluster.namespace, "server-04");
  const run = await operator.pull(fabric.id);
  await page.signIn("viewer");
  await page.goto(page.at(`/runs/${run.id}/`));
  await page.getByRole("link", { name: "3 changed: show them" }).click();
  await expect(changes(page).getByRole("row")).toHaveCount(4);
  for (const name of names)
    await expect(changes(page).getByRole("row").filter({ hasText: name })).toContainText("Changed");
  await page.reload();
  await expect(changes(page).getByRole("row")).toHaveCount(4);
  await page.getByRole("link", { name: "1 removed: show them" }).click();
  await expect(changes(page).getByRole("row")).toHaveCount(2);
  await expect(changes(page)).toContainText("server-04");
  await page.getByRole("link", { name: "Show all" }).click();
  await expect(changes(page).getByRole("row")).toHaveCount(5);

  const next = await operator.pull(fabric.id);
  await page.goto(page.at(`/runs/${next.id}/`));
  await page.getByRole("link", { name: "0 changed: show them" }).click();
  await expect(page.getByText(/This run changed nothing in the record\. As of .+\./)).toBeVisible();
  await expect(changes(page)).toHaveCount(0);
});

test("39: the number of objects of a kind, and of all, leads to as many", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  await operator.pull(fabric.id);
  await page.signIn("viewer").open(fabric);
  const number = page.getByRole("link", { name: /^\d+ of Connection: show them$/ });
  const count = Number(await number.innerText());
  expect(count).toBeGreaterThan(3);
  await number.click();
  const objects = page.getByRole("table", { name: "Objects" });
  await expect(objects.getByRole("row")).toHaveCount(count + 1);
  await expect(page.getByText(`${count} match`)).toBeVisible();
  await page.openFabric(fabric);
  await page.getByRole("link", { name: "48 objects in the record" }).click();
  await expect(objects.getByRole("row")).toHaveCount(49);
});

test("39: what a run changed is asked for by kind of change, by words that there are", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const run = await (await hedgerow.server.as("operator")).pull(fabric.id);
  const viewer = await hedgerow.server.as("viewer");
  const counted = async (query: string) =>
    (await viewer.must<{ count: number }>("GET", `/api/runs/${run.id}/changes/${query}`)).count;
  expect([
    await counted(""),
    await counted("?change=any"),
    await counted("?change=created"),
    await counted("?change=removed"),
  ]).toEqual([48, 48, 48, 0]);
  const invalid = { status: 400, code: "invalid", layer: 2 };
  await viewer.refused(invalid, "GET", `/api/runs/${run.id}/changes/?change=burnt`);
});
