// Hedgerow by host name over plain HTTP, as in a lab: no button may need what browsers give to secure pages alone.
import { asPeopleHaveThem } from "../support/defaults";
import { expect, test as base } from "../support/fixtures";
import { heldRun } from "../support/gate";
import { kubeconfig } from "../support/kubeconfig";
import { byHost, networkLines } from "../support/person";
import { patient } from "../support/server";
import { loseClick } from "./lose_click";
import { layTrouble } from "./trouble";

const test = base.extend({
  page: async ({ page, hedgerow }, use) => {
    page.comeBy(byHost(hedgerow.server.url));
    await page.goto(page.at("/"));
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    await use(page);
  },
});

test("56: a fabric is synced, read, added, changed and deleted, and a banner says that this is not protected", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("administrator").open(fabric);
  await expect(page.getByText("This connection is not protected.")).toBeVisible();
  await page.sync().click();
  await expect(page.watched()).toContainText("48 created");
  await page.getByRole("button", { name: "Test connection" }).click();
  await expect(page.watched()).toContainText("Test connection succeeded");
  const quiet = page.getByRole("button", { name: /kinds? without objects/ });
  await quiet.click();
  await expect(quiet).toContainText("Hide");
  await page.getByRole("link", { name: "Objects", exact: true }).click();
  await page.getByRole("searchbox", { name: "Search objects" }).fill("leaf-99");
  await page.getByRole("button", { name: "Clear all filters" }).click();
  await page.getByRole("link", { name: "leaf-01", exact: true }).click();
  await page.getByRole("tab", { name: "YAML" }).click();
  await page.getByRole("button", { name: /copy/i }).first().click();
  await expect(page.getByText(/copied/i).first()).toBeVisible();
  await page.goto(page.at("/fabrics/add/"));
  await page.getByLabel("Name", { exact: true }).fill("second lab");
  await page.getByText("Later", { exact: true }).click();
  await page.getByRole("button", { name: "Add fabric without a connection" }).click();
  await expect(page).toHaveTitle(/second lab/);
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Name", { exact: true }).fill("third lab");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page).toHaveTitle(/third lab/);
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Delete third lab" }).click();
  await page.getByRole("button", { name: "Keep it" }).click();
  await page.getByRole("button", { name: "Delete third lab" }).click();
  // What is open may be read once more while its deletion is told.
  page.allow(/status of 404/);
  await page.getByLabel("Type third lab to confirm").fill("third lab");
  await page.getByRole("button", { name: "Delete this fabric" }).click();
  await expect(page).toHaveURL(/\/fabrics\/$/);
  await page.goto(page.at("/health/"));
  await expect(page.getByRole("table", { name: "Checks of the server" })).toBeVisible();
  await page.getByRole("button", { name: /^Check/ }).click();
  await page.getByRole("button", { name: "administrator" }).click();
  await page.getByRole("menuitem", { name: "Colours: dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "administrator" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByLabel("User name")).toBeVisible();
});

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  test("56: a run is joined, asked for once more, and cancelled", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await page.signIn("operator").open(fabric);
    await heldRun(gate, await hedgerow.server.as("administrator"), fabric.id);
    await page.sync().click();
    await page.getByRole("button", { name: "Run once more after this one" }).click();
    await expect(page.getByText("Run 2 follows after this one.")).toBeVisible();
    await page.getByRole("button", { name: "Put away" }).click();
    await gate.release("slow");
    await expect(page.getByRole("link", { name: "Open run 2" })).toBeVisible();
    await gate.holds("slow");
    await page.getByRole("button", { name: "Cancel run" }).click();
    await expect(page.watched()).toContainText("was cancelled", { timeout: 20_000 });
    await gate.dropAll();
    await page.sync().click();
    await expect(page.watched()).toContainText("48 unchanged");
  });
});

