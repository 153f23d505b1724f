// The first person before a new server: a code from its log, and they are its administrator.
import { codesIn, expect, test } from "../support/empty";
import { keep } from "../support/secrets";
import { byHost, ways } from "../support/person";
import { until } from "../support/process";
import { look } from "./look";
import { expectInSight, longBut, seenBy, sights } from "./sights";

const password = keep("the first administrator's own password", "a kettle under the south stair");

for (const [way, host] of Object.entries(ways))
  test(`${way}a new server is set up on its page, wrong codes and weak passwords are refused at their fields`, async ({
    empty,
    page,
  }) => {
    page.comeBy(byHost(empty.url, host));
    page.allow(/status of 40[01]/);
    const code = await until("a code in the log", () => Promise.resolve(codesIn(empty.log)[0]));
    await page.goto(page.at("/"));
    await expect(page.getByText("Nobody can sign in yet.")).toBeVisible();
    expect(await look(page)).toEqual({ doubled: [], violations: [] });
    const field = (name: string) => page.getByLabel(name, { exact: true });
    const press = () => page.getByRole("button", { name: "Make the administrator" }).click();
    await expect(field("One-time code"), "is where typing begins").toBeFocused();

    await field("One-time code").fill(`${code}x`);
    await field("User name").fill("alice");
    await field("Password").fill(password);
    await press();
    await expect(field("One-time code")).toHaveAccessibleDescription(/code.*the server’s log|log/);
    await expect(field("User name"), "nothing typed is lost").toHaveValue("alice");

    await field("One-time code").fill(code);
    await field("Password").fill("too short");
    await press();
    await expect(field("Password")).toHaveAccessibleDescription(/15 characters/);

    await field("Password").fill(password);
    await press();
    await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
    await expect(page.getByRole("button", { name: "alice" })).toBeVisible();
    await page.goto(page.at("/fabrics/add/"));
    await expect(page.getByRole("button", { name: "Add fabric", exact: true })).toBeVisible();
  });

for (const [how, sight] of Object.entries(sights))
  test(
    `47: the set-up of a new server, ${how}, has no violation and no sideways scroll`,
    { tag: longBut(how) },
    async ({ empty, page }) => {
      page.comeBy(empty.url);
      page.allow(/status of 40[01]/);
      await seenBy(page, sight);
      await page.goto(page.at("/"));
      await expect(page.getByText("Nobody can sign in yet.")).toBeVisible();
      await expectInSight(page, "set-up");
      for (const name of ["One-time code", "User name", "Password"])
        await page.getByLabel(name, { exact: true }).fill("no such");
      await page.getByRole("button", { name: "Make the administrator" }).click();
      await expect(page.getByLabel("One-time code", { exact: true })).toHaveAccessibleDescription(
        /log/,
      );
      await expectInSight(page, "set-up, refused");
    },
  );
