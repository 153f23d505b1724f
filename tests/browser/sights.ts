// The forms in which people see a page, and what it owes to each of them.
import { expect } from "@playwright/test";
import type { PersonPage } from "../support/person";
import { look } from "./look";

// 1280 by 800 at 400 % is 320 by 200.
export const sights = {
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

// In the first of them each time; CI and --long have time for all.
export const longBut = (how: string) => (how === "light, 1280 px wide" ? [] : ["@long"]);

export async function seenBy(
  page: PersonPage,
  { width, height, ...media }: (typeof sights)[keyof typeof sights],
): Promise<void> {
  // What fades in has its colours at once.
  await page.emulateMedia({ ...media, reducedMotion: "reduce" });
  await page.setViewportSize({ width, height });
}

export async function expectClean(page: PersonPage, name: string): Promise<void> {
  expect(await look(page), name).toEqual({ doubled: [], violations: [] });
}

export async function expectInSight(page: PersonPage, name: string): Promise<void> {
  await expectClean(page, name);
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(sideways, `${name} scrolls sideways`).toBeLessThanOrEqual(0);
}
