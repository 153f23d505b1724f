// A click that breaks on one of the nine layers: exactly that layer is red, and the code, the layer and the
// sentence stand where the person looks.
import { expect, ownNamespace, test } from "../support/fixtures";
import { heldClick, heldRun } from "../support/gate";
import { patient } from "../support/server";
import { networkLines, type PersonPage } from "../support/person";
import { expectRunSays } from "../support/sentence";
import { codes } from "../../ui/src/text/codes.gen";
import { clickAnew, states, stoppedWhileReading } from "./seen_fault";

async function recovers(page: PersonPage): Promise<void> {
  await expect(page.watched()).toContainText("Sync from Fabric succeeded: 48 created", {
    timeout: 20_000,
  });
  for (let layer = 1; layer <= 9; layer += 1)
    await expect(page.layer(layer)).toHaveAttribute("data-state", "passed");
}

test("layer 2: while nobody answers, the click waits with transport alone red", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await hedgerow.server.stop();
  await page.sync().click();
  await page.oneRed(2);
  expect(await states(page)).toEqual({
    passed: [1],
    failed: [2],
    not_reached: [3, 4, 5, 6, 7, 8, 9],
  });
  const mine = page.getByRole("region", { name: "Your click on Sync from Fabric" });
  await expect(mine).toContainText("has not started; your click is kept");
  await hedgerow.server.begin();
  await recovers(page);
});

test("layer 3: an ended session is red in the dialog, with its code", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await hedgerow.endSessionsOf("operator");
  await page.sync().click();
  const dialog = page.getByRole("dialog", { name: "Sign in to go on" });
  await expect(dialog).toContainText("Layer 3 Session length · session_expired");
  await page.oneRed(3);
  expect(await states(page)).toEqual({
    passed: [1, 2, 5],
    failed: [3],
    not_reached: [4, 6, 7, 8, 9],
  });
  // Put away, it goes on saying so on the page.
  await dialog.getByRole("button", { name: "Not now" }).click();
  await page.oneRed(3);
  await page
    .getByRole("region", { name: /Sync from Fabric on/ })
    .getByRole("button", { name: "Sign in" })
    .click();
  await page.signInHere("operator");
  await recovers(page);
});

test("layer 4: a token that is refused twice is red on the fabric's page, with its code", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await frontGate.rule({
    name: "stale",
    match: { method: "POST", path: "/runs/$" },
    times: 2,
    action: { request_headers: { "X-CSRF-Token": "of-another-session" } },
  });
  const refusals: string[] = [];
  page.on("response", (response) => {
    const { "x-request-id": id } = response.headers();
    if (response.status() === 403 && id !== undefined) refusals.push(id);
  });
  await page.sync().click();
  await expect(page.getByText(/^The page’s security token was refused twice\./)).toBeVisible();
  await page.oneRed(4);
  expect(await states(page)).toEqual({
    passed: [1, 2, 3, 5],
    failed: [4],
    not_reached: [6, 7, 8, 9],
  });
  const mine = page.getByRole("region", { name: "Your click on Sync from Fabric" });
  expect(refusals).toHaveLength(2);
  await expect(mine).toContainText(`Layer 4 CSRF · csrf_refused · request ${refusals[1]}`);
  expect(cluster.lists("connections")).toBe(0);
  await page.sync().click();
  await recovers(page);
});

test("layer 5: a click without a cookie is red in the dialog, with its code", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  page.allow(networkLines);
  await page.context().clearCookies();
  await page.sync().click();
  const dialog = page.getByRole("dialog", { name: "Sign in to go on" });
  await expect(dialog).toContainText("Layer 5 Authentication · session_missing");
  await page.oneRed(5);
  expect(await states(page)).toEqual({
    passed: [1, 2],
    failed: [5],
    not_reached: [3, 4, 6, 7, 8, 9],
  });
  await page.signInHere("operator");
  await recovers(page);
});

test("layer 6: a click without the permission is red on the fabric's page, and elsewhere on request", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  // The page is made to believe that this viewer may sync; the server knows better.
  await frontGate.rule({
    name: "believe",
    match: { method: "GET", path: `/api/fabrics/${fabric.id}/$` },
    action: { rewrite: [{ path: "$.permissions", set: ["fabric.view", "fabric.sync"] }] },
  });
  await page.signIn("viewer").open(fabric);
  page.allow(networkLines);
  await page.sync().click();
  await page.oneRed(6);
  expect(await states(page)).toEqual({
    passed: [1, 2, 3, 4, 5],
    failed: [6],
    not_reached: [7, 8, 9],
  });
  const mine = page.getByRole("region", { name: "Your click on Sync from Fabric" });
  await expect(mine).toContainText("was refused");
  await expect(mine).toContainText("Layer 6 Permission · forbidden");
  expect(cluster.lists("connections")).toBe(0);
  await page.getByRole("link", { name: "Objects", exact: true }).click();
  await expect(page.layer(6)).toHaveCount(0);
  await page.getByRole("button", { name: "Show the nine layers" }).click();
  await page.oneRed(6);
  // The cure: the page shows what is so, and somebody who may clicks.
  await page.getByRole("button", { name: "Put away" }).click();
  await expect(page.layer(6)).toHaveCount(0);
  const operator = await hedgerow.server.as("operator");
  expect(await operator.pull(fabric.id)).toMatchObject({ outcome: "succeeded" });
});

