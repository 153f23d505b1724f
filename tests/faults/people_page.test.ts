// Families C and F before a browser: what a person sees when a session ends or a right is gone while they look.
import { setTimeout as passed } from "node:timers/promises";
import { expectFinishedOnce } from "../support/executed";
import { expect, test } from "../support/fixtures";
import { heldClick, type Rule } from "../support/gate";
import { networkLines } from "../support/person";
import { patient } from "../support/server";

// On its way until the rule is dropped.
const clickOnItsWay: Rule = {
  name: "click",
  match: { method: "POST", path: "/runs/$" },
  action: { hold: true },
};

test.describe("a session that runs out while a run goes on", () => {
  test.use({ settings: { ...patient, "sessions.idle": "6s" } });

  test("C03: the run goes on, the page stays to be looked at, and the result is there after signing in over it", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await page.signIn("operator").open(fabric);
    page.allow(networkLines);
    await heldClick(gate, page);
    await expect(page.watched()).toContainText("Sync from Fabric is running");
    // Nobody answers when it asks whether somebody is there.
    const strip = page.getByRole("region", { name: "Session", exact: true });
    await expect(strip).toContainText("Your session has ended", { timeout: 20_000 });
    await expect(page.watched(), "the page is there to be looked at").toBeVisible();
    const dialog = page.getByRole("dialog", { name: "Sign in to go on" });
    await strip.getByRole("button", { name: "Sign in again" }).click();
    await expect(dialog).toBeVisible();
    await expect(page).toHaveTitle(new RegExp(fabric.name));
    await gate.dropAll();
    const viewer = await hedgerow.server.fresh("viewer");
    const [run] = (await viewer.fabric(fabric.id)).recent_runs;
    const ended = await viewer.ended(run?.id ?? 0);
    expect(ended).toMatchObject({ outcome: "succeeded", actor: "operator" });
    await page.signInHere("operator");
    const result = "Sync from Fabric succeeded: 48 created, 0 changed, 0 unchanged, 0 removed";
    await expect(page.watched()).toContainText(result);
    expect(cluster.lists("connections"), "by one run").toBe(1);
    await page.clickedASecondAgo();
    await page.sync().click();
    await expect(page.watched()).toContainText("0 created, 0 changed, 48 unchanged, 0 removed");
  });
});

test.describe("a session that is about to end", () => {
  test.use({ settings: { "sessions.absolute": "14s", "page.warn": "4s" } });

  test("C04: at its limit says so before, then says why, and the click after it runs once", async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    page.allow(networkLines);
    const strip = page.getByRole("region", { name: "Session" });
    // Not before its time: what it said first is what was left then.
    expect(await strip.innerText()).toMatch(
      /You will be signed out in 0:0[0-4]\. No session lasts longer/,
    );
    await expect(strip.getByRole("alert")).toHaveText(/less than 30 seconds/);
    // By the stream, which is closed, or by a refusal of whatever the page asks first.
    const words = /Your session has ended|A session lasts 1 min at most, however much it is used\./;
    await expect(strip).toContainText(words, { timeout: 20_000 });
    await page.sync().click();
    const dialog = page.getByRole("dialog", { name: "Sign in to go on" });
    await expect(dialog).toContainText("Layer 3 Session length · session_limit");
    await page.signInHere("operator");
    await expect(page.watched()).toContainText("Sync from Fabric succeeded: 48 created");
    expect(cluster.lists("connections")).toBe(1);
  });
});

test.describe("where a session's end is told two minutes before", () => {
  test.use({ settings: { "page.warn": "2m" } });

  test("C04: a page that is opened with less time left than it warns of, warns at once", async ({
    hedgerow,
    page,
  }) => {
    await page.signIn("viewer");
    page.allow(networkLines);
    const strip = page.getByRole("region", { name: "Session" });
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    await expect(strip).toHaveCount(0);
    await hedgerow.server.leaveSessionsOf("viewer", 90_000);
    await page.goto(page.at("/health/"));
    expect(await strip.innerText(), "well before half of what is left").toMatch(
      /You will be signed out in 1:[012]\d\. No session lasts longer/,
    );
    await hedgerow.server.leaveSessionsOf("viewer", 600_000);
    await page.reload();
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    await expect(strip).toHaveCount(0);
  });
});

test.describe("a session that nobody uses", () => {
  test.use({ settings: { "sessions.idle": "6s" } });

  test("C05: stays when its person says so, then ends, and the page connects again at most once until they sign in", async ({
    page,
    frontGate,
  }) => {
    await page.signIn("viewer");
    page.allow(networkLines);
    const warning = page.getByRole("alertdialog", { name: "Are you still there?" });
    await expect(warning).toContainText(/You will be signed out in 0:0[0-3]\. Nobody has done/);
    await warning.getByRole("button", { name: "Stay signed in" }).click();
    await expect(warning).toBeHidden();

    const strip = page.getByRole("region", { name: "Session" });
    await expect(strip).toContainText("Your session has ended", { timeout: 20_000 });
    await expect(page.getByText(/^Not live since/)).toBeVisible();
    const asked = async () => (await frontGate.requests("GET", "/api/events/$")).length;
    const before = await asked();
    // That it does not ask again shows only in time: its back-off would have asked after 1, 2 and 4 s.
    await passed(5_000);
    expect((await asked()) - before).toBeLessThanOrEqual(1);
    await strip.getByRole("button", { name: "Sign in again" }).click();
    await page.signInHere("viewer");
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
  });
});

