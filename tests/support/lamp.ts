// What the lamp of a page says of its following the server.
import type { Locator } from "@playwright/test";
import type { PersonPage } from "./person";

export const live = (page: PersonPage): Locator => page.getByText("Live", { exact: true });

// Every word that the lamp has said since.
export async function watchLamp(page: PersonPage): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const lamp = document.querySelector(".lamp");
    const said = [lamp?.textContent ?? ""];
    Object.assign(globalThis, { said });
    if (lamp)
      new MutationObserver(() => said.push(lamp.textContent ?? "")).observe(lamp, {
        subtree: true,
        childList: true,
        characterData: true,
      });
  });
  return () => page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
}
