// What a person sees of a fault: on the page of the fabric exactly one red layer with its sentence, and one click
// further the code.
import { expect } from "@playwright/test";
import type { PersonPage } from "../support/person";
import { codes, type Code } from "../../ui/src/text/codes.gen";

export interface SeenFault {
  code: Code;
  outcome: "partly" | "failed";
  // A word that is this case's own.
  says: RegExp;
}

// The layers on the page by their states.
export async function states(page: PersonPage): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (let layer = 1; layer <= 9; layer += 1) {
    const state = (await page.layer(layer).getAttribute("data-state")) ?? "none";
    (found[state] ??= []).push(layer);
  }
  return found;
}

// Of a run that was stopped on layer 8 while it read: what it had read by then stays, and is said to be a part.
export const stoppedWhileReading = { passed: [1, 2, 3, 4, 5, 6, 7], failed: [8], partly: [9] };

export async function seeFault(page: PersonPage, { code, outcome, says }: SeenFault) {
  const { layer, title, next } = codes[code];
  const main = page.getByRole("main");
  const word = outcome === "partly" ? "done in part" : "failed";
  await expect(page.watched()).toContainText(`${word} on layer ${layer}`, { timeout: 20_000 });
  await expect(main).toContainText(title);
  await expect(main).toContainText(says);
  await page.oneRed(layer, outcome);
  for (const before of [1, 2, 3, 4, 5, 6])
    await expect(page.layer(before)).toHaveAttribute("data-state", "passed");
  await expect(page.headline()).not.toContainText("In sync");

  await page.getByRole("link", { name: /^Open run/ }).click();
  await expect(page.getByRole("definition").filter({ hasText: code })).toHaveText(
    `${code}, layer ${layer}`,
  );
  await expect(main).toContainText(title);
  await expect(main).toContainText(says);
  await expect(main).toContainText(next);
  await expect(page.layer(layer)).toHaveAttribute("data-state", outcome);
  await page.goBack();
  await expect(page.sync()).toBeVisible();
}

// A click that makes another run. Within a second of the last one it is the same click, so it is repeated until it
// is not.
export async function clickAnew(page: PersonPage) {
  const door = page.getByRole("link", { name: /^Open run/ });
  const before = await door.innerText();
  await expect(async () => {
    await page.sync().click();
    await expect(door).not.toHaveText(before, { timeout: 400 });
  }).toPass({ intervals: [50], timeout: 15_000 });
}

// The fault is gone, so the next click reads all of it, unchanged.
export async function seeRecovery(page: PersonPage) {
  await clickAnew(page);
  await expect(page.watched()).toContainText(
    "succeeded: 0 created, 0 changed, 48 unchanged, 0 removed",
  );
}
