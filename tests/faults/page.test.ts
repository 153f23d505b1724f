// Faults of the page and of the way to it (rows A and B): what the person sees, and that a click is executed once.
import { chromium, type BrowserContext } from "@playwright/test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectExecutedOnce } from "../support/executed";
import { expect, test } from "../support/fixtures";
import { slowServers, type Rule } from "../support/gate";
import { live, watchLamp } from "../support/lamp";
import { makeOlder } from "../support/older_page";
import { networkLines, Person } from "../support/person";
import { passwords, patient } from "../support/server";

const succeeded = "Sync from Fabric succeeded: 48 created, 0 changed, 0 unchanged, 0 removed";

for (const [how, answer] of Object.entries({
  "is blocked": undefined,
  "is not there": { status: 404, body: "not found" },
  "is a web page": { status: 200, contentType: "text/html", body: "<title>Login</title>" },
}))
  test(`A02: a script that ${how} leaves words that say so, and a reload heals it`, async ({
    page,
  }) => {
    page.allow(/Failed to load|MIME type|net::ERR/);
    await page.route("**/*.js", (route) => (answer ? route.fulfill(answer) : route.abort()));
    await page.goto(page.at("/"));
    await expect(
      page.getByRole("heading", { name: "This page’s script has not started." }),
    ).toBeVisible();
    await expect(page.getByText("nothing was sent, so nothing was changed")).toBeVisible();
    await page.unroute("**/*.js");
    await page.reload();
    await page.signIn("viewer");
  });

test("A04: a click on a page of before an upgrade says reload, is kept, and happens once", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const older = await makeOlder(page, hedgerow.server);
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await page.sync().click();
  await expect(page.getByText(/Layer 1 Script · assets_outdated/).first()).toBeVisible();
  await expect(
    page.getByText(/Your click is kept and is sent once after you reload/),
  ).toBeVisible();
  await page.oneRed(1);
  expect(cluster.lists("connections")).toBe(0);
  await older.dispose();
  await page.getByRole("button", { name: "Reload" }).click();
  await expect(page.watched()).toContainText(succeeded);
  await expectExecutedOnce(hedgerow, cluster, fabric);
});

test("A06: an answer that is cut off is named, read again, and its run happens once", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(/Failed to load resource|contract: .* is no JSON|net::ERR/);
  await frontGate.rule(
    {
      name: "click",
      match: { method: "POST", path: "/runs/$" },
      times: 1,
      action: { cut: { after: 60 } },
    },
    { name: "objects", match: { path: "/objects/$" }, action: { cut: { after: 200 } } },
  );
  await page.sync().click();
  await frontGate.taken("click");
  await expect(page.watched()).toContainText(succeeded, { timeout: 20_000 });
  await expectExecutedOnce(hedgerow, cluster, fabric);
  await page.getByRole("link", { name: "Objects", exact: true }).click();
  await expect(page.getByText(/Layer 2 Transport · reply_broken/)).toBeVisible();
  await expect(page.getByRole("table", { name: "Objects" })).toBeHidden();
  await frontGate.dropAll();
  await expect(page.getByRole("table", { name: "Objects" })).toBeVisible({ timeout: 20_000 });
});

test("A10: after signing out, Back shows the sign-in page and nothing of what was there", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster, name: "a lab that only members know" });
  await page.signIn("viewer");
  await page.openFabric(fabric);
  await expect(page.headline()).toContainText("Not measured");
  await page.getByRole("button", { name: "viewer" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByLabel("User name")).toBeVisible();
  page.allow(networkLines);
  await page.goBack();
  await expect(page.getByLabel("User name")).toBeVisible();
  await expect(page.getByText(fabric.name)).toHaveCount(0);
  await page.signIn("viewer");
});

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  test("A12: a reload while the click is on its way shows the run, which happens once", async ({
    hedgerow,
    cluster,
    gate,
    page,
    frontGate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await page.signIn("operator").open(fabric);
    await gate.rule(slowServers);
    const match = { method: "POST", path: "/runs/$" };
    await frontGate.rule({ name: "click", match, times: 1, action: { hold: true } });
    await page.sync().click();
    await frontGate.holds("click");
    await page.reload();
    await frontGate.release("click");
    await expect(page.watched()).toContainText("Sync from Fabric is running");
    await gate.dropAll();
    await expect(page.watched()).toContainText(succeeded);
    await expectExecutedOnce(hedgerow, cluster, fabric);
  });

  test("A14: without a network the page dates what it shows, and heals by reading again", async ({
    hedgerow,
    cluster,
    gate,
    page,
    frontGate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await page.signIn("operator").open(fabric);
    await gate.rule(slowServers);
    await page.sync().click();
    await expect(page.watched()).toContainText("Sync from Fabric is running");
    page.allow(/Failed to load resource|ERR_/);
    // Neither the page nor the worker that holds its stream reaches anything.
    await frontGate.rule({ name: "offline", on: "connection", action: { reset: true } });
    await frontGate.closeConnections();
    await expect(page.getByText(/Not live since \d/)).toBeVisible({ timeout: 20_000 });
    await gate.dropAll();
    const operator = await hedgerow.server.as("operator");
    const [run] = (await operator.fabric(fabric.id)).recent_runs;
    await operator.ended(run?.id ?? 0);
    await expect(page.watched(), "the page cannot know it").not.toContainText("succeeded");
    await frontGate.drop("offline");
    await expect(page.watched()).toContainText(succeeded, { timeout: 20_000 });
    await expect(live(page)).toBeVisible({ timeout: 20_000 });
    await expectExecutedOnce(hedgerow, cluster, fabric);
  });
});