test.describe("with the pauses that people have", () => {
  test.use({ settings: asPeopleHaveThem(/^page\.pause/) });

  test("56: a click that waits is sent at once, given up, and finished after signing in", async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    page.allow(networkLines);
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    await hedgerow.server.stop();
    await page.sync().click();
    await button("Cancel").click();
    await expect(button("Try now")).toHaveCount(0);
    await page.sync().click();
    await expect(page.getByText(/next in ([7-9]|1\d) s/)).toBeVisible({ timeout: 30_000 });
    await hedgerow.server.begin();
    await button("Try now").click();
    await expect(page.watched()).toContainText("48 created");

    await hedgerow.endSessionsOf("operator");
    await page.clickedASecondAgo();
    await page.sync().click();
    await button("Not now").click();
    await page
      .getByRole("region", { name: /Sync from Fabric on/ })
      .getByRole("button", { name: "Sign in" })
      .click();
    await button("Show what is typed").click();
    await page.signInHere("administrator");
    await button("Discard").click();
    await page.sync().click();
    await expect(page.watched()).toContainText("48 unchanged");
  });
});

test("56: a file is chosen for a new fabric, and its connection is tested", async ({
  cluster,
  page,
}) => {
  await page.signIn("administrator");
  await page.goto(page.at("/fabrics/add/"));
  const name = page.getByLabel("Name", { exact: true });
  await name.fill("half a lab");
  await page.getByRole("button", { name: "Discard what is typed" }).click();
  await expect(name).toHaveValue("");
  await name.fill("file lab");
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a file" }).click();
  const buffer = Buffer.from(kubeconfig(cluster.connection));
  await (await choosing).setFiles({ name: "config", mimeType: "text/plain", buffer });
  const field = page.getByRole("textbox", { name: "Kubeconfig", exact: true });
  await expect(field).toHaveValue(/current-context: lab/);
  await page.getByRole("button", { name: "Test connection" }).click();
  const ladder = page.getByRole("list", { name: "What was measured" });
  await expect(ladder.locator('[data-rung="rights"]')).toContainText("Passed");
  await page.getByLabel(/^Namespaces/).fill(cluster.namespace);
  await page.getByRole("button", { name: "Add fabric", exact: true }).click();
  await page.sync().click();
  await expect(page.watched()).toContainText("48 created");
});

test("56: what has to be confirmed is confirmed, and a pause is ended", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await (await hedgerow.server.as("operator")).pull(fabric.id);
  const identity = await layTrouble(hedgerow.server, fabric);
  await page.signIn("administrator");
  await page.goto(page.at(`/fabrics/${fabric.id}/settings/`));
  const restored = page.getByRole("button", { name: "Confirm that it was restored" });
  await restored.click();
  await expect(restored).toBeHidden();
  await page.getByLabel("Identity of the new cluster, typed to confirm").fill(identity);
  const other = page.getByRole("button", { name: "Confirm the new cluster" });
  await other.click();
  await expect(other).toBeHidden();
  await page.openFabric(fabric);
  await page.getByRole("button", { name: /^Resume/ }).click();
  await expect(page.headline()).not.toContainText("Paused");
});

test.describe("when a waiting click is old after a second", () => {
  test.use({ settings: { "page.ask_again": "1s" } });

  test("56: an old click is sent on being asked, and one that was somebody else's as one's own", async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    page.allow(networkLines);
    await hedgerow.server.stop();
    await page.sync().click();
    await expect(page.getByText(/You clicked this .* ago\. Send it now\?/)).toBeVisible();
    await hedgerow.server.begin();
    await page.getByRole("button", { name: "Send now" }).click();
    await expect(page.watched()).toContainText("48 created");
    await page.clickedASecondAgo();

    await hedgerow.endSessionsOf("operator");
    await page.sync().click();
    await page.signInHere("administrator");
    await page.getByRole("button", { name: "Send as administrator" }).click();
    await expect(page.watched()).toContainText("48 unchanged");
  });
});

