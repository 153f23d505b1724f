// Where things end: a fabric that is deleted, a list that is shorter than its address says, no page at all.
import { expect, test } from "../support/fixtures";
import { heldClick } from "../support/gate";
import { patient } from "../support/server";
import { networkLines, type PersonPage } from "../support/person";
import { states, stoppedWhileReading } from "./seen_fault";

test.describe("a fabric that is deleted while it is looked at", () => {
  test.use({ settings: patient });

  test("is said to be deleted wherever it stood, its run to its end, and is not asked for again", async ({
    hedgerow,
    cluster,
    gate,
    page,
    frontGate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const operator = await hedgerow.server.as("operator");
    await operator.pull(fabric.id);
    const [row] = (await operator.objects(fabric.id)).results;
    await page.signIn("operator").open(fabric);
    page.allow(networkLines);
    const objects = await page.otherTab();
    const object = await page.otherTab();
    for (const tab of [objects, object]) tab.allow(networkLines);
    await objects.goto(objects.at(`/fabrics/${fabric.id}/objects/`));
    await expect(objects.getByRole("table", { name: "Objects" })).toBeVisible();
    await object.goto(object.at(`/objects/${row?.id}/`));
    await expect(object.getByRole("tablist")).toBeVisible();
    await heldClick(gate, page);
    await expect(page.watched()).toContainText("Sync from Fabric is running");

    const administrator = await hedgerow.server.as("administrator");
    const name = encodeURIComponent(fabric.name);
    await administrator.must("DELETE", `/api/fabrics/${fabric.id}/?name=${name}`);

    for (const tab of [page, objects, object])
      await expect(tab.getByRole("heading", { level: 1 })).toHaveText(
        `${fabric.name} was deleted.`,
      );
    // The stream of all tabs follows other things now.
    const followed = async () =>
      decodeURIComponent((await frontGate.requests("GET", "/api/events/$")).at(-1)?.query ?? "");
    await expect.poll(followed).not.toMatch(new RegExp(`fabric/${fabric.id}\\b`));
    await expect(page.watched()).toContainText("Sync from Fabric was cancelled", {
      timeout: 20_000,
    });
    await expect(page.getByText("Layer 8 State · fabric_deleted")).toBeVisible();
    await expect(page.getByText(/administrator deleted .*Nothing is left to do/)).toBeVisible();
    expect(await states(page)).toEqual(stoppedWhileReading);
    await expect(page.getByText("There is nothing here that you may see")).toHaveCount(0);
    await expect(objects.getByRole("table")).toHaveCount(0);
    await expect(object.getByRole("tablist")).toHaveCount(0);
    await page.getByRole("link", { name: "Open run 2" }).click();
    await expect(page.getByText(`${fabric.name}, which was deleted`)).toBeVisible();
    await objects.getByRole("link", { name: "Go to the fabrics" }).click();
    await expect(objects.getByText("No fabric yet")).toBeVisible();
    await gate.dropAll();
  });
});

test("deleting says that the runs stay, and they do", async ({ hedgerow, cluster, page }) => {
  const fabric = await hedgerow.fabric({ cluster });
  const administrator = await hedgerow.server.as("administrator");
  const run = await administrator.pull(fabric.id);
  await page.signIn("administrator");
  page.allow(networkLines);
  await page.goto(page.at(`/fabrics/${fabric.id}/settings/`));
  await expect(page.getByRole("region", { name: "Delete" })).toContainText(
    "Its runs stay in the list of runs, without their fabric.",
  );
  await page.getByRole("button", { name: `Delete ${fabric.name}` }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog).toContainText("Its runs stay in the list of runs, without their fabric");
  await dialog.getByLabel(/to confirm/).fill(fabric.name);
  await dialog.getByRole("button", { name: "Delete this fabric" }).click();
  await expect(page.getByText("No fabric yet")).toBeVisible();
  const { results } = await administrator.must<{ results: { id: number; fabric: null }[] }>(
    "GET",
    "/api/runs/",
  );
  expect(results.map(({ id, fabric: of }) => ({ id, of }))).toEqual([{ id: run.id, of: null }]);
});

// ---- adding a fabric

async function addForm(page: PersonPage, name: string): Promise<void> {
  await page.signIn("administrator");
  page.allow(networkLines);
  await page.goto(page.at("/fabrics/add/"));
  await page.getByLabel("Name", { exact: true }).fill(name);
}

test("adding with an empty kubeconfig is refused at the field, in the server's words", async ({
  hedgerow,
  page,
}) => {
  await addForm(page, "empty lab");
  await page.getByLabel(/^Namespaces/).fill("default");
  await page.getByRole("button", { name: "Add fabric" }).click();
  const field = page.getByRole("textbox", { name: "Kubeconfig", exact: true });
  await expect(field).toHaveAccessibleDescription(/The kubeconfig is empty\./);
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await page.getByText("Separate fields").click();
  await page.getByRole("button", { name: "Add fabric" }).click();
  await expect(page.getByLabel("Server", { exact: true })).toHaveAttribute("aria-invalid", "true");
  const administrator = await hedgerow.server.as("administrator");
  expect((await administrator.must<{ count: number }>("GET", "/api/fabrics/")).count).toBe(0);
});

test("adding without a connection is a choice of its own", async ({ page }) => {
  await addForm(page, "later lab");
  await page.getByText("Later", { exact: true }).click();
  await expect(page.getByLabel(/^Namespaces/)).toHaveCount(0);
  await page.getByRole("button", { name: "Add fabric without a connection" }).click();
  await expect(page.headline()).toContainText("Not set up");
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("radio", { name: "Later" })).toBeChecked();
});

// ---- addresses that lead nowhere

test("a page behind the end of a list says so and leads to the last one", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const run = await (await hedgerow.server.as("operator")).pull(fabric.id);
  await page.signIn("viewer");
  await page.goto(page.at(`/fabrics/${fabric.id}/objects/?limit=10&offset=400`));
  await expect(page.getByText("There is no such page.")).toBeVisible();
  await expect(page.getByText("No object in the record.")).toHaveCount(0);
  await expect(page.getByText(/401–/)).toHaveCount(0);
  await page.getByRole("link", { name: "Go to the last page" }).click();
  await expect(page.getByText("41–48 of 48")).toBeVisible();
  await expect(page).toHaveURL(page.at(`/fabrics/${fabric.id}/objects/?limit=10&offset=40`));
  for (const path of [`/runs/${run.id}/`, "/objects/1/?tab=history", "/fabrics/"]) {
    await page.goto(page.at(`${path}${path.includes("?") ? "&" : "?"}offset=400`));
    await expect(page.getByText("There is no such page."), path).toBeVisible();
    await page.getByRole("link", { name: "Go to the last page" }).click();
    await expect(page.getByText("There is no such page."), path).toHaveCount(0);
    await expect(page.getByRole("main")).toContainText(
      path === "/fabrics/" ? fabric.name : "Created",
    );
  }
});

for (const path of ["/fabrics/abc/", "/fabrics/1x/objects/", "/runs/-1/", "/objects/1e400/"])
  test(`${path} is no page, as any unknown address`, async ({ page }) => {
    await page.signIn("viewer");
    await page.goto(page.at(path));
    await expect(page.getByText("There is no page at this address.")).toBeVisible();
    await expect(page.getByText("This view has a fault")).toHaveCount(0);
    await page.getByRole("button", { name: "Go to the fabrics" }).click();
    await expect(page.getByRole("heading", { name: "Fabrics" })).toBeVisible();
  });
