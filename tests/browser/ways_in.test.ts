// Ways into the application: deep links, roles, plain HTTP, and what every screen owes to everybody.
import type { Locator } from "@playwright/test";
import { routes } from "../support/contract";
import { expect, test } from "../support/fixtures";
import { networkLines, type PersonPage } from "../support/person";
import { look } from "./look";

test("22: a deep link leads, after sign-in, to exactly that address with its filters", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await (await hedgerow.server.as("operator")).pull(fabric.id);
  const path =
    `/fabrics/${fabric.id}/objects/?q=leaf&kind=wiring.githedgehog.com%2FSwitch` +
    `&presence=any&ordering=-name`;
  await page.goto(page.at(path));
  await expect(page).toHaveURL(/\/sign-in\/\?next=/);
  await page.signIn("viewer");
  await expect(page.getByRole("table", { name: "Objects" })).toBeVisible();
  const { pathname, searchParams } = new URL(page.url());
  expect(pathname).toBe(`/fabrics/${fabric.id}/objects/`);
  expect(Object.fromEntries(searchParams)).toEqual(
    Object.fromEntries(new URL(path, page.url()).searchParams),
  );
  const names = await page.getByRole("row").getByRole("link").allInnerTexts();
  expect(names.length).toBeGreaterThan(0);
  expect(names).toEqual([...names].sort().reverse());
  for (const name of names) expect(name).toContain("leaf");
});

for (const next of [
  "//evil.example/",
  "/\\evil.example/",
  "https://evil.example/",
  "/\t/evil.example/",
])
  test(`22: next=${next} leads to the start page`, async ({ page }) => {
    await page.goto(page.at(`/sign-in/?next=${encodeURIComponent(next)}`));
    await page.signIn("viewer");
    await expect(page).toHaveURL(page.at("/fabrics/"));
  });

test("23: without a session a browser too gets 401 as data from every route, and no redirect", async ({
  page,
}) => {
  const closed = routes.filter(
    ({ path, operation }) => path.startsWith("/api/") && !operation.security,
  );
  await page.goto(page.at("/sign-in/"));
  page.allow(networkLines);
  const asked = closed.map(({ method, path }) => ({ method, path: path.replace("{id}", "1") }));
  const answers = await page.evaluate(async (all) => {
    const told: string[] = [];
    for (const { method, path } of all)
      for (const Accept of ["application/json", "text/html,application/xhtml+xml", "*/*"]) {
        const answer = await fetch(path, { method, headers: { Accept }, redirect: "manual" });
        const { code } = (await answer.json()) as { code: string };
        const type = answer.headers.get("Content-Type");
        told.push(`${method} ${path}: ${answer.type} ${answer.status} ${type} ${code}`);
      }
    return told;
  }, asked);
  expect(answers.length).toBeGreaterThan(60);
  const wanted = "basic 401 application/problem+json session_missing";
  expect(answers.filter((it) => !it.endsWith(`: ${wanted}`))).toEqual([]);
  await page.signIn("viewer");
});

test("25: a viewer sees Sync from Fabric locked, and is told which right is missing", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("viewer").open(fabric);
  const locked = page.getByRole("button", { name: /Sync from Fabric/ });
  await expect(locked).toContainText("needs fabric.sync");
  await locked.click();
  await expect(
    page.getByText(/You may not run Sync from Fabric on .*It needs fabric\.sync/),
  ).toBeVisible();
  const why = page.getByRole("dialog", { name: "Sync from Fabric is locked" });
  await expect(why).toContainText("An administrator can grant it.");
  await expect(why).toContainText("Layer 6 Permission · forbidden");
  expect(cluster.lists("connections")).toBe(0);
});

