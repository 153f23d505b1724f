// Clicks that never reached the server stand in the history of their fabric, once it has been told of them.
import { expect, test } from "../support/fixtures";
import { networkLines, type PersonPage } from "../support/person";
import { loseClick } from "./lose_click";

const lostOn = (page: PersonPage) =>
  page
    .getByRole("region", { name: "Recent runs" })
    .getByText(/Sync from Fabric by operator, clicked/);

test("a click that is given up while the server is away stands in the fabric's history, with its layers", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await loseClick(page, hedgerow.server);
  await expect(lostOn(page)).toContainText("The server could not be reached");
  await expect(page.layer(1)).toHaveAttribute("data-state", "passed");
  await expect(page.layer(3)).toHaveAttribute("data-state", "not_reached");
  const api = await hedgerow.server.as("operator");
  const { lost_clicks, recent_runs, facts } = await api.fabric(fabric.id);
  expect(recent_runs).toEqual([]);
  expect(facts.last_run.state).toBe("none_yet");
  expect(lost_clicks).toMatchObject([
    { operation: "pull", actor: "operator", code: "network_down", layer: 2 },
  ]);
  // It says nothing of what comes after it.
  await page.sync().click();
  await expect(page.watched()).toContainText("48 created");
  await expect(lostOn(page)).toHaveCount(1);
});

test.describe("when nobody is asked after a second", () => {
  test.use({ settings: { "page.ask_again": "1s" } });

  test("a click that a closed tab leaves behind is told by another tab", async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    page.allow(networkLines);
    const other = await page.otherTab();
    other.allow(networkLines);
    await other.openFabric(fabric);
    await hedgerow.server.stop();
    await other.sync().click();
    await expect(other.getByText(/Your click is kept/)).toBeVisible();
    await other.close({ runBeforeUnload: true });
    await hedgerow.server.begin();
    await expect(lostOn(page)).toHaveCount(1);
  });
});

test("what a page tells of a click is believed only as far as it can be so", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.as("operator");
  const viewer = await hedgerow.server.as("viewer");
  const click = {
    fabric: fabric.id,
    operation: "pull",
    key: "a-click-that-was-lost",
    clicked_at: new Date().toISOString(),
    tries: 3,
    tab: "tab-1",
    page_version: "0.1.0",
  };
  const told = { code: "network_down", view: "fabric", click };
  const path = "/api/client-reports/";
  const lost = async () => (await operator.fabric(fabric.id)).lost_clicks;
  const forbidden = { status: 403, code: "forbidden", layer: 6 };
  await viewer.refused(forbidden, "POST", path, { body: told });
  const invalid = { status: 400, code: "invalid", layer: 2 };
  for (const body of [
    { ...told, code: "forbidden" },
    { ...told, click: { ...click, operation: "push" } },
    { ...told, click: { ...click, key: "short" } },
    { ...told, click: { ...click, clicked_at: "yesterday" } },
    { ...told, click: { ...click, tries: 0 } },
  ])
    await operator.refused(invalid, "POST", path, { body });
  const missing = { status: 404, code: "not_found", layer: 2 };
  await operator.refused(missing, "POST", path, {
    body: { ...told, click: { ...click, fabric: 999_999 } },
  });
  expect(await lost()).toEqual([]);

  // Of one that is so old nobody knows any more whether it arrived.
  const old = new Date(Date.now() - 25 * 3_600_000).toISOString();
  await operator.must("POST", path, {
    body: { ...told, click: { ...click, key: "a-click-of-yesterday", clicked_at: old } },
  });
  expect(await lost()).toEqual([]);

  for (const tries of [3, 4])
    await operator.must("POST", path, { body: { ...told, click: { ...click, tries } } });
  expect(await lost()).toMatchObject([{ tries: 3, actor: "operator", tab: "tab-1" }]);
  const address = new URL(`/basic/fabrics/${fabric.id}/`, hedgerow.server.url);
  const basic = await (await fetch(address, { headers: { Cookie: operator.cookie } })).text();
  expect(basic).toContain("Clicks that never arrived");
  expect(basic).toMatch(
    /Sync from Fabric by operator, clicked .*: The server could not be reached\. \(layer 2, network_down\)/,
  );

  // The click arrives after all: it is a run now. And who tells of it later tells nothing new.
  await operator.must("POST", `/api/fabrics/${fabric.id}/runs/`, {
    headers: { "Idempotency-Key": click.key },
    body: { operation: "pull" },
  });
  expect(await lost()).toEqual([]);
  await operator.must("POST", path, { body: told });
  expect(await lost()).toEqual([]);
});
