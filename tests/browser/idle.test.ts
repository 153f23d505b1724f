// What a page costs that nobody touches.
import type { Request } from "@playwright/test";
import { expect, test } from "../support/fixtures";
import { setTimeout as passed } from "node:timers/promises";

const settled = 3_000;
const minute = 60_000;

test(
  "an idle page sends at most one request a minute beside its stream, whichever page it is",
  { tag: "@long" },
  async ({ hedgerow, cluster, page, frontGate }) => {
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
    const before = (await frontGate.requests()).length;
    await passed(minute);
    for (const [at, path] of paths.entries())
      expect(sent[at]?.length, `${path}: ${sent[at]?.join(", ")}`).toBeLessThanOrEqual(1);
    // What came to the server is what the tabs asked; the worker that they share asks for the stream alone.
    const came = (await frontGate.requests()).slice(before);
    const beside = came.filter(({ path }) => path !== "/api/events/");
    expect(beside.map(({ method, path }) => `${method} ${path}`)).toHaveLength(sent.flat().length);
    expect(came.length - beside.length).toBeLessThanOrEqual(1);
  },
);
