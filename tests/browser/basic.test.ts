// The pages without script: the same work, by plain forms, in a browser whose scripts are off.
import type { Page } from "@playwright/test";
import { expectExecutedOnce } from "../support/executed";
import { expect, test } from "../support/fixtures";
import { foreignLock } from "../support/foreign_lock";
import { heldRun, slowServers } from "../support/gate";
import { networkLines, type PersonPage } from "../support/person";
import { passwords, patient, type TestServer } from "../support/server";
import type { Role } from "../support/types";

test.use({ javaScriptEnabled: false });

async function fillIn(page: Page, role: Role): Promise<void> {
  await page.getByLabel("User name").fill(role);
  await page.getByLabel("Password").fill(passwords[role]);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function open(page: PersonPage, role: Role): Promise<void> {
  await page.goto(page.at("/basic/"));
  await fillIn(page, role);
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
}

// To ask moves nothing.
const idleEnds = async (page: Page, { url }: TestServer) => {
  const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`);
  const headers = { Cookie: cookies.join("; ") };
  const answer = await fetch(new URL("/api/session/", url), { headers });
  return Date.parse(((await answer.json()) as { idle_ends: string }).idle_ends);
};

const rowOf = (page: Page, kind: string) =>
  page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: kind, exact: true }) });

const counted = "48 created, 0 changed, 0 unchanged, 0 removed";

test("1: without scripts, one click on Sync from Fabric is one run, and its counts stand there after a reload", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster, name: "<b>lab</b> & co" });
  await page.goto(page.at("/"));
  await page.getByRole("link", { name: "the basic pages" }).first().click();
  await fillIn(page, "operator");
  await page.getByRole("link", { name: "<b>lab</b> & co" }).click();
  await expect(page.getByText("not measured").first()).toBeVisible();
  await page.getByRole("button", { name: "Sync from Fabric" }).click();
  await expect(page.getByRole("heading", { name: /^Run \d+$/ })).toBeVisible();
  await expect(page.getByText(counted)).toBeVisible();
  await expect(page.getByText("succeeded").first()).toBeVisible();
  await page.reload();
  await expect(page.getByText(counted)).toBeVisible();
  await page.getByRole("link", { name: "<b>lab</b> & co" }).click();
  await expect(page.getByRole("row", { name: /Run \d+ Sync from Fabric succeeded/ })).toBeVisible();
  await page.goBack();
  await page.goForward();
  await expectExecutedOnce(hedgerow, cluster, fabric);
});

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  test("1: the page of a run loads itself again until it has ended", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await open(page, "operator");
    await page.getByRole("link", { name: fabric.name }).click();
    await gate.rule(slowServers);
    await page.getByRole("button", { name: "Sync from Fabric" }).click();
    await expect(page.getByText(/Sync from Fabric: running/)).toBeVisible();
    await gate.dropAll();
    await expect(page.getByText(counted)).toBeVisible();
    await expect(page.locator('meta[http-equiv="refresh"]')).toHaveCount(0);
  });

  test("whoever wants the page of a run to stand still can have that, and loads it again by hand", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const run = await heldRun(gate, await hedgerow.server.as("operator"), fabric.id);
    await open(page, "viewer");
    const refresh = page.locator('meta[http-equiv="refresh"]');
    for (const path of [`/basic/fabrics/${fabric.id}/`, `/basic/runs/${run.id}/`]) {
      await page.goto(page.at(path));
      await expect(refresh).toHaveCount(1);
      await page.getByRole("link", { name: "Stop that" }).click();
      await expect(page.getByText("This page does not load itself again.")).toBeVisible();
      await expect(refresh).toHaveCount(0);
      await page.getByRole("link", { name: "Let it load itself every 3 s" }).click();
      await expect(refresh).toHaveCount(1);
      await page.getByRole("link", { name: "Stop that" }).click();
    }
    await gate.dropAll();
    await (await hedgerow.server.as("viewer")).ended(run.id);
    await expect(page.getByText("This page does not load itself again.")).toBeVisible();
    await page.getByRole("link", { name: "Load again" }).click();
    await expect(page.getByText(counted)).toBeVisible();
  });
});

test.describe("with a session that ends soon", () => {
  test.use({ settings: { ...patient, "sessions.idle": "6s" } });

  test("whoever reads stays signed in, and a page that only loads itself is signed out", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const run = await heldRun(gate, await hedgerow.server.as("operator"), fabric.id);
    await open(page, "viewer");
    const end = await idleEnds(page, hedgerow.server);
    await expect
      .poll(async () => {
        await page.getByRole("link", { name: "Fabrics" }).click();
        await page.getByRole("link", { name: fabric.name }).click();
        await expect(page.getByRole("heading", { name: fabric.name })).toBeVisible();
        return Date.now() > end + 1_000;
      })
      .toBe(true);
    page.allow(networkLines);
    await page.goto(page.at(`/basic/runs/${run.id}/`));
    await expect(page.getByText("This page loads itself again every 3 s.")).toBeVisible();
    await expect(page).toHaveURL(/\?loads=by-itself$/);
    await expect(page.getByText(/Layer 3 .* session_expired/)).toBeVisible();
    await gate.dropAll();
    await fillIn(page, "viewer");
    await page.getByRole("link", { name: fabric.name }).click();
    await expect(page.getByText(/^As of .* Reload to update\.$/)).toBeVisible();
    const links = await page
      .getByRole("link")
      .evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    expect(links.filter((to) => to?.includes("by-itself"))).toEqual([]);
  });

  test("reading goes on while nothing can be written, and moves the end again once it can", async ({
    hedgerow,
    page,
  }) => {
    await open(page, "viewer");
    const before = await idleEnds(page, hedgerow.server);
    const lock = await foreignLock(hedgerow.server.database);
    const read = async () => {
      await page.goto(page.at("/basic/"));
      await expect(page.getByRole("heading", { name: "Fabrics" })).toBeVisible();
      return Date.now();
    };
    // A third of the way to its end is late enough to be written.
    await expect.poll(read).toBeGreaterThan(before - 4_000);
    expect(await idleEnds(page, hedgerow.server)).toBe(before);
    await lock.letGo();
    await read();
    expect(await idleEnds(page, hedgerow.server)).toBeGreaterThan(before);
  });
});

test("a wrong password leaves the typed name in the form, and never the password", async ({
  page,
}) => {
  await page.goto(page.at("/basic/"));
  page.allow(networkLines);
  const odd = `"><b>o'perator</b> & co`;
  await page.getByLabel("User name").fill(odd);
  await page.getByLabel("Password").fill("a wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText(/Layer 5 .* bad_credentials/)).toBeVisible();
  await expect(page.getByLabel("User name")).toHaveValue(odd);
  await expect(page.getByLabel("Password")).toHaveValue("");
  expect(await page.content()).not.toContain("a wrong password");
  await fillIn(page, "viewer");
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
});

test("1: a session that ended before the click asks to sign in, and the click happens once", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await open(page, "operator");
  await page.getByRole("link", { name: fabric.name }).click();
  page.allow(networkLines);
  await hedgerow.endSessionsOf("operator");
  await page.getByRole("button", { name: "Sync from Fabric" }).click();
  await expect(page.getByText(/Layer 3 .* session_expired/)).toBeVisible();
  await expect(
    page.getByText("After you sign in, Sync from Fabric is finished once."),
  ).toBeVisible();
  expect(cluster.lists("connections")).toBe(0);
  await page.getByLabel("User name").fill("operator");
  await page.getByLabel("Password").fill("a wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText(/Layer 5 .* bad_credentials/)).toBeVisible();
  await expect(page.getByLabel("User name")).toHaveValue("operator");
  await fillIn(page, "operator");
  await expect(page.getByText(counted)).toBeVisible();
  await page.reload();
  await expectExecutedOnce(hedgerow, cluster, fabric);
});

test("1: somebody else who signs in does not send the waiting click", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await open(page, "operator");
  await page.getByRole("link", { name: fabric.name }).click();
  page.allow(networkLines);
  await hedgerow.endSessionsOf("operator");
  await page.getByRole("button", { name: "Sync from Fabric" }).click();
  await fillIn(page, "administrator");
  await expect(page.getByRole("heading", { name: fabric.name })).toBeVisible();
  expect(cluster.lists("connections")).toBe(0);
  const api = await hedgerow.server.as("viewer");
  expect((await api.fabric(fabric.id)).recent_runs).toEqual([]);
});

