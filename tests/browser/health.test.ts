// System health: what the server and this browser find of themselves, and the faults of both.
import { tenthOf } from "../support/defaults";
import { freshKey } from "../support/api";
import { expect, test } from "../support/fixtures";
import { foreignLock } from "../support/foreign_lock";
import { makeOlder } from "../support/older_page";
import { networkLines, type PersonPage } from "../support/person";
import { expectRead } from "../support/read";

const rowOf = (page: PersonPage, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("cell", { name, exact: true }) });

test("3: a view that breaks leaves the others alone, and its fault stands in System health", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await (await hedgerow.server.as("operator")).pull(fabric.id);
  await page.signIn("viewer").open(fabric);
  // An answer that no server of ours gives: the view cannot draw it.
  page.allow(/contract: GET .*objects|TypeError|null/);
  const objects = /\/api\/fabrics\/\d+\/objects\//;
  const body = JSON.stringify({ count: 1, next: null, previous: null, results: [null] });
  await page.route(objects, (route) =>
    route.fulfill({ status: 200, contentType: "application/json", body }),
  );
  await page.getByRole("link", { name: "Objects", exact: true }).click();
  const told = page.getByText(/Layer 1 Script · view_fault · reported to System health as request/);
  await expect(told).toBeVisible();
  const [request = ""] = /req_[\w-]+/.exec(await told.innerText()) ?? [];
  expect(request).not.toBe("");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Health", exact: true }).click();
  const fault = page.getByRole("row").filter({ hasText: request });
  await expect(fault).toContainText("view_fault, layer 1");
  await expect(page.getByRole("status").filter({ hasText: "no problem found" })).toBeVisible();
  await page.unroute(objects);
  await page.goto(page.at(`/fabrics/${fabric.id}/objects/`));
  await expect(page.getByRole("table", { name: "Objects" })).toBeVisible();
});

test("each thing that the server and the browser need is measured and said", async ({ page }) => {
  await page.signIn("viewer");
  await page.getByRole("link", { name: "Health", exact: true }).click();
  for (const name of ["Database", "Workers", "Page in the server", "Writing"])
    await expect(rowOf(page, name)).toContainText("Good");
  for (const name of ["Cookies", "Event stream", "Clock of this machine", "Version of this page"])
    await expect(rowOf(page, name)).toContainText("Good");
  await expect(page.getByText("None since the server started")).toBeVisible();
});

test("what fails inside the server stands in System health by its request or its run, until it is started anew", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const { server } = hedgerow;
  const fabric = await hedgerow.fabric({ cluster });
  server.allowedInLog.push(/"code":"internal_fault"/);
  for (const [name, table] of [
    ["run", "objects"],
    ["answer", "fabrics"],
  ])
    await server.record.change(
      `CREATE TRIGGER damaged_${name} BEFORE INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'hush'); END`,
    );
  const run = await (await server.as("operator")).pull(fabric.id);
  expect(run.code).toBe("internal_fault");
  const administrator = await server.as("administrator");
  const broken = { status: 500, code: "internal_fault", layer: 9 };
  const refused = () =>
    administrator.refused(broken, "POST", "/api/fabrics/", {
      headers: { "Idempotency-Key": freshKey() },
      body: { name: "one more" },
    });
  const { request_id } = await refused();
  await page.signIn("viewer");
  const panel = page.getByRole("table", { name: "Last faults" });
  const open = () => page.getByRole("link", { name: "Health", exact: true }).click();
  await open();
  await expect(panel.getByRole("row").filter({ hasText: request_id })).toContainText(
    "POST /api/fabrics/",
  );
  const ofRun = panel.getByRole("row").filter({ hasText: `Run ${run.id}` });
  await expect(ofRun).toContainText("A run ended by a fault of Hedgerow.");
  await expect(panel, "the server's own words stay in its log").not.toContainText("hush");
  await ofRun.getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(`/runs/${run.id}/$`));
  page.allow(networkLines);
  await server.restart(async () => {
    for (const name of ["run", "answer"])
      await server.record.change(`DROP TRIGGER damaged_${name}`);
  });
  await open();
  await expect(page.getByText("None since the server started")).toBeVisible();
  expectRead(await (await server.as("operator")).pull(fabric.id), { created: 48 });
});

