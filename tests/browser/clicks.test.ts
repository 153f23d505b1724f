// What becomes of a click: executed once, whatever stands between the page and the server.
import { asPeopleHaveThem } from "../support/defaults";
import { expectExecutedOnce, expectFinishedOnce } from "../support/executed";
import { expect, test } from "../support/fixtures";
import { heldClick, heldRun, slowServers } from "../support/gate";
import { networkLines, type PersonPage } from "../support/person";
import { statusBody } from "../support/lab";
import { patient } from "../support/server";
import { clickAnew } from "./seen_fault";

const succeeded = "Sync from Fabric succeeded: 48 created, 0 changed, 0 unchanged, 0 removed";

test("8: a proxy that answers with its own login page is named within 2 s and never looks like success", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(/contract: POST .*runs/);
  await frontGate.rule({
    name: "login",
    match: { method: "POST", path: "/runs/$" },
    action: {
      answer: {
        status: 200,
        headers: { "Content-Type": "text/html; charset=utf-8" },
        body: "<!doctype html><title>Company sign in</title><form>…</form>",
      },
    },
  });
  await page.sync().click();
  const told = page.getByText(
    /The answer was a web page, not data \(HTTP 200, text\/html.*Company sign in/,
  );
  await expect(told).toBeVisible({ timeout: 2_000 });
  await frontGate.taken("login", 2);
  await expect(page.getByText(/succeeded/i)).toHaveCount(0);
  expect(cluster.lists("connections")).toBe(0);
  await frontGate.drop("login");
  await expect(page.watched()).toContainText(succeeded, { timeout: 20_000 });
  await expect(told).toBeHidden();
  await expectExecutedOnce(hedgerow, cluster, fabric);
});

const hands: Record<string, (page: PersonPage) => Promise<unknown>> = {
  "two fast clicks": (page) => page.sync().dblclick(),
  "a click and Enter": async (page) => {
    await page.sync().click();
    await page.sync().press("Enter");
  },
};
for (const [how, press] of Object.entries(hands))
  test(`11: ${how} are one run`, async ({ hedgerow, cluster, page }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    await press(page);
    await expect(page.watched()).toContainText(succeeded);
    await expectExecutedOnce(hedgerow, cluster, fabric);
  });

test.describe("C01: the idle limit was passed before the click", () => {
  test("12: an ended session says so, keeps the click, and runs it once", async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    const { href } = new URL(page.url());
    page.allow(networkLines);
    await hedgerow.endSessionsOf("operator");
    await page.sync().click();
    const dialog = page.getByRole("dialog", { name: "Sign in to go on" });
    await expect(dialog).toBeVisible();
    await expect(dialog).toContainText("Sync from Fabric");
    await expect(dialog).toContainText("Layer 3 Session length · session_expired");
    await expect(dialog.getByLabel("Password", { exact: true })).toBeFocused();
    await expectFinishedOnce(page, hedgerow, cluster, fabric);
    expect(page.url()).toBe(href);
  });
});

test("12: a button that moves away under the pressed pointer, because the end of the session is told above it, was pressed", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await page.sync().hover();
  await page.mouse.down();
  await hedgerow.endSessionsOf("operator");
  await expect(page.getByRole("region", { name: "Session", exact: true })).toBeVisible();
  await page.mouse.up();
  await expectFinishedOnce(page, hedgerow, cluster, fabric);
});

test("a press that is taken elsewhere before it is released was none", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  await page.sync().hover();
  await page.mouse.down();
  await page.mouse.move(2, 2);
  await page.mouse.up();
  // A click that was made later and has ended shows that the first would have been seen by now.
  await page.getByRole("button", { name: /^Test connection/ }).click();
  await expect(page.watched()).toContainText("Test connection succeeded");
  expect(cluster.lists("connections")).toBe(0);
});

test("12: somebody else who signs in does not send the waiting click", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await hedgerow.endSessionsOf("operator");
  await page.sync().click();
  await page.signInHere("administrator");
  await expect(page.getByText(/The waiting click of operator was not sent/)).toBeVisible();
  expect(cluster.lists("connections")).toBe(0);
  await page.getByRole("button", { name: "Discard" }).click();
  await page.sync().click();
  await expect(page.watched()).toContainText(succeeded);
  await expectExecutedOnce(hedgerow, cluster, fabric);
});