test("C02: a session that runs out while a click is on its way keeps the click, which runs once after signing in", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await frontGate.rule(clickOnItsWay);
  await page.sync().click();
  await frontGate.holds("click");
  await hedgerow.endSessionsOf("operator");
  await frontGate.dropAll();
  const dialog = page.getByRole("dialog", { name: "Sign in to go on" });
  await expect(dialog).toContainText("Layer 3 Session length · session_expired");
  await expectFinishedOnce(page, hedgerow, cluster, fabric);
});

test("C02: a click whose answer breaks off after its session has ended asks its person to sign in, and is one run", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await frontGate.rule({ ...clickOnItsWay, times: 1, action: { hold: true, cut: { after: 20 } } });
  await page.sync().click();
  await frontGate.holds("click");
  await hedgerow.endSessionsOf("operator");
  await expect(page.getByRole("region", { name: "Session", exact: true })).toBeVisible();
  await frontGate.release("click");
  await expectFinishedOnce(page, hedgerow, cluster, fabric);
});

test("C18: a form that is half filled when the session runs out is saved once, after signing in", async ({
  hedgerow,
  page,
}) => {
  await page.signIn("administrator");
  page.allow(networkLines);
  await page.goto(page.at("/fabrics/add/"));
  await page.getByLabel("Name", { exact: true }).fill("half a lab");
  await hedgerow.endSessionsOf("administrator");
  await page.getByLabel("Site").fill("Oslo");
  await page.getByText("Later", { exact: true }).click();
  await page.getByRole("button", { name: "Add fabric without a connection" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in to go on" });
  await expect(dialog).toContainText("Layer 3 Session length · session_expired");
  await expect(dialog).toContainText("Add fabric is finished once");
  const administrator = await hedgerow.server.fresh("administrator");
  const fabrics = () =>
    administrator.must<{ results: { name: string; site: string }[] }>("GET", "/api/fabrics/");
  expect((await fabrics()).results).toEqual([]);
  await page.signInHere("administrator");
  await expect(page).toHaveTitle(/half a lab/);
  const { results } = await fabrics();
  expect(results.map(({ name, site }) => ({ name, site }))).toEqual([
    { name: "half a lab", site: "Oslo" },
  ]);
});

test("F03: a right that is taken away after the page was loaded: the click is refused, and the button locks by itself", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await expect(page.sync()).not.toContainText("needs fabric.sync");
  const administrator = await hedgerow.server.as("administrator");
  await frontGate.rule(clickOnItsWay);
  await page.sync().click();
  await frontGate.holds("click");
  await administrator.giveRole("operator", "viewer");
  await frontGate.dropAll();
  await page.oneRed(6);
  const mine = page.getByRole("region", { name: "Your click on Sync from Fabric" });
  await expect(mine).toContainText("was refused");
  const sentence = `This needs fabric.sync on ${fabric.name}; you have fabric.view.`;
  await expect(page.getByText(sentence)).toBeVisible();
  await expect(mine).toContainText("Layer 6 Permission · forbidden");
  const locked = page.getByRole("button", { name: /^Sync from Fabric/ });
  await expect(locked).toContainText("needs fabric.sync");
  await locked.click();
  const why = page.getByRole("dialog", { name: "Sync from Fabric is locked" });
  await expect(why).toContainText(`You may not run Sync from Fabric on ${fabric.name}`);
  expect(cluster.lists("connections")).toBe(0);

  await page.keyboard.press("Escape");
  await administrator.giveRole("operator", "operator");
  await expect(page.sync()).not.toContainText("needs fabric.sync");
  await page.sync().click();
  await expect(page.watched()).toContainText("Sync from Fabric succeeded: 48 created");
});

test("F03: a page that nobody clicks on locks and opens its button as the right is taken and given", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await expect(page.sync()).not.toContainText("needs fabric.sync");
  const administrator = await hedgerow.server.as("administrator");
  await administrator.giveRole("operator", "viewer");
  const locked = page.getByRole("button", { name: /^Sync from Fabric/ });
  await expect(locked).toContainText("needs fabric.sync");
  await administrator.giveRole("operator", "operator");
  await expect(locked).not.toContainText("needs fabric.sync");
  await page.sync().click();
  await expect(page.watched()).toContainText("Sync from Fabric succeeded: 48 created");
});