test.describe("with a disk that is waited for as shortly as all else", () => {
  test.use({ settings: tenthOf(/^database\.(probe|busy)_wait$/) });

  test("what is not right is found when it is asked again, and is good again when it is", async ({
    hedgerow,
    page,
  }) => {
    await page.signIn("viewer");
    await page.getByRole("link", { name: "Health", exact: true }).click();
    await expect(rowOf(page, "Writing")).toContainText("Good");
    hedgerow.server.allowedInLog.push(/"code":"storage_busy"/);
    const lock = await foreignLock(hedgerow.server.database);
    const again = page.getByRole("button", { name: /Check/ });
    await again.click();
    await expect(rowOf(page, "Writing")).toContainText("Not right", { timeout: 15_000 });
    await expect(page.getByRole("status").filter({ hasText: "1 problem" })).toBeVisible();
    await lock.letGo();
    await again.click();
    await expect(rowOf(page, "Writing")).toContainText("Good");
  });
});

test("a strange clock and an old page are told apart from what is broken", async ({
  hedgerow,
  page,
}) => {
  await page.addInitScript(() => {
    const real = Date.now.bind(Date);
    Date.now = () => real() + 3_600_000;
  });
  await makeOlder(page, hedgerow.server);
  await page.signIn("viewer");
  await page.getByRole("link", { name: "Health", exact: true }).click();
  await expect(rowOf(page, "Clock of this machine")).toContainText("1 h ahead of the server's");
  await expect(rowOf(page, "Clock of this machine")).toContainText("Mind this");
  await expect(rowOf(page, "Version of this page")).toContainText("Reload the page.");
});

test("health is asked for by who is signed in, and reports are bounded", async ({ hedgerow }) => {
  const { server } = hedgerow;
  const stranger = { status: 401, code: "session_missing", layer: 5 };
  await server.stranger().refused(stranger, "GET", "/api/health/");
  const viewer = await server.as("viewer");
  const invalid = { status: 400, code: "invalid", layer: 2 };
  for (const body of [
    { code: "internal_fault", view: "x" },
    { code: "view_fault" },
    { code: "view_fault", view: "x", detail: "x".repeat(4_001) },
  ])
    await viewer.refused(invalid, "POST", "/api/client-reports/", { body });
  for (let report = 0; report < 60; report += 1)
    await viewer.must("POST", "/api/client-reports/", {
      body: { code: "view_fault", view: `view ${report}`, detail: "Bearer abcdefghijklmnop" },
    });
  const { faults } = await viewer.health();
  expect(faults, "those of pages leave room for the server's own").toHaveLength(25);
  expect(faults[0]?.place).toContain("view 59");
  const last = { code: "view_fault", view: "view 59", detail: "Bearer abcdefghijklmnop" };
  await viewer.must("POST", "/api/client-reports/", { body: last });
  expect((await viewer.health()).faults[0]).toMatchObject({ place: faults[0]?.place, times: 2 });
  expect(faults[0]?.detail).not.toContain("abcdefghijklmnop");
});

test("layer 1: a page whose script breaks before it stands says so to the person and to System health", async ({
  hedgerow,
  page,
}) => {
  await page.signIn("viewer");
  page.allow(/no channel today/);
  await page.addInitScript(() => {
    globalThis.BroadcastChannel = class {
      constructor() {
        throw new Error("no channel today");
      }
    } as never;
  });
  await page.goto(page.at("/fabrics/"));
  await expect(page.getByRole("heading", { name: "script has not started" })).toBeVisible();
  const viewer = await hedgerow.server.as("viewer");
  const latest = async () => (await viewer.health()).faults[0];
  await expect.poll(latest).toMatchObject({
    code: "boot_failed",
    layer: 1,
    place: expect.stringContaining("/fabrics/"),
    detail: expect.stringContaining("no channel today"),
  });
});