test("1: a viewer is told what is missing, and a forged form is refused on its layer", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await open(page, "viewer");
  await page.getByRole("link", { name: fabric.name }).click();
  await expect(page.getByText("Sync from Fabric needs the permission fabric.sync")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sync from Fabric" })).toHaveCount(0);
  const viewer = await hedgerow.server.as("viewer");
  const operator = await hedgerow.server.as("operator");
  const own = new URL(hedgerow.server.url).origin;
  const form = async (cookie: string, token: string, origin: string, body = "") => {
    const answer = await fetch(new URL(`/basic/fabrics/${fabric.id}/sync/`, own), {
      method: "POST",
      redirect: "manual",
      headers: {
        ...(cookie && { Cookie: cookie }),
        Origin: origin,
        "Content-Type": "application/x-www-form-urlencoded",
      },
      body: body || `csrf=${encodeURIComponent(token)}&key=0123456789abcdef&asker=viewer`,
    });
    return { answer, text: await answer.text() };
  };
  const refusals = [
    [await form(viewer.cookie, viewer.csrf ?? "", own), 403, /Layer 6 .* forbidden/],
    [await form(operator.cookie, viewer.csrf ?? "", own), 403, /Layer 4 .* csrf_stale/],
    [
      await form(operator.cookie, operator.csrf ?? "", "https://evil.example"),
      403,
      /origin_refused/,
    ],
    [await form("", "", own), 401, /Layer 5 .* session_missing/],
    [await form(operator.cookie, "", own, "csrf=a&csrf=b&key=0123456789abcdef"), 400, /invalid/],
    [await form(operator.cookie, "", own, "csrf=%zz"), 400, /bad_request/],
  ] as const;
  for (const [{ answer, text }, status, words] of refusals) {
    expect(text).toMatch(words);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("Content-Type")).toContain("text/html");
  }
  expect(cluster.lists("connections")).toBe(0);
  expect((await viewer.fabric(fabric.id)).recent_runs).toEqual([]);
});

