// One event stream for all tabs of a browser, by a worker that they share, and how each goes on when there is no worker.
import type { CDPSession } from "@playwright/test";
import { expect, test, type Hedgerow } from "../support/fixtures";
import { live, watchLamp } from "../support/lamp";
import { makeOlder } from "../support/older_page";
import { networkLines, type PersonPage } from "../support/person";
import type { Fabric } from "../support/types";

const created = "Sync from Fabric succeeded: 48 created";

// As the server counts them.
async function openStreams(hedgerow: Hedgerow): Promise<number> {
  const viewer = await hedgerow.server.as("viewer");
  return (await viewer.health()).streams;
}

const expectStreams = (hedgerow: Hedgerow, count: number, why: string) =>
  expect.poll(() => openStreams(hedgerow), { message: why, timeout: 20_000 }).toBe(count);

async function twoLiveTabs(page: PersonPage, fabric: Fabric): Promise<PersonPage> {
  await page.signIn("operator").open(fabric);
  const second = await page.otherTab();
  await second.openFabric(fabric);
  for (const tab of [page, second]) await expect(live(tab)).toBeVisible();
  return second;
}

// What somebody else starts reaches all of them, and they stay live.
async function expectSeen(
  hedgerow: Hedgerow,
  fabric: Fabric,
  tabs: readonly PersonPage[],
): Promise<void> {
  await (await hedgerow.server.as("operator")).pull(fabric.id);
  for (const tab of tabs) {
    await expect(tab.watched()).toContainText(created);
    await expect(live(tab)).toBeVisible();
  }
}

// The worker as the browser's own tools reach it.
class Tools {
  private asked = 0;

  private constructor(private readonly cdp: CDPSession) {}

  static async of(page: PersonPage): Promise<Tools> {
    const cdp = await page.context().browser()?.newBrowserCDPSession();
    if (!cdp) throw new Error("This browser has no tools.");
    return new Tools(cdp);
  }

  async workers(url: string): Promise<string[]> {
    const { targetInfos } = await this.cdp.send("Target.getTargets");
    return targetInfos
      .filter((it) => it.type === "shared_worker" && it.url.startsWith(new URL("/", url).href))
      .map((it) => it.targetId);
  }

  async kill(url: string): Promise<void> {
    for (const targetId of await this.workers(url))
      await this.cdp.send("Target.closeTarget", { targetId });
  }

  // Stops the worker between two steps of its script, as a browser that puts it to sleep does. Gives what wakes it.
  async freeze(url: string): Promise<() => Promise<void>> {
    const [targetId] = await this.workers(url);
    if (targetId === undefined) throw new Error("There is no worker.");
    const { sessionId } = await this.cdp.send("Target.attachToTarget", {
      targetId,
      flatten: false,
    });
    const paused = new Promise<void>((resolve) => {
      this.cdp.on("Target.receivedMessageFromTarget", ({ message }) => {
        if (message.includes("Debugger.paused")) resolve();
      });
    });
    const tell = async (method: string) => {
      this.asked += 1;
      const message = JSON.stringify({ id: this.asked, method });
      await this.cdp.send("Target.sendMessageToTarget", { sessionId, message });
    };
    await tell("Debugger.enable");
    await tell("Debugger.pause");
    await paused;
    return async () => {
      await tell("Debugger.disable");
      await this.cdp.send("Target.detachFromTarget", { sessionId });
    };
  }
}

test("ten tabs are live by one stream, each sees what changes and answers clicks, whichever is closed", async ({
  hedgerow,
  cluster,
  page,
}) => {
  test.slow();
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  const tabs = [page];
  while (tabs.length < 10) tabs.push(await page.otherTab());
  for (const tab of tabs.slice(1)) await tab.openFabric(fabric);
  for (const tab of tabs) await expect(live(tab)).toBeVisible();
  await expectStreams(hedgerow, 1, "streams of ten tabs");
  const operator = await hedgerow.server.as("operator");
  await operator.pull(fabric.id);
  for (const tab of tabs) await expect(tab.watched()).toContainText(created);
  await page.close();
  await operator.pull(fabric.id);
  for (const tab of tabs.slice(1)) {
    await expect(tab.watched()).toContainText("48 unchanged");
    await tab.getByRole("link", { name: "Objects", exact: true }).click();
    await expect(tab.getByRole("link", { name: "leaf-01", exact: true })).toBeVisible();
  }
  await expectStreams(hedgerow, 1, "streams of nine tabs");
  for (const tab of tabs.slice(1)) await tab.close();
  await expectStreams(hedgerow, 0, "streams when all tabs are closed");
});

