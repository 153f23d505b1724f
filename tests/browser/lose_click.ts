// A click that is given up while the server is away, and that the page tells of when it is back.
import { expect } from "@playwright/test";
import type { PersonPage } from "../support/person";
import type { TestServer } from "../support/server";

export async function loseClick(page: PersonPage, server: TestServer): Promise<void> {
  await server.stop();
  await page.sync().click();
  const strip = page.getByRole("region", { name: "Sync from Fabric on" });
  await strip.getByRole("button", { name: "Cancel" }).click();
  await expect(strip).toBeHidden();
  await server.begin();
  await page.getByRole("button", { name: /^Show the nine layers of/ }).click();
  await page.oneRed(2);
}