test("19: when the security key changes, a click is refused once unseen, sent again, and runs once", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  const { server } = hedgerow;
  // The page would look who is signed in as soon as its stream breaks, and have the new token before the click.
  let answered: (() => void) | undefined;
  const clicked = new Promise<void>((resolve) => (answered = resolve));
  await page.route("**/api/session/", async (route) => {
    await clicked;
    await route.continue();
  });
  await server.restart(async () => {
    expect((await server.command(["rotate-key", "csrf"])).code).toBe(0);
  });
  const answers: number[] = [];
  page.on("response", (response) => {
    if (/\/runs\/$/.test(response.url()) && response.request().method() === "POST")
      answers.push(response.status());
    if (answers.length > 0) answered?.();
  });
  await page.sync().click();
  await expect(page.watched()).toContainText(succeeded);
  await expect(page.getByRole("alert")).toHaveCount(0);
  expect(answers).toEqual([403, 202]);
  await expect(page.layer(4)).toContainText(/refresh/);
  await expectExecutedOnce(hedgerow, cluster, fabric);
});

test.describe("with the pauses that people have", () => {
  test.use({
    settings: asPeopleHaveThem(/^page\.pause/),
  });
  test("B01: layer 2: while the server is away the click is kept, and runs once when it is back", async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    await expect(page.headline()).toContainText("Not measured");
    page.allow(networkLines);
    await hedgerow.server.stop();
    await page.sync().click();
    // Longer than 10 s nobody is left with a page that only says that it is busy.
    await expect(page.getByText(/The server could not be reached.*Your click is kept/)).toBeVisible(
      { timeout: 10_000 },
    );
    const mine = page.getByRole("region", { name: "Your click on Sync from Fabric" });
    await expect(mine).toContainText("Layer 2 Transport · network_down");
    await page.oneRed(2);
    const busy = page.getByText(/^(Sending your click|Connecting|Reconnecting)$/);
    await expect(busy).toHaveCount(0, { timeout: 10_000 });
    // The waits grow; this one is longer than the server needs to start.
    await expect(page.getByText(/tries so far, next in ([7-9]|1\d) s/)).toBeVisible({
      timeout: 30_000,
    });
    await hedgerow.server.begin();
    await page.getByRole("button", { name: "Try now" }).click();
    await expect(page.watched()).toContainText(succeeded, { timeout: 20_000 });
    await expectExecutedOnce(hedgerow, cluster, fabric);
  });
});

test("B03: layer 2: a click whose answer was lost on the way is one run", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await frontGate.rule({
    name: "lost",
    match: { method: "POST", path: "/runs/$" },
    times: 1,
    action: { cut: { before_headers: true } },
  });
  await page.sync().click();
  await expect(page.watched()).toContainText(succeeded, { timeout: 20_000 });
  await expectExecutedOnce(hedgerow, cluster, fabric);
});

