// What every screen owes to everybody: ids that occur once, and names for all that can be used.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

interface Looked {
  doubled: string[];
  violations: string[];
}

export async function look(page: Page): Promise<Looked> {
  // By the debugger, since the page's own policy forbids foreign scripts.
  await page.evaluate(axeSource);
  return await page.evaluate(async () => {
    // What lies half below the bar that stays on top is as large as the rest of it, once scrolled to.
    globalThis.scrollTo(0, 0);
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    const doubled = ids.filter((id, place) => ids.indexOf(id) !== place);
    const { axe } = globalThis as unknown as {
      axe: {
        run: (options: object) => Promise<{
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations } = await axe.run({ runOnly: { type: "tag", values: tags } });
    return {
      doubled,
      violations: violations.flatMap((it) =>
        it.nodes.map((node) => `${it.id}: ${node.html} ${node.failureSummary}`),
      ),
    };
  });
}