test("the page of a run says how many tries a kind took, where it was more than one", async ({
  hedgerow,
  cluster,
  gate,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  await gate.rule({
    name: "once",
    match: { path: "/servers$" },
    times: 1,
    action: { answer: { status: 503 } },
  });
  const run = await (await hedgerow.server.as("operator")).pull(fabric.id);
  await open(page, "viewer");
  await page.goto(page.at(`/basic/runs/${run.id}/`));
  await expect(rowOf(page, "Server")).toContainText("2 tries");
  await expect(rowOf(page, "Connection")).not.toContainText("tries");
});

test("a kind that was not read has no number of objects, and one without any has 0", async ({
  hedgerow,
  cluster,
  gate,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  await gate.rule({
    name: "refused",
    match: { path: "/servers$" },
    action: { answer: { status: 403 } },
  });
  const operator = await hedgerow.server.as("operator");
  const run = await operator.pull(fabric.id);
  await open(page, "viewer");
  const objects = async (kind: string, id: number) => {
    await page.goto(page.at(`/basic/runs/${id}/`));
    return rowOf(page, kind).getByRole("cell").nth(1);
  };
  await expect(await objects("Server", run.id)).toHaveText("not read");
  await expect(await objects("Server", run.id)).not.toContainText("0");
  await expect(await objects("ExternalPeering", run.id)).toHaveText(/^\d+$/);
  await gate.dropAll();
  const again = await operator.pull(fabric.id);
  await expect(await objects("Server", again.id)).toHaveText(/^[1-9]\d*$/);
});

test("47: the tables name their columns and rows to whoever does not see them", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const run = await (await hedgerow.server.as("operator")).pull(fabric.id);
  await open(page, "viewer");
  const heads = async (path: string) => {
    await page.goto(page.at(path));
    return await page.getByRole("columnheader").allInnerTexts();
  };
  expect(await heads("/basic/")).toEqual(["Fabric", "State", "What it means"]);
  await expect(page.getByRole("rowheader", { name: fabric.name })).toBeVisible();
  expect(await heads(`/basic/fabrics/${fabric.id}/`)).toEqual([
    "Run",
    "Operation",
    "State",
    "What it did",
    "Ended",
  ]);
  await expect(page.getByRole("rowheader", { name: `Run ${run.id}` })).toBeVisible();
  expect(await heads(`/basic/runs/${run.id}/`)).toEqual([
    ...["Layer", "State", "What was seen"],
    ...["Kind", "State", "Objects", "Tries", "Why"],
  ]);
  await expect(page.getByRole("rowheader", { name: "Server", exact: true })).toBeVisible();
});

test("signing out on a basic page ends the session, and Back shows nothing", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster, name: "members only" });
  await open(page, "viewer");
  await page.getByRole("link", { name: fabric.name }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByLabel("User name")).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText("members only")).toHaveCount(0);
});
