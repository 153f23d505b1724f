// The page of the sample fabric after its first sync, as a picture. Two arguments: the file that ./run wrote when
// it was ready, and the picture's path.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../tests/package.json", import.meta.url))(
  "@playwright/test",
);
const [, , ready, picture] = process.argv;
const { url, user, password } = JSON.parse(readFileSync(ready, "utf8"));

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  chromiumSandbox: false,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
});
const page = await browser.newPage({
  viewport: { width: 1280, height: 1000 },
  deviceScaleFactor: 1,
  colorScheme: "light",
});
await page.goto(url);
await page.getByLabel("User name").fill(user);
await page.getByLabel("Password", { exact: true }).fill(password);
await page.getByRole("button", { name: "Sign in", exact: true }).click();
await page.getByRole("link", { name: "sample-fabric" }).click();
await page.getByRole("button", { name: "Sync from Fabric" }).click();
await page.getByText("succeeded: 48 created").waitFor();
await page
  .getByRole("table", { name: "Objects per kind" })
  .getByText("Connection", { exact: true })
  .waitFor();
await page.getByText("Readable").first().waitFor();
await page.mouse.move(0, 0);
await page.screenshot({ path: picture });
await browser.close();
