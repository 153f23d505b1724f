// A session that nobody uses: it says so before it ends, and goes on when somebody is there.
import { expect, test } from "../support/fixtures";
import { networkLines, type PersonPage } from "../support/person";
import { look } from "./look";

const warning = (tab: PersonPage) => tab.getByRole("alertdialog", { name: "Are you still there?" });

async function secondsLeft(tab: PersonPage): Promise<number> {
  const text = await warning(tab).innerText();
  return Number(/signed out in 0:(\d\d)/.exec(text)?.[1]);
}

test.describe("with a session of 12 s", () => {
  test.use({ settings: { "sessions.idle": "12s", "page.warn": "6s", "page.renew": "2s" } });

  test("15: before the idle end a dialog counts down, and staying in one tab is staying in all", async ({
    page,
  }) => {
    await page.signIn("viewer");
    const second = await page.otherTab();
    await second.goto(second.at("/health/"));
    for (const tab of [page, second]) {
      tab.allow(networkLines);
      await tab.bringToFront();
      await expect(warning(tab)).toBeVisible({ timeout: 15_000 });
      await expect(warning(tab)).toContainText(/You will be signed out in 0:0\d\. Nobody has done/);
      await expect(warning(tab).getByRole("alert")).toHaveText(
        "You will be signed out in less than 30 seconds.",
      );
    }
    const left = await secondsLeft(page);
    await expect.poll(() => secondsLeft(page)).toBeLessThan(left);
    expect(await look(page)).toEqual({ doubled: [], violations: [] });
    await warning(page).getByRole("button", { name: "Stay signed in" }).click();
    for (const tab of [page, second]) await expect(warning(tab)).toBeHidden();
    // Asked once more, so the old end went by without ending anything.
    await expect(warning(page)).toBeVisible({ timeout: 15_000 });
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(warning(page)).toBeHidden();
    await expect(warning(page)).toBeVisible({ timeout: 15_000 });
    // As long as a person presses: the way to the answer is not the answer, by keys neither.
    await page.keyboard.press("Tab");
    await warning(page).getByRole("button", { name: "Sign out now" }).click({ delay: 300 });
    await expect(page.getByLabel("User name")).toBeVisible();
    await expect(second.getByRole("region", { name: "Session" })).toContainText("has ended");
  });

  test("15: whoever works is not asked, and is not signed out", async ({ hedgerow, page }) => {
    await page.signIn("viewer");
    const { idle_ends } = await page.evaluate(
      async () => (await (await fetch("/api/session/")).json()) as { idle_ends: string },
    );
    // A person who presses a key now and then, until well after the first end.
    await expect
      .poll(
        async () => {
          await page.keyboard.press("Shift");
          expect(await warning(page).count()).toBe(0);
          return Date.now() > Date.parse(idle_ends) + 1_000;
        },
        { timeout: 30_000, intervals: [500] },
      )
      .toBe(true);
    await page.getByRole("link", { name: "Health", exact: true }).click();
    await expect(page.getByRole("table", { name: "Checks of the server" })).toBeVisible();
    expect(hedgerow.server.log).not.toContain("session_expired");
  });
});