test.describe("layer 8, while a run goes on", () => {
  test.use({ settings: patient });

  for (const [how, code] of [
    ["cancelled", "cancelled"],
    ["overtaken by new settings", "config_changed"],
  ] as const)
    test(`a run that is ${how} has state alone red, and says why`, async ({
      hedgerow,
      cluster,
      gate,
      page,
    }) => {
      const fabric = await hedgerow.fabric({ cluster, through: gate });
      await page.signIn("operator").open(fabric);
      await heldClick(gate, page);
      // What a run finds moves the fabric's revision, so an edit waits until it finds nothing more.
      await expect(page.layer(9)).toContainText("20 of 21 kinds");
      if (code === "cancelled") {
        await page.getByRole("button", { name: "Cancel run" }).click();
        await expect(page.watched()).toContainText("Sync from Fabric was cancelled");
        await expect.poll(() => states(page)).toEqual(stoppedWhileReading);
      } else {
        const administrator = await hedgerow.server.as("administrator");
        await administrator.editFabric(fabric.id, {
          cluster: { namespaces: [cluster.namespace, "default"] },
        });
        // One with the new settings follows by itself, and that is what is to be seen.
        await expect(page.getByRole("link", { name: "Open run 2" })).toBeVisible();
      }
      await page.goto(page.at("/runs/1/"));
      await expect(page.getByText(`${code}, layer 8`)).toBeVisible();
      await expect(page.getByRole("main")).toContainText(codes[code].title);
      await expect(page.getByRole("main")).toContainText(codes[code].next);
      expect(await states(page)).toEqual(stoppedWhileReading);
      await gate.dropAll();
      const operator = await hedgerow.server.as("operator");
      expect((await operator.pull(fabric.id)).outcome).toBe("succeeded");
      // Others may have objects in the namespace that was added.
      const own = await operator.objects(fabric.id, `&namespace=${cluster.namespace}`);
      expect(own.count).toBe(48);
    });

  test.describe("whose only worker is busy", () => {
    test.use({ settings: { ...patient, "runs.workers": "1" } });

    test("a run that is cancelled before it begins has state alone red, on page and API", async ({
      hedgerow,
      cluster,
      gate,
      page,
    }) => {
      const operator = await hedgerow.server.as("operator");
      const busy = await hedgerow.fabric({ cluster, through: gate, name: "busy" });
      await heldRun(gate, operator, busy.id);
      const other = await ownNamespace(cluster.whole, "sample");
      const fabric = await hedgerow.fabric({ cluster: other });
      const administrator = await hedgerow.server.as("administrator");
      await administrator.editFabric(fabric.id, { shares_cluster: true });
      await page.signIn("operator").open(fabric);
      await page.sync().click();
      await page.getByRole("button", { name: "Cancel run" }).click();
      await expect(page.watched()).toContainText("Sync from Fabric was cancelled");
      await page.oneRed(8);
      await expect(page.getByRole("main")).toContainText(codes.cancelled.title);
      const run = await operator.run(2);
      expectRunSays(run);
      expect(run.trace.filter(({ state }) => ["failed", "partly"].includes(state))).toMatchObject([
        { layer: 8, state: "failed" },
      ]);
      await gate.dropAll();
      await clickAnew(page);
      await recovers(page);
    });
  });

  test("30: a run whose server was killed is lost, with state alone red, and is done again", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const operator = await hedgerow.server.as("operator");
    await operator.pull(fabric.id);
    // What the run would find: of the servers, which it does not finish, and of the switches, which it does.
    const described = { spec: { description: "before the fall" } };
    await cluster.whole.patch("Server", cluster.namespace, "server-01", described);
    await cluster.whole.patch("Switch", cluster.namespace, "leaf-01", described);
    const kept = async () => (await operator.objects(fabric.id)).results;
    const before = await kept();
    expect(before).toHaveLength(48);
    await page.signIn("operator").open(fabric);
    page.allow(networkLines);
    await heldClick(gate, page);
    await expect(page.layer(9)).toContainText("Switch 7");
    await hedgerow.server.kill();
    // Each object is as it was before, or as it was read.
    await gate.rule({ name: "closed", action: { hold: true } });
    await hedgerow.server.begin();
    await page.goto(page.at("/runs/2/"));
    await expect(page.getByText("lost, layer 8")).toBeVisible({ timeout: 20_000 });
    expect(await states(page)).toEqual(stoppedWhileReading);
    await expect(page.layer(8)).toContainText(
      /Finished before that: .*\bSwitch\b.* May be new in part: Server\./,
    );
    const kinds = page.getByRole("table", { name: "Kinds" });
    const row = (kind: string) =>
      kinds.getByRole("row").filter({ hasText: new RegExp(`^${kind} `) });
    await expect(row("Switch")).toContainText(/Passed\s*7/);
    await expect(row("Server")).toContainText(/Partly\s*not read/);
    const after = new Map((await kept()).map((row) => [row.id, row]));
    expect(after.size).toBe(48);
    for (const row of before) {
      const now = after.get(row.id);
      if (row.name === "leaf-01") expect(now?.changed, "as it was read").not.toBe(row.changed);
      else expect({ ...now, seen: row.seen }, "as before").toEqual(row);
    }
    await gate.dropAll();
    await page.openFabric(fabric);
    await expect(page.watched()).toContainText("Sync from Fabric succeeded", { timeout: 20_000 });
    // Kinds that were finished before the end stayed; together it is the whole.
    await expect(page.headline()).toContainText("48 objects");
    await clickAnew(page);
    await expect(page.watched()).toContainText(
      "succeeded: 0 created, 0 changed, 48 unchanged, 0 removed",
    );
  });
});