test.describe("with a session of 12 s", () => {
  test.use({ settings: { "sessions.idle": "12s", "page.warn": "6s", "page.renew": "2s" } });

  test("56: who is asked stays, or leaves", async ({ page }) => {
    await page.signIn("viewer");
    const warning = page.getByRole("alertdialog", { name: "Are you still there?" });
    await warning.getByRole("button", { name: "Stay signed in" }).click({ timeout: 15_000 });
    await expect(warning).toBeHidden();
    await warning.getByRole("button", { name: "Sign out now" }).click({ timeout: 15_000 });
    await expect(page.getByLabel("User name")).toBeVisible();
  });
});

test("56: a click that never arrived shows its layers, and what somebody else saved is taken over", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("administrator").open(fabric);
  page.allow(networkLines);
  await loseClick(page, hedgerow.server);

  const description = page.getByLabel("Description (optional)");
  await page.goto(page.at(`/fabrics/${fabric.id}/settings/`));
  await description.fill("mine");
  const administrator = await hedgerow.server.fresh("administrator");
  await administrator.editFabric(fabric.id, { description: "theirs" });
  await page.reload();
  await page.getByRole("button", { name: "Discard mine and edit theirs" }).click();
  await expect(description).toHaveValue("theirs");
});

test.describe("with a page that waits shortly", () => {
  // With an answer's own patience: before it ends the page asks again by itself.
  test.use({
    settings: {
      ...asPeopleHaveThem(/^page\.answer/),
      ...{ "page.slow": "300ms", "page.stuck": "1s", "page.renew": "1s" },
    },
  });

  test("56: what is late is asked for again, what broke is drawn again, and an older page is loaded anew", async ({
    hedgerow,
    cluster,
    page,
    frontGate,
  }) => {
    page.comeBy(byHost(frontGate.url));
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("viewer");
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    const link = (name: string) => page.getByRole("link", { name, exact: true });
    await page.goto(page.at("/fabrics/?q=no+such+fabric"));
    await page.getByText("Clear search", { exact: true }).click();
    await link(fabric.name).click();

    const objects = /\/api\/fabrics\/\d+\/objects\//;
    page.allow(/contract: GET .*objects|TypeError|null/);
    const json = { count: 1, next: null, previous: null, results: [null] };
    const broken = await page.route(objects, (route) => route.fulfill({ json }));
    await link("Objects").click();
    await expect(page.getByText(/Layer 1 Script · view_fault/)).toBeVisible();
    await broken.dispose();
    await (await hedgerow.server.as("operator")).pull(fabric.id);
    await button("Reload view").click();
    await expect(page.getByRole("table", { name: "Objects" })).toBeVisible();

    let answered = false;
    await page.route(objects, (route) => (answered ? route.continue() : undefined));
    await page.reload();
    await expect(button("Retry")).toBeVisible();
    answered = true;
    await button("Retry").click();
    await expect(page.getByRole("table", { name: "Objects" })).toBeVisible();

    const rewrite = [{ path: "$.version", set: "9.9.9" }];
    const match = { path: "/api/session/$" };
    await frontGate.rule({ name: "newer", match, action: { rewrite } });
    const strip = page.getByRole("region", { name: "Upgrade" });
    await expect(async () => {
      await page.keyboard.press("Shift");
      await expect(strip).toContainText("It is version 9.9.9 now.", { timeout: 1_000 });
    }).toPass();
    await frontGate.dropAll();
    await strip.getByRole("button", { name: "Reload" }).click();
    await expect(page.getByRole("table", { name: "Objects" })).toBeVisible();
    await expect(strip).toBeHidden();

    page.allow(networkLines);
    await hedgerow.endSessionsOf("viewer");
    await page.getByRole("navigation", { name: "Main" }).getByText("Fabrics").click();
    await button("Sign in again").click();
    await page.signInHere("viewer");
    await expect(link(fabric.name)).toBeVisible();
  });
});