test("56: over plain HTTP by host name every button works, and a banner says it is not protected", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  page.comeBy(hedgerow.server.url.replace("127.0.0.1", "hedgerow.lab"));
  await page.goto(page.at("/"));
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await page.signIn("administrator").open(fabric);
  await expect(page.getByText("This connection is not protected.")).toBeVisible();
  await page.sync().click();
  await expect(page.watched()).toContainText("48 created");
  await page.getByRole("button", { name: "Test connection" }).click();
  await expect(page.watched()).toContainText("Test connection succeeded");
  await page.getByRole("link", { name: "Objects", exact: true }).click();
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
  // What is open may be read once more while its deletion is told.
  page.allow(/status of 404/);
  await page.getByLabel("Type third lab to confirm").fill("third lab");
  await page.getByRole("button", { name: "Delete this fabric" }).click();
  await expect(page).toHaveURL(/\/fabrics\/$/);
  await page.goto(page.at("/health/"));
  await expect(page.getByRole("table", { name: "Checks of the server" })).toBeVisible();
  await page.getByRole("button", { name: "administrator" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByLabel("User name")).toBeVisible();
});

// ---- 5: names and ids

let someCa = "";

const screens: Record<string, (page: PersonPage, fabric: number) => Promise<void>> = {
  fabrics: async (page) => {
    await page.goto(page.at("/fabrics/"));
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  },
  "add fabric, by kubeconfig": async (page) => {
    await page.goto(page.at("/fabrics/add/"));
    await expect(page.getByRole("heading", { name: "Add a fabric" })).toBeVisible();
  },
  "add fabric, by fields": async (page) => {
    await page.goto(page.at("/fabrics/add/"));
    await page.getByText("Separate fields").click();
    await expect(page.getByLabel("Server", { exact: true })).toBeVisible();
  },
  fabric: async (page, id) => {
    await page.goto(page.at(`/fabrics/${id}/`));
    await expect(page.watched()).toContainText("succeeded");
  },
  settings: async (page, id) => {
    await page.goto(page.at(`/fabrics/${id}/settings/`));
    await expect(page.getByLabel("Name", { exact: true })).toBeVisible();
  },
  objects: async (page, id) => {
    await page.goto(page.at(`/fabrics/${id}/objects/`));
    await expect(page.getByRole("table", { name: "Objects" })).toBeVisible();
  },
  "objects without a match": async (page, id) => {
    await page.goto(page.at(`/fabrics/${id}/objects/?q=leaf-99`));
    await expect(page.getByText(/No match/)).toBeVisible();
  },
  object: async (page) => {
    await page.goto(page.at("/objects/1/"));
    await expect(page.getByRole("tablist")).toBeVisible();
  },
  "object as YAML": async (page) => {
    await page.goto(page.at("/objects/1/?tab=yaml"));
    await expect(page.getByText("apiVersion")).toBeVisible();
  },
  "history of an object": async (page) => {
    await page.goto(page.at("/objects/1/?tab=history"));
    await expect(page.getByRole("table")).toBeVisible();
  },
  "the menu of the person": async (page) => {
    await page.goto(page.at("/fabrics/"));
    await page.getByRole("button", { name: "administrator" }).click();
    await expect(page.getByRole("menu")).toBeVisible();
  },
  "a filled ladder": async (page) => {
    await page.goto(page.at("/fabrics/add/"));
    await page.getByText("Separate fields").click();
    await page.getByLabel("Server", { exact: true }).fill("https://127.0.0.1:1");
    await page.getByLabel("CA certificate", { exact: true }).fill(someCa);
    await page.getByRole("textbox", { name: "Token", exact: true }).fill("a.token.of-nobody");
    await page.getByRole("button", { name: "Test connection" }).click();
    await expect(page.getByRole("list", { name: "What was measured" })).toContainText("refused");
  },
  "the dialog that deletes": async (page, id) => {
    await page.goto(page.at(`/fabrics/${id}/settings/`));
    await page.getByRole("button", { name: /^Delete/ }).click();
    await expect(page.getByRole("alertdialog")).toBeVisible();
  },
  run: async (page) => {
    await page.goto(page.at("/runs/1/"));
    await expect(page.layer(9)).toBeVisible();
  },
  "system health": async (page) => {
    await page.goto(page.at("/health/"));
    await expect(page.getByRole("table", { name: "Checks of the server" })).toBeVisible();
  },
  "no page at all": async (page) => {
    await page.goto(page.at("/nothing/here/"));
    await expect(page.getByText("There is no page at this address.")).toBeVisible();
  },
};