test("tabs of several fabrics share the stream, and one that leaves takes its topics along", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const one = await hedgerow.fabric({ cluster });
  const other = await (await hedgerow.server.as("administrator")).addFabric("not set up");
  const topics = async () =>
    new URLSearchParams((await frontGate.requests("GET", "/api/events/$")).at(-1)?.query ?? "").get(
      "topics",
    );
  await page.signIn("operator").open(one);
  const second = await page.otherTab();
  await second.openFabric(other);
  await expect.poll(topics).toBe(`fabric/${one.id},fabric/${other.id}`);
  await expectStreams(hedgerow, 1, "streams of two tabs");
  await second.close();
  await expect.poll(topics).toBe(`fabric/${one.id}`);
  await expect(live(page)).toBeVisible();
});

test("a worker that dies is noticed: every tab goes on, and they share again", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const tools = await Tools.of(page);
  const second = await twoLiveTabs(page, fabric);
  const [killed] = await tools.workers(page.url());
  await tools.kill(page.url());
  await expect.poll(() => tools.workers(page.url())).not.toContain(killed);
  await expectSeen(hedgerow, fabric, [page, second]);
  await expect.poll(() => tools.workers(page.url()), { timeout: 20_000 }).toHaveLength(1);
  await expectStreams(hedgerow, 1, "streams of two tabs with a new worker");
});

test("while the worker stands still each tab follows by itself, and shares again when it goes on", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const tools = await Tools.of(page);
  const second = await twoLiveTabs(page, fabric);
  const wake = await tools.freeze(page.url());
  await expectStreams(hedgerow, 3, "that of the worker, and one of each tab");
  await expectSeen(hedgerow, fabric, [page, second]);
  await wake();
  await expectStreams(hedgerow, 1, "that of the worker");
  for (const tab of [page, second]) await expect(live(tab)).toBeVisible();
});

// What the worker says to this page waits while `hold` is on, as for a page that its browser puts to sleep.
function holdable(): void {
  const waiting: (() => void)[] = [];
  let held = false;
  const Real = SharedWorker;
  globalThis.SharedWorker = class extends Real {
    constructor(...words: ConstructorParameters<typeof SharedWorker>) {
      super(...words);
      const { port } = this;
      const listen = (hear: (event: MessageEvent) => void) => {
        port.addEventListener("message", (event) => {
          if (held) waiting.push(() => hear(event));
          else hear(event);
        });
        port.start();
      };
      Object.defineProperty(port, "onmessage", { set: listen });
    }
  };
  const hold = (is: boolean) => {
    held = is;
    for (const hear of is ? [] : waiting.splice(0)) hear();
  };
  Object.assign(globalThis, { hold, heldBack: () => waiting.length });
}

