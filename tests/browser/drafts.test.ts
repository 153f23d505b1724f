// What is half typed in a form: kept over a reload, the end of a session and an upgrade, for its own person, and nothing
// secret of it.
import { expect, test } from "../support/fixtures";
import { makeOlder } from "../support/older_page";
import { networkLines, type PersonPage } from "../support/person";
import { keep } from "../support/secrets";

const token = keep("a token that was typed", "eyJ-half-typed-token-of-nobody");
const key = keep("a key that was typed", "-----BEGIN PRIVATE KEY-----\nhalf typed\n-----END");

const field = (page: PersonPage, name: string) => page.getByRole("textbox", { name, exact: true });
const choose = (page: PersonPage, name: string) =>
  page.getByRole("radio", { name, exact: true }).check({ force: true });
const found = (page: PersonPage) => page.getByRole("status").filter({ hasText: "was typed until" });

const harmless = {
  Name: "half a lab",
  "Site (optional)": "rack 7",
  Server: "https://10.1.2.3:6443",
  "CA certificate": "-----BEGIN CERTIFICATE-----\nhalf",
  "Namespaces (optional)": "fab",
};

// Everything that this page keeps in the browser, as text.
const storage = (page: PersonPage) =>
  page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));

async function typeHalf(page: PersonPage): Promise<void> {
  await page.goto(page.at("/fabrics/add/"));
  await choose(page, "Separate fields");
  await choose(page, "Client certificate");
  await expect(field(page, "Client key")).toHaveAccessibleDescription(/Never kept in this browser/);
  await field(page, "Client key").fill(key);
  await choose(page, "Token");
  await expect(field(page, "Token")).toHaveAccessibleDescription(/Never kept in this browser/);
  await field(page, "Token").fill(token);
  for (const [name, text] of Object.entries(harmless)) await field(page, name).fill(text);
}

async function expectHalf(page: PersonPage): Promise<void> {
  await expect(found(page)).toContainText("never kept: type them again");
  for (const [name, text] of Object.entries(harmless))
    await expect(field(page, name)).toHaveValue(text);
  await expect(field(page, "Token")).toHaveValue("");
}

async function expectEmpty(page: PersonPage): Promise<void> {
  await expect(field(page, "Name")).toHaveValue("");
  await expect(page.getByRole("radio", { name: "Kubeconfig" })).toBeChecked();
  await expect(found(page)).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Discard what is typed" })).toHaveCount(0);
}

test("a fabric that is half typed survives a reload and the end of a session, without its secrets", async ({
  hedgerow,
  page,
}) => {
  await page.signIn("administrator");
  page.allow(networkLines);
  await typeHalf(page);
  const kept = await storage(page);
  expect(kept).toContain("half a lab");
  expect(kept).not.toContain(token);
  expect(kept).not.toContain("half typed");
  await page.reload();
  await expectHalf(page);
  await hedgerow.endSessionsOf("administrator");
  await page.reload();
  await page.signIn("administrator");
  await expect(page).toHaveURL(page.at("/fabrics/add/"));
  await expectHalf(page);

  await choose(page, "Later");
  await page.getByRole("button", { name: "Add fabric without a connection" }).click();
  await expect(page).toHaveTitle(/half a lab/);
  expect(await storage(page)).not.toContain("half a lab");
  await page.goto(page.at("/fabrics/add/"));
  await expectEmpty(page);
});

test("what one person typed no other sees, and it is there again when they come back", async ({
  hedgerow,
  page,
}) => {
  await page.signIn("administrator");
  page.allow(networkLines);
  await typeHalf(page);
  await hedgerow.endSessionsOf("administrator");
  await page.getByRole("button", { name: /^Add fabric/ }).click();
  await page.signInHere("viewer");
  await expectEmpty(page);
  await choose(page, "Separate fields");
  await expect(field(page, "Token"), "nor what lay in memory").toHaveValue("");
  await choose(page, "Kubeconfig");
  await hedgerow.endSessionsOf("viewer");
  await page.reload();
  await page.signIn("administrator");
  await expectHalf(page);
  await page.getByRole("button", { name: "Discard what is typed" }).click();
  await expectEmpty(page);
  await page.reload();
  await expectEmpty(page);
});

test("signing out throws away what was half typed", async ({ page }) => {
  await page.signIn("administrator");
  await typeHalf(page);
  await page.getByRole("button", { name: "administrator" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByLabel("User name")).toBeVisible();
  expect(await storage(page)).not.toContain("half a lab");
  await page.signIn("administrator");
  await page.goto(page.at("/fabrics/add/"));
  await expectEmpty(page);
});

test("A04: half typed settings survive an upgrade, and what somebody else saved meanwhile is not overwritten", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const older = await makeOlder(page, hedgerow.server);
  await page.signIn("administrator");
  page.allow(networkLines);
  const settings = page.at(`/fabrics/${fabric.id}/settings/`);
  await page.goto(settings);
  await field(page, "Description (optional)").fill("half a description");
  await older.dispose();
  await page.reload();
  await expect(found(page)).toBeVisible();
  await expect(field(page, "Description (optional)")).toHaveValue("half a description");

  const administrator = await hedgerow.server.fresh("administrator");
  await administrator.editFabric(fabric.id, { site: "Oslo" });
  await page.reload();
  await expect(page.getByText("Somebody else changed these settings")).toBeVisible();
  await expect(field(page, "Description (optional)")).toHaveValue("half a description");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText(/changed_meanwhile/)).toBeVisible();
  expect((await administrator.fabric(fabric.id)).description).toBe("");

  await page.getByRole("button", { name: "Discard mine and edit theirs" }).click();
  await expect(field(page, "Site (optional)")).toHaveValue("Oslo");
  await field(page, "Description (optional)").fill("whole");
  await page.reload();
  await expect(field(page, "Description (optional)")).toHaveValue("whole");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.headline()).toBeVisible();
  const saved = await administrator.fabric(fabric.id);
  expect([saved.site, saved.description]).toEqual(["Oslo", "whole"]);
  await page.goto(settings);
  await expect(found(page)).toHaveCount(0);
  await expect(page.getByText("Nothing is changed.")).toBeVisible();
});