for (const years of [-1, 1])
  test(`A16: a browser whose clock is ${years < 0 ? "behind" : "ahead"} by a year shows ages by the server's`, async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.addInitScript((ms) => {
      const Real = Date;
      class Shifted extends Real {
        constructor(...words: [] | [number]) {
          if (words.length === 0) super(Real.now() + ms);
          else super(...words);
        }
        static override now = () => Real.now() + ms;
      }
      globalThis.Date = Shifted as DateConstructor;
    }, years * 31_536_000_000);
    await page.signIn("operator").open(fabric);
    expect(
      await page.evaluate(() => Math.abs(Date.now() - performance.timeOrigin)),
    ).toBeGreaterThan(31_000_000_000);
    await page.sync().click();
    await expect(page.watched()).toContainText(succeeded);
    await expect(page.getByText(/ended (just now|\d+ s ago)/)).toBeVisible();
    await expect(page.getByText("measured just now")).toBeVisible();
    await expect(live(page)).toBeVisible();
  });

// The browser of that folder, whose person has chosen so for the cookies of all sites.
async function withCookies(folder: string, choice: "allowed" | "blocked"): Promise<BrowserContext> {
  const { launchOptions } = test.info().project.use;
  mkdirSync(join(folder, "Default"), { recursive: true });
  const file = join(folder, "Default", "Preferences");
  const chosen = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as { profile?: object })
    : {};
  const cookies = choice === "allowed" ? 1 : 2;
  chosen.profile = { ...chosen.profile, default_content_setting_values: { cookies } };
  writeFileSync(file, JSON.stringify(chosen));
  // The one without windows knows no such preferences.
  const executablePath = "/usr/bin/chromium";
  return await chromium.launchPersistentContext(folder, { ...launchOptions, executablePath });
}

test("A18: a browser that blocks cookies is told so before it sends a password, and signs in once it allows them", async ({
  frontGate,
}, info) => {
  const folder = info.outputPath("browser");
  const context = await withCookies(folder, "blocked");
  const blocked = new Person(await context.newPage(), () => frontGate.url).page;
  await blocked.goto(frontGate.url);
  await blocked.getByLabel("User name").fill("viewer");
  await blocked.getByLabel("Password", { exact: true }).fill(passwords.viewer);
  await blocked.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(blocked.getByText(/Layer 1 Script · cookies_blocked/)).toBeVisible();
  expect(await frontGate.requests("POST", "/api/session/")).toEqual([]);
  await context.close();
  // The same browser with all that it kept, whose person allows cookies now.
  const allowing = await withCookies(folder, "allowed");
  const allowed = new Person(await allowing.newPage(), () => frontGate.url).page;
  await allowed.signIn("viewer");
  await expect(allowed.getByText(/cookies_blocked/)).toHaveCount(0);
  expect(await frontGate.requests("POST", "/api/session/")).toHaveLength(1);
  await allowing.close();
});

for (const status of [502, 503, 504])
  test(`B05: a proxy's page with ${status} is unavailable, keeps the click, and it happens once`, async ({
    hedgerow,
    cluster,
    page,
    frontGate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    page.allow(/Failed to load resource|contract: POST .*runs/);
    const away: Rule = {
      name: "away",
      match: { method: "POST", path: "/runs/$" },
      action: {
        answer: {
          status,
          headers: { "Content-Type": "text/html" },
          body: "<html><body><h1>Bad gateway</h1></body></html>",
        },
      },
    };
    await frontGate.rule(away);
    await page.sync().click();
    await expect(page.getByText(/Layer 2 Transport · unavailable/).first()).toBeVisible();
    await expect(page.getByText(/Your click is kept/)).toBeVisible();
    expect(cluster.lists("connections")).toBe(0);
    await frontGate.dropAll();
    await expect(page.watched()).toContainText(succeeded, { timeout: 20_000 });
    await expectExecutedOnce(hedgerow, cluster, fabric);
  });

test("B13: a proxy that ends the event stream changes nothing that a person sees", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  await expect(live(page)).toBeVisible();
  page.allow(/Failed to load resource|ERR_/);
  const streams = () => frontGate.requests("GET", "/api/events/$");
  const newest = async () => (await streams()).at(-1);
  await expect.poll(async () => (await newest())?.query).toContain("fabric%2F");
  const said = await watchLamp(page);
  for (const cut of ["the first", "the second"]) {
    const opened = (await streams()).length;
    // As idle ones are cut: after more beats than the one that each begins with.
    const begun = (await newest())?.response_bytes ?? 0;
    await expect
      .poll(async () => (await newest())?.response_bytes, { message: cut })
      .toBeGreaterThan(begun);
    await frontGate.closeConnections();
    await expect.poll(async () => (await streams()).length, { message: cut }).toBe(opened + 1);
  }
  await expect(live(page)).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
  const operator = await hedgerow.server.as("operator");
  await operator.pull(fabric.id);
  await expect(page.watched()).toContainText(succeeded);
  expect([...new Set(await said())]).toEqual(["●Live"]);
});
