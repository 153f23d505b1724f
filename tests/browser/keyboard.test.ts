// The main path without a mouse: all that can be pressed is reached by Tab, shows where the focus is, and a closed
// dialog or menu gives the focus back.
import type { Locator } from "@playwright/test";
import { expect, test } from "../support/fixtures";
import type { PersonPage } from "../support/person";
import { passwords } from "../support/server";

const most = 80;

// Goes on with Tab until the focus is there; it is seen there.
async function tabTo(page: PersonPage, wanted: Locator): Promise<void> {
  await expect(wanted).toBeVisible();
  for (let steps = 0; steps < most; steps += 1) {
    if (await wanted.evaluate((it) => it === document.activeElement)) {
      await expectSeen(wanted);
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`${most} times Tab did not lead to ${String(wanted)}.`);
}

async function expectSeen(focused: Locator): Promise<void> {
  const seen = await focused.evaluate((it) => {
    for (let at: Element | null = it; at && at !== document.body; at = at.parentElement) {
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      if (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) return true;
    }
    return false;
  });
  expect(seen, `${String(focused)} shows that it has the focus`).toBe(true);
}

test("a fabric is opened, read and looked into by keys alone", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const { keyboard } = page;
  await page.goto(page.at("/"));
  await tabTo(page, page.getByLabel("User name"));
  await keyboard.type("operator");
  await tabTo(page, page.getByLabel("Password", { exact: true }));
  await keyboard.type(passwords.operator);
  await keyboard.press("Enter");

  await tabTo(page, page.getByRole("link", { name: fabric.name, exact: true }));
  await keyboard.press("Enter");
  await expect(page).toHaveTitle(new RegExp(fabric.name));
  await tabTo(page, page.sync());
  await keyboard.press("Enter");
  await expect(page.watched()).toContainText("48 created");
  await tabTo(page, page.getByRole("link", { name: /^Open run/ }));
  await keyboard.press("Enter");
  await expect(page.layer(9)).toBeVisible();
  await tabTo(page, page.getByRole("main").getByRole("link", { name: fabric.name, exact: true }));
  await keyboard.press("Enter");

  await tabTo(page, page.getByRole("link", { name: "Objects", exact: true }));
  await keyboard.press("Enter");
  await tabTo(page, page.getByRole("link", { name: "leaf-01", exact: true }));
  await keyboard.press("Enter");
  const yaml = page.getByRole("tab", { name: "YAML" });
  await tabTo(page, page.getByRole("tab", { selected: true }));
  for (let steps = 0; (await yaml.getAttribute("aria-selected")) !== "true"; steps += 1) {
    expect(steps, "the arrows lead to each tab").toBeLessThan(6);
    await keyboard.press("ArrowRight");
  }
  await expect(page.getByText("apiVersion")).toBeVisible();

  const menu = page.getByRole("button", { name: "operator", exact: true });
  await tabTo(page, menu);
  await keyboard.press("Enter");
  await expect(page.getByRole("menu")).toBeVisible();
  await keyboard.press("Escape");
  await expect(page.getByRole("menu")).toBeHidden();
  await expect(menu, "a closed menu gives the focus back").toBeFocused();
});

test("a dialog holds the focus, and Escape gives it back with nothing done", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("administrator");
  await page.goto(page.at(`/fabrics/${fabric.id}/settings/`));
  const open = page.getByRole("button", { name: `Delete ${fabric.name}` });
  await tabTo(page, open);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("alertdialog");
  await expect(dialog.getByRole("textbox")).toBeFocused();
  for (let steps = 0; steps < 6; steps += 1) {
    await page.keyboard.press("Tab");
    await expect(dialog.locator(":focus")).toHaveCount(1);
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(open).toBeFocused();
  const api = await hedgerow.server.as("viewer");
  expect((await api.fabric(fabric.id)).name).toBe(fabric.name);
});
