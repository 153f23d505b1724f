// Takes the fabric page after one Sync from Fabric: picture.mjs READY_FILE OUT
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [, , readyFile, out] = process.argv;
const { url, user, password } = JSON.parse(readFileSync(readyFile, "utf8"));
const { chromium } = createRequire(new URL("../../tests/", import.meta.url))("@playwright/test");

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
});
const page = await browser.newPage({ viewport: { width: 1180, height: 900 } });
await page.goto(url);
await page.getByLabel("User name").fill(user);
await page.getByLabel("Password", { exact: true }).fill(password);
await page.getByRole("button", { name: "Sign in" }).click();
await page.locator('a[href*="/fabrics/"]').first().click();
await page.getByRole("button", { name: /^Sync from Fabric/ }).first().click();
await page.getByText(/Sync from Fabric succeeded/).waitFor();
await page.screenshot({ path: out, fullPage: true });
await browser.close();