test.describe("5: no id occurs twice and every control has a name", () => {
  test("on the sign-in page, also with a refusal", async ({ page }) => {
    page.allow(/401/);
    await page.goto(page.at("/sign-in/"));
    await page.getByLabel("User name").fill("operator");
    await page.getByLabel("Password", { exact: true }).fill("wrong");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByText("User name or password is wrong.")).toBeVisible();
    expect(await look(page)).toEqual({ doubled: [], violations: [] });
  });

  test("in the note behind a locked button", async ({ hedgerow, cluster, page }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("viewer").open(fabric);
    await page.getByRole("button", { name: /Sync from Fabric/ }).click();
    await expect(page.getByRole("dialog", { name: /is locked/ })).toBeVisible();
    expect(await look(page)).toEqual({ doubled: [], violations: [] });
  });

  test("in the dialog over an ended session", async ({ hedgerow, cluster, page }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    page.allow(/Failed to load resource/);
    await hedgerow.endSessionsOf("operator");
    await page.sync().click();
    await expect(page.getByRole("dialog")).toBeVisible();
    expect(await look(page)).toEqual({ doubled: [], violations: [] });
  });
});

// 1280 by 800 at 400 % is 320 by 200.
const sights = {
  "light, 1280 px wide": { colorScheme: "light", width: 1280, height: 800 },
  "light, 320 px wide": { colorScheme: "light", width: 320, height: 800 },
  "dark, 1280 px wide": { colorScheme: "dark", width: 1280, height: 800 },
  "dark, 320 px wide": { colorScheme: "dark", width: 320, height: 800 },
  "forced colours, 1280 px wide": { forcedColors: "active", width: 1280, height: 800 },
  "forced colours, 320 px wide": { forcedColors: "active", width: 320, height: 800 },
  "dark forced colours at 400 %": {
    colorScheme: "dark",
    forcedColors: "active",
    width: 320,
    height: 200,
  },
  "light at 400 %": { colorScheme: "light", width: 320, height: 200 },
} as const;

for (const [how, { width, height, ...media }] of Object.entries(sights))
  test(`47: every screen, ${how}, has no id twice, no violation and no sideways scroll`, async ({
    hedgerow,
    cluster,
    page,
  }) => {
    test.slow();
    const fabric = await hedgerow.fabric({ cluster });
    await (await hedgerow.server.as("administrator")).pull(fabric.id);
    await page.emulateMedia(media);
    await page.setViewportSize({ width, height });
    await page.signIn("administrator");
    someCa = cluster.connection.ca;
    for (const [name, open] of Object.entries(screens)) {
      await open(page, fabric.id);
      expect(await look(page), name).toEqual({ doubled: [], violations: [] });
      const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(sideways, `${name} scrolls sideways`).toBeLessThanOrEqual(0);
    }
  });

test("47: in forced colours what is chosen can be told from what is not", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await (await hedgerow.server.as("administrator")).pull(fabric.id);
  await page.emulateMedia({ forcedColors: "active" });
  await page.signIn("administrator");
  const paint = (of: Locator) =>
    of.evaluate((element) => {
      const { backgroundColor, borderBottomColor, borderBottomWidth } = getComputedStyle(element);
      return [backgroundColor, borderBottomColor, borderBottomWidth].join(" ");
    });
  const nav = page.getByRole("navigation", { name: "Main" });
  const [here, elsewhere] = ["Fabrics", "Health"].map((name) => nav.getByRole("link", { name }));
  if (here && elsewhere) expect(await paint(here)).not.toBe(await paint(elsewhere));
  await page.goto(page.at("/fabrics/add/"));
  const choice = (name: string) => page.locator(".choice", { hasText: name });
  expect(await paint(choice("Kubeconfig"))).not.toBe(await paint(choice("Later")));
  await page.goto(page.at("/objects/1/"));
  const tab = (selected: boolean) => page.getByRole("tab", { selected }).first();
  expect(await paint(tab(true))).not.toBe(await paint(tab(false)));
});
