// What a page costs that nobody touches.
import type { Request } from "@playwright/test";
import { expect, test } from "../support/fixtures";
import { setTimeout as passed } from "node:timers/promises";

const settled = 3_000;
const minute = 60_000;

test(
  "an idle page sends at most one request a minute beside its stream, whichever page it is",
  { tag: "@long" },
  async ({ hedgerow, cluster, page }) => {
    test.setTimeout(150_000);
    const fabric = await hedgerow.fabric({ cluster });
    const operator = await hedgerow.server.as("operator");
    const run = await operator.pull(fabric.id);
    const [row] = (await operator.objects(fabric.id)).results;
    await page.signIn("administrator");
    const paths = [
      "/fabrics/",
      `/fabrics/${fabric.id}/`,
      `/fabrics/${fabric.id}/objects/`,
      `/objects/${row?.id}/`,
      `/runs/${run.id}/`,
      `/fabrics/${fabric.id}/settings/`,
      "/fabrics/add/",
      "/health/",
    ];
    const sent: string[][] = [];
    for (const [at, path] of paths.entries()) {
      const tab = at === 0 ? page : await page.otherTab();
      await tab.goto(tab.at(path));
      await expect(tab.getByText("Live", { exact: true })).toBeVisible();
      const seen: string[] = [];
      sent.push(seen);
      tab.on("request", (request: Request) => seen.push(`${request.method()} ${request.url()}`));
    }
    // The claim is about a minute in which nothing happens, so there is no fact to wait for.
    await passed(settled);
    for (const seen of sent) seen.length = 0;
    await passed(minute);
    const tabs = Object.fromEntries(paths.map((path, at) => [path, sent[at]]));
    for (const [path, requests] of Object.entries(tabs))
      expect(requests?.length, `${path}: ${requests?.join(", ")}`).toBeLessThanOrEqual(1);
  },
);