test.describe("with a lamp that waits 3 s for a heartbeat", () => {
  test.use({ settings: { "page.live": "3s", "page.worker": "1m" } });

  test("heartbeats that a sleeping tab finds when it wakes do not light its lamp", async ({
    hedgerow,
    cluster,
    page,
    frontGate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.addInitScript(holdable);
    const hold = (is: boolean) =>
      page.evaluate(
        (it) => (globalThis as unknown as { hold: (is: boolean) => void }).hold(it),
        is,
      );
    const heldBack = () =>
      page.evaluate(() => (globalThis as unknown as { heldBack: () => number }).heldBack());
    await page.signIn("viewer").open(fabric);
    page.allow(networkLines);
    await expect(live(page)).toBeVisible();
    await hold(true);
    await expect.poll(heldBack).toBeGreaterThan(0);
    const asked = async () => (await frontGate.requests("GET", "/api/events/$")).length;
    const before = await asked();
    const match = { path: "/api/events/$" };
    await frontGate.rule({ name: "gone", match, action: { black_hole: true } });
    await frontGate.closeConnections();
    // The worker gives its first new stream up after 3 s: by then all that is held back is older.
    await expect.poll(asked, { timeout: 20_000 }).toBeGreaterThan(before + 1);
    await expect(page.getByText(/^Not live since/)).toBeVisible();
    const said = await watchLamp(page);
    await hold(false);
    await expect.poll(asked, { timeout: 20_000 }).toBeGreaterThan(before + 2);
    expect((await said()).filter((word) => word.endsWith("Live"))).toEqual([]);
    await frontGate.dropAll();
    await expect(live(page)).toBeVisible({ timeout: 20_000 });
  });
});

test("a browser without such workers has a stream for each tab, which a tab out of sight closes", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.context().addInitScript(() => {
    Reflect.deleteProperty(globalThis, "SharedWorker");
    let hidden = false;
    Object.defineProperty(document, "hidden", { get: () => hidden });
    Object.assign(globalThis, {
      hide: (is: boolean) => {
        hidden = is;
        document.dispatchEvent(new Event("visibilitychange"));
      },
    });
  });
  const hide = (tab: PersonPage, is: boolean) =>
    tab.evaluate((hidden) => {
      (globalThis as unknown as { hide: (is: boolean) => void }).hide(hidden);
    }, is);
  const second = await twoLiveTabs(page, fabric);
  await expectStreams(hedgerow, 2, "one for each tab");
  await hide(second, true);
  await expectStreams(hedgerow, 1, "that of the tab in sight");
  await (await hedgerow.server.as("operator")).pull(fabric.id);
  await expect(page.watched()).toContainText(created);
  await hide(second, false);
  await expect(second.watched()).toContainText(created);
  await expect(live(second)).toBeVisible();
  await expectStreams(hedgerow, 2, "one for each tab");
});

test("a worker whose script does not come is done without until it does", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const tools = await Tools.of(page);
  page.allow(networkLines);
  await frontGate.rule({
    name: "no worker",
    match: { path: "stream_worker" },
    action: { answer: { status: 404, body: "not found" } },
  });
  await page.signIn("operator").open(fabric);
  const second = await page.otherTab();
  second.allow(networkLines);
  await second.openFabric(fabric);
  for (const tab of [page, second]) await expect(live(tab)).toBeVisible();
  await expectStreams(hedgerow, 2, "one for each tab");
  await (await hedgerow.server.as("operator")).pull(fabric.id);
  for (const tab of [page, second]) await expect(tab.watched()).toContainText(created);
  await frontGate.dropAll();
  await expectStreams(hedgerow, 1, "that of the worker");
  expect(await tools.workers(page.url())).toHaveLength(1);
  for (const tab of [page, second]) await expect(live(tab)).toBeVisible();
});

test("signing out closes the stream of all tabs, and whoever signs in next has a new one", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("operator").open(fabric);
  const second = await page.otherTab();
  for (const tab of [page, second]) tab.allow(networkLines);
  await second.openFabric(fabric);
  for (const tab of [page, second]) await expect(live(tab)).toBeVisible();
  await page.getByRole("button", { name: "operator" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(second.getByText(/^Not live since/)).toBeVisible();
  await expectStreams(hedgerow, 0, "streams of nobody");
  await page.signIn("viewer").open(fabric);
  for (const tab of [page, second]) await expect(live(tab)).toBeVisible();
  await expect(second.getByRole("button", { name: "viewer" })).toBeVisible();
  await expectStreams(hedgerow, 1, "that of the viewer");
  await (await hedgerow.server.as("operator")).pull(fabric.id);
  for (const tab of [page, second]) await expect(tab.watched()).toContainText(created);
});

test("a page of before an upgrade and one of after it have a worker each", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const tools = await Tools.of(page);
  await makeOlder(page, hedgerow.server);
  await twoLiveTabs(page, fabric);
  expect(await tools.workers(page.url())).toHaveLength(2);
  await expectStreams(hedgerow, 2, "one for each version");
});

test.describe("below a base path", () => {
  test.use({ settings: { "http.base_path": "/net/hedgerow" } });

  test("the worker is found and finds the server", async ({ page }) => {
    const tools = await Tools.of(page);
    await page.signIn("viewer");
    const second = await page.otherTab();
    await second.goto(second.at("/health/"));
    for (const tab of [page, second]) await expect(live(tab)).toBeVisible();
    expect(await tools.workers(page.url())).toHaveLength(1);
    await second.getByRole("button", { name: /Check/ }).click();
    await expect(second.getByText("1 event stream open")).toBeVisible();
  });
});