test.describe("however long a run takes", () => {
  test.use({ settings: { "page.same_click": "1m" } });

  // Nothing is held here, so it is not the server's joining that makes one run of two clicks: the tabs tell each other.
  test("11: a click in a second tab, when the run of the first has ended a moment ago, is that click", async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    const other = await page.otherTab();
    await other.openFabric(fabric);
    await other.sync().focus();
    const [first, second] = [page, other].map((tab) =>
      tab.waitForRequest((it) => it.method() === "POST" && it.url().endsWith("/runs/")),
    );
    await page.sync().press("Enter");
    await other.watched().filter({ hasText: succeeded }).waitFor();
    await other.keyboard.press("Enter");
    const keyOf = async (request: typeof first) => (await request)?.headers()["idempotency-key"];
    expect(await keyOf(second)).toBe(await keyOf(first));
    const answer = await (await second)?.response();
    expect(answer?.headers()["idempotency-replayed"]).toBe("true");
    for (const tab of [page, other]) await expect(tab.watched()).toContainText(succeeded);
    await expectExecutedOnce(hedgerow, cluster, fabric);
  });
});

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  test("32: somebody else's click joins the run, says whose it is, and one more can be asked for", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const bob = await hedgerow.server.as("administrator");
    await page.signIn("operator").open(fabric);
    const { id } = await heldRun(gate, bob, fabric.id);
    const { started } = await bob.run(id);
    await expect(page.watched()).toContainText("Sync from Fabric is running");
    await page.sync().click();
    const joined = page.getByText(/by administrator was already under way since .*:/);
    await expect(joined).toBeVisible();
    await expect(joined.locator("time")).toHaveAttribute("datetime", started ?? "");
    const more = page.getByRole("button", { name: "Run once more after this one" });
    // Five times before the page can take the button away, and once more by a page that knows nothing of it.
    await more.evaluate((button: HTMLButtonElement) => {
      for (let press = 0; press < 5; press += 1) button.click();
    });
    await expect(page.getByText(/follows after this one/)).toBeVisible();
    await expect(more).toHaveCount(0);
    expect((await bob.start(fabric.id, "pull", { follow_up: true })).joined).toBe(true);
    expect((await bob.fabric(fabric.id)).recent_runs.map((it) => it.state)).toEqual([
      "queued",
      "running",
    ]);
    await gate.dropAll();
    await expect(page.watched()).toContainText("48 unchanged");
    expect((await bob.fabric(fabric.id)).recent_runs).toHaveLength(2);
    expect(cluster.lists("connections")).toBe(2);
  });

  test("J13: a click on Cancel ends a run that rests, at once, and a viewer is refused", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await page.signIn("viewer").open(fabric);
    page.allow(networkLines);
    // It asks for longer than a cancel may take.
    const match = { path: "/servers$" };
    const headers = { "Content-Type": "application/json", "Retry-After": "20" };
    const answer = { status: 429, headers, body: statusBody(429, "TooManyRequests") };
    await gate.rule({ name: "rest", match, action: { answer } });
    const api = await hedgerow.server.as("operator");
    await api.start(fabric.id);
    await gate.taken("rest");
    const cancel = page.getByRole("button", { name: "Cancel run" });
    await expect(page.watched()).toContainText("Sync from Fabric is running");
    await cancel.click();
    await expect(page.getByText(/forbidden/).first()).toBeVisible();
    expect((await api.fabric(fabric.id)).recent_runs[0]?.state).toBe("running");
    await page.context().clearCookies();
    await page.signIn("operator").open(fabric);
    await cancel.click();
    await expect(page.watched()).toContainText("Sync from Fabric was cancelled", {
      timeout: 5_000,
    });
    await expect(page.layer(8)).toHaveAttribute("data-state", "failed");
    expect(await gate.requests("GET", "/servers$"), "it did not ask again").toHaveLength(1);
    await gate.dropAll();
    await clickAnew(page);
    await expect(page.watched()).toContainText("Sync from Fabric succeeded");
    await expect(page.headline()).toContainText("48 objects");
  });

  // The run is held until both have clicked: how far apart two tabs' clicks come is the machine's business.
  test("A08: 11: clicks in two tabs are one run, and both tabs show it", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await page.signIn("operator").open(fabric);
    const other = await page.otherTab();
    await other.openFabric(fabric);
    await expect(other.sync()).toBeVisible();
    await gate.rule(slowServers);
    await Promise.all([page.sync().click(), other.sync().click()]);
    await gate.holds("slow");
    for (const tab of [page, other])
      await expect(tab.watched()).toContainText("Sync from Fabric is running");
    await gate.dropAll();
    for (const tab of [page, other]) await expect(tab.watched()).toContainText(succeeded);
    await expectExecutedOnce(hedgerow, cluster, fabric);
  });

  test("44: a reload during a run shows the same run with its trace so far", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await page.signIn("operator").open(fabric);
    await heldClick(gate, page);
    await expect(page.watched()).toContainText("Sync from Fabric is running");
    await page.reload();
    await expect(page.watched()).toContainText("Sync from Fabric is running");
    for (const layer of [1, 2, 3, 4, 5, 6, 7, 8])
      await expect(page.layer(layer)).toHaveAttribute("data-state", "passed");
    await expect(page.layer(9)).toHaveAttribute("data-state", "running");
    await expect(page.getByRole("link", { name: "Open run 1" })).toBeVisible();
    await gate.dropAll();
    await expect(page.watched()).toContainText(succeeded);
    await expectExecutedOnce(hedgerow, cluster, fabric);
  });
});
