// Ways into the application: deep links, roles, and what every screen owes to everybody.
import type { Locator } from "@playwright/test";
import { routes } from "../support/contract";
import type { Api } from "../support/api";
import { expect, fieldsOf, test, type Hedgerow, type OwnNamespace } from "../support/fixtures";
import { heldRun } from "../support/gate";
import { networkLines, type PersonPage } from "../support/person";
import { patient, type Settings } from "../support/server";
import type { Fabric, Problem } from "../support/types";
import { look } from "./look";
import { expectClean, expectInSight, longBut, seenBy, sights } from "./sights";
import { layTrouble } from "./trouble";

test("22: a deep link leads, after sign-in, to exactly that address with its filters", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await (await hedgerow.server.as("operator")).pull(fabric.id);
  const path =
    `/fabrics/${fabric.id}/objects/?q=leaf&kind=wiring.githedgehog.com%2FSwitch` +
    `&presence=any&ordering=-name`;
  await page.goto(page.at(path));
  await expect(page).toHaveURL(/\/sign-in\/\?next=/);
  await page.signIn("viewer");
  await expect(page.getByRole("table", { name: "Objects" })).toBeVisible();
  const { pathname, searchParams } = new URL(page.url());
  expect(pathname).toBe(`/fabrics/${fabric.id}/objects/`);
  expect(Object.fromEntries(searchParams)).toEqual(
    Object.fromEntries(new URL(path, page.url()).searchParams),
  );
  const names = await page.getByRole("row").getByRole("link").allInnerTexts();
  expect(names.length).toBeGreaterThan(0);
  expect(names).toEqual([...names].sort().reverse());
  for (const name of names) expect(name).toContain("leaf");
});

for (const next of [
  "//evil.example/",
  "/\\evil.example/",
  "https://evil.example/",
  "/\t/evil.example/",
])
  test(`22: next=${next} leads to the start page`, async ({ page }) => {
    await page.goto(page.at(`/sign-in/?next=${encodeURIComponent(next)}`));
    await page.signIn("viewer");
    await expect(page).toHaveURL(page.at("/fabrics/"));
  });

test("23: without a session a browser too gets 401 as data from every route, and no redirect", async ({
  page,
}) => {
  const closed = routes.filter(
    ({ path, operation }) => path.startsWith("/api/") && !operation.security,
  );
  await page.goto(page.at("/sign-in/"));
  page.allow(networkLines);
  const asked = closed.map(({ method, path }) => ({ method, path: path.replace("{id}", "1") }));
  const answers = await page.evaluate(async (all) => {
    const told: string[] = [];
    for (const { method, path } of all)
      for (const Accept of ["application/json", "text/html,application/xhtml+xml", "*/*"]) {
        const answer = await fetch(path, { method, headers: { Accept }, redirect: "manual" });
        const { code } = (await answer.json()) as { code: string };
        const type = answer.headers.get("Content-Type");
        told.push(`${method} ${path}: ${answer.type} ${answer.status} ${type} ${code}`);
      }
    return told;
  }, asked);
  expect(answers.length).toBeGreaterThan(60);
  const wanted = "basic 401 application/problem+json session_missing";
  expect(answers.filter((it) => !it.endsWith(`: ${wanted}`))).toEqual([]);
  await page.signIn("viewer");
});

test.describe("while a run goes on", () => {
  test.use({ settings: patient });

  test("a viewer sees Cancel run locked, and it can be pressed once the right is there", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const run = await heldRun(gate, await hedgerow.server.as("operator"), fabric.id);
    await page.signIn("viewer");
    await page.goto(page.at(`/runs/${run.id}/`));
    const cancel = page.getByRole("button", { name: "Cancel run" });
    await expect(cancel).toContainText("needs fabric.sync");
    await cancel.click();
    const why = page.getByRole("dialog", { name: "Cancel run is locked" });
    await expect(why).toContainText(`You may not stop Sync from Fabric of ${fabric.name}.`);
    await expect(why).toContainText("Layer 6 Permission · forbidden");
    await page.keyboard.press("Escape");
    const administrator = await hedgerow.server.as("administrator");
    await administrator.giveRole("viewer", "operator");
    await expect(cancel).not.toContainText("needs");
    await cancel.click();
    await expect(page.getByText("cancelled, layer 8")).toBeVisible();
    await gate.dropAll();
    await administrator.pull(fabric.id);
  });
});

test("F01: 25: a viewer sees Sync from Fabric locked, is told which right is missing, and a forged click is refused", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await page.signIn("viewer").open(fabric);
  const locked = page.getByRole("button", { name: /Sync from Fabric/ });
  await expect(locked).toContainText("needs fabric.sync");
  await locked.click();
  await expect(
    page.getByText(/You may not run Sync from Fabric on .*It needs fabric\.sync/),
  ).toBeVisible();
  const why = page.getByRole("dialog", { name: "Sync from Fabric is locked" });
  await expect(why).toContainText("An administrator can grant it.");
  await expect(why).toContainText("Layer 6 Permission · forbidden");
  page.allow(networkLines);
  const forged = await page.evaluate(async (path) => {
    const session = (await (await fetch("/api/session/")).json()) as { csrf_token: string };
    const headers = {
      "Content-Type": "application/json",
      "Idempotency-Key": "forged-0123456789abcdef",
      "X-CSRF-Token": session.csrf_token,
    };
    const body = JSON.stringify({ operation: "pull" });
    const answer = await fetch(path, { method: "POST", headers, body });
    return { status: answer.status, problem: (await answer.json()) as Problem };
  }, `/api/fabrics/${fabric.id}/runs/`);
  expect(forged).toMatchObject({ status: 403, problem: { code: "forbidden", layer: 6 } });
  expect(forged.problem.detail).toMatch(
    new RegExp(`fabric\\.sync.*${fabric.name}|${fabric.name}.*fabric\\.sync`),
  );
  expect(cluster.lists("connections")).toBe(0);
  const operator = await hedgerow.server.as("operator");
  expect((await operator.pull(fabric.id)).counts.created, "who may, still can").toBe(48);
});

// ---- 5: names and ids

interface Place {
  administrator: Api;
  cluster: OwnNamespace;
  fabric: Fabric;
  // Of which the record says every trouble that a page has words for.
  troubled: Fabric;
}

const screens: Record<string, (page: PersonPage, place: Place) => Promise<void>> = {
  fabrics: async (page) => {
    await page.goto(page.at("/fabrics/"));
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  },
  "add fabric, by kubeconfig": async (page) => {
    await page.goto(page.at("/fabrics/add/"));
    await expect(page.getByRole("heading", { name: "Add a fabric" })).toBeVisible();
  },
  "add fabric, by fields": async (page) => {
    await page.goto(page.at("/fabrics/add/"));
    await page.getByText("Separate fields").click();
    await expect(page.getByLabel("Server", { exact: true })).toBeVisible();
  },
  fabric: async (page, { fabric }) => {
    await page.goto(page.at(`/fabrics/${fabric.id}/`));
    await expect(page.watched()).toContainText("succeeded");
  },
  settings: async (page, { fabric }) => {
    await page.goto(page.at(`/fabrics/${fabric.id}/settings/`));
    await expect(page.getByLabel("Name", { exact: true })).toBeVisible();
  },
  objects: async (page, { fabric }) => {
    await page.goto(page.at(`/fabrics/${fabric.id}/objects/`));
    await expect(page.getByRole("table", { name: "Objects" })).toBeVisible();
  },
  "objects without a match": async (page, { fabric }) => {
    await page.goto(page.at(`/fabrics/${fabric.id}/objects/?q=leaf-99`));
    await expect(page.getByText(/No match/)).toBeVisible();
  },
  object: async (page) => {
    await page.goto(page.at("/objects/1/"));
    await expect(page.getByRole("tablist")).toBeVisible();
  },
  "object as YAML": async (page) => {
    await page.goto(page.at("/objects/1/?tab=yaml"));
    await expect(page.getByText("apiVersion")).toBeVisible();
  },
  "history of an object": async (page) => {
    await page.goto(page.at("/objects/1/?tab=history"));
    await expect(page.getByRole("table")).toBeVisible();
  },
  "the basic pages": (page, { fabric }) => onBasicPages(page, fabric, expectInSight),
  "the menu of the person": async (page) => {
    await page.goto(page.at("/fabrics/"));
    await page.getByRole("button", { name: "administrator" }).click();
    await expect(page.getByRole("menu")).toBeVisible();
  },
  "a filled ladder": async (page, { cluster }) => {
    await page.goto(page.at("/fabrics/add/"));
    await page.getByText("Separate fields").click();
    await page.getByLabel("Server", { exact: true }).fill("https://127.0.0.1:1");
    await page.getByLabel("CA certificate", { exact: true }).fill(cluster.connection.ca);
    await page.getByRole("textbox", { name: "Token", exact: true }).fill("a.token.of-nobody");
    await page.getByRole("button", { name: "Test connection" }).click();
    await expect(page.getByRole("list", { name: "What was measured" })).toContainText("refused");
  },
  "the dialog that deletes": async (page, { fabric }) => {
    await page.goto(page.at(`/fabrics/${fabric.id}/settings/`));
    await page.getByRole("button", { name: /^Delete/ }).click();
    await expect(page.getByRole("alertdialog")).toBeVisible();
  },
  run: async (page) => {
    await page.goto(page.at("/runs/1/"));
    await expect(page.layer(9)).toBeVisible();
  },
  "system health": async (page) => {
    await page.goto(page.at("/health/"));
    await expect(page.getByRole("table", { name: "Checks of the server" })).toBeVisible();
  },
  "no page at all": async (page) => {
    await page.goto(page.at("/nothing/here/"));
    await expect(page.getByText("There is no page at this address.")).toBeVisible();
  },
  "a run that was done in part": async (page) => {
    await page.goto(page.at("/runs/2/"));
    await expect(page.getByRole("button", { name: "Copy rule for Server" })).toBeVisible();
  },
  "another cluster, and one that was restored": async (page, { troubled }) => {
    await page.goto(page.at(`/fabrics/${troubled.id}/settings/`));
    for (const name of ["Confirm the new cluster", "Confirm that it was restored"])
      await expect(page.getByRole("button", { name })).toBeVisible();
  },
  "a fabric that is paused": async (page, { troubled }) => {
    await page.goto(page.at(`/fabrics/${troubled.id}/`));
    await expect(page.getByRole("button", { name: /^Resume/ })).toBeVisible();
  },
  // From here on the clicks stay above every page.
  "a click that was refused": async (page) => {
    await page.sync().click();
    await page.oneRed(8);
  },
  "a click that was refused, elsewhere": async (page) => {
    await page.getByRole("link", { name: "Objects", exact: true }).click();
    await page.getByRole("button", { name: "Show the nine layers" }).click();
    await page.oneRed(8);
  },
  "a click that waits": async (page, { fabric }) => {
    await page.route(/\/runs\/$/, (route) => route.abort("connectionrefused"));
    await page.goto(page.at(`/fabrics/${fabric.id}/`));
    await page.sync().click();
    await expect(page.getByRole("button", { name: "Try now" })).toBeVisible();
    await page.oneRed(2);
  },
  "a fabric that was deleted": async (page, { administrator }) => {
    const gone = await administrator.addFabric("gone lab");
    await page.openFabric(gone);
    await administrator.must("DELETE", `/api/fabrics/${gone.id}/?name=gone%20lab`);
    await expect(page.getByRole("heading", { name: "gone lab was deleted." })).toBeVisible();
  },
};

// One run that was done in part, and one fabric in trouble.
async function troubledPlace({ server }: Hedgerow, cluster: OwnNamespace): Promise<Place> {
  const administrator = await server.as("administrator");
  const shared = { ...fieldsOf(cluster.connection, cluster.namespace) };
  const [fabric, troubled] = await Promise.all(
    ["lab", "troubled lab"].map(async (name) => {
      const { id } = await administrator.addFabric(name, shared);
      return await administrator.editFabric(id, { shares_cluster: true });
    }),
  );
  if (!fabric || !troubled) throw new Error("There are two fabrics.");
  await administrator.pull(fabric.id);
  const { token } = await cluster.whole.reader(["servers"]);
  await administrator.editFabric(fabric.id, { cluster: { token } });
  expect(await administrator.pull(fabric.id)).toMatchObject({ id: 2, outcome: "partly" });
  await administrator.editFabric(fabric.id, { cluster: shared });
  await administrator.pull(fabric.id);
  await administrator.pull(troubled.id);
  await layTrouble(server, troubled);
  return { administrator, cluster, fabric, troubled };
}

test.describe("5: no id occurs twice and every control has a name", () => {
  test("on the sign-in page, also with a refusal", async ({ page }) => {
    page.allow(/401/);
    await page.goto(page.at("/sign-in/"));
    await page.getByLabel("User name").fill("operator");
    await page.getByLabel("Password", { exact: true }).fill("wrong");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByText("User name or password is wrong.")).toBeVisible();
    expect(await look(page)).toEqual({ doubled: [], violations: [] });
    await page.goto(page.at("/basic/"));
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    expect(await look(page)).toEqual({ doubled: [], violations: [] });
  });

  test("on the basic pages", async ({ hedgerow, cluster, page }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await (await hedgerow.server.as("operator")).pull(fabric.id);
    await page.signIn("operator");
    await onBasicPages(page, fabric, expectClean);
  });

  test.describe("while a run goes on", () => {
    test.use({ settings: patient });

    test("on the basic pages, which load themselves again until a person stops that", async ({
      hedgerow,
      cluster,
      gate,
      page,
    }) => {
      const fabric = await hedgerow.fabric({ cluster, through: gate });
      const run = await heldRun(gate, await hedgerow.server.as("operator"), fabric.id);
      await page.signIn("operator");
      // What the page asks for by itself is held, so that it stands still while it is looked at.
      await page.route(/loads=by-itself/, () => undefined);
      for (const path of [`/basic/runs/${run.id}/`, `/basic/fabrics/${fabric.id}/`]) {
        await page.goto(page.at(path));
        const stop = page.getByRole("link", { name: "Stop that" });
        await expect(stop).toBeVisible();
        // Without scripts a page can be kept up to date by no other means. The rule is there since it
        // could not be turned off (WCAG 2.2.1); here a link turns it off, and then nothing is found.
        const { doubled, violations } = await look(page);
        expect(doubled).toEqual([]);
        expect(violations).toEqual([expect.stringMatching(/^meta-refresh: /)]);
        await stop.click();
        await expect(page.getByText("This page does not load itself again.")).toBeVisible();
        await expectClean(page, path);
      }
      await gate.dropAll();
      await (await hedgerow.server.as("operator")).ended(run.id);
      await onBasicPages(page, fabric, expectClean);
    });
  });

  test("in the note behind a locked button", async ({ hedgerow, cluster, page }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("viewer").open(fabric);
    await page.getByRole("button", { name: /Sync from Fabric/ }).click();
    await expect(page.getByRole("dialog", { name: /is locked/ })).toBeVisible();
    expect(await look(page)).toEqual({ doubled: [], violations: [] });
  });

  test("in the dialog over an ended session", async ({ hedgerow, cluster, page }) => {
    const fabric = await hedgerow.fabric({ cluster });
    await page.signIn("operator").open(fabric);
    page.allow(/Failed to load resource/);
    await hedgerow.endSessionsOf("operator");
    await page.sync().click();
    await expect(page.getByRole("dialog")).toBeVisible();
    expect(await look(page)).toEqual({ doubled: [], violations: [] });
  });
});

async function onBasicPages(
  page: PersonPage,
  fabric: Pick<Fabric, "id">,
  expectThere: (page: PersonPage, path: string) => Promise<void>,
): Promise<void> {
  for (const path of ["/basic/", "/basic/runs/1/", `/basic/fabrics/${fabric.id}/`]) {
    await page.goto(page.at(path));
    await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
    await expectThere(page, path);
  }
}

for (const [how, sight] of Object.entries(sights))
  test(
    `47: every screen, ${how}, has no id twice, no violation and no sideways scroll`,
    { tag: longBut(how) },
    async ({ hedgerow, cluster, page }) => {
      test.slow();
      const place = await troubledPlace(hedgerow, cluster);
      await seenBy(page, sight);
      await page.signIn("administrator");
      page.allow(networkLines);
      for (const [name, open] of Object.entries(screens)) {
        await open(page, place);
        await expectInSight(page, name);
      }
    },
  );

for (const [how, sight] of Object.entries(sights))
  test(
    `47: what stands before and over the pages, ${how}, has no violation and no sideways scroll`,
    { tag: longBut(how) },
    async ({ hedgerow, cluster, page }) => {
      const fabric = await hedgerow.fabric({ cluster });
      await seenBy(page, sight);
      page.allow(/Failed to load|net::ERR/);
      await page.route("**/*.js", (route) => route.abort());
      await page.goto(page.at("/"));
      await expect(page.getByRole("heading", { name: /script has not started/ })).toBeVisible();
      await expectInSight(page, "the words without a script");
      await page.unroute("**/*.js");

      await page.goto(page.at("/sign-in/"));
      await expect(page.getByLabel("User name")).toBeVisible();
      await expectInSight(page, "sign-in");
      await page.getByLabel("User name").fill("operator");
      await page.getByLabel("Password", { exact: true }).fill("wrong");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await expect(page.getByText("User name or password is wrong.")).toBeVisible();
      await expectInSight(page, "sign-in, refused");

      await page.signIn("viewer").open(fabric);
      await page.getByRole("button", { name: /Sync from Fabric/ }).click();
      await expect(page.getByRole("dialog", { name: /is locked/ })).toBeVisible();
      await expectInSight(page, "the note of a locked button");
      await page.keyboard.press("Escape");

      await hedgerow.endSessionsOf("viewer");
      await page.getByRole("link", { name: "Objects", exact: true }).click();
      await page.getByRole("button", { name: "Sign in again" }).click();
      await expect(page.getByRole("dialog", { name: "Sign in to go on" })).toBeVisible();
      await expectInSight(page, "the dialog over an ended session");
      await page.signInHere("viewer");
      await expect(page.getByRole("dialog")).toHaveCount(0);
    },
  );

const warnings: Record<string, [Settings, (page: PersonPage) => Locator]> = {
  "no session lasts longer": [
    { "sessions.absolute": "11s" },
    (page) => page.getByRole("region", { name: "Session" }),
  ],
  "nobody has done anything": [
    { "sessions.idle": "12s" },
    (page) => page.getByRole("alertdialog", { name: "Are you still there?" }),
  ],
};
for (const [why, [settings, warningOn]] of Object.entries(warnings))
  test.describe(`with a session that ends soon, since ${why}`, () => {
    test.use({ settings });

    for (const [how, sight] of Object.entries(sights))
      test(
        `47: the warning, ${how}, has no violation and no sideways scroll`,
        { tag: longBut(how) },
        async ({ page }) => {
          await seenBy(page, sight);
          page.allow(networkLines);
          await page.signIn("viewer");
          await expect(warningOn(page)).toContainText(/You will be signed out in/);
          await expectInSight(page, "the warning");
          await expect(warningOn(page), "it was there all the time").toContainText(/You will be/);
        },
      );
  });

test("47: colours that a person chose stay theirs over a reload, whatever the system has", async ({
  page,
}) => {
  await page.signIn("viewer");
  const choose = async (name: string) => {
    await page.getByRole("button", { name: "viewer", exact: true }).click();
    await page.getByRole("menuitem", { name }).click();
  };
  const ground = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const systemHas = async (colorScheme: "light" | "dark") => {
    await page.emulateMedia({ colorScheme });
    return await ground();
  };
  const [dark, light] = [await systemHas("dark"), await systemHas("light")];
  expect(dark).not.toBe(light);
  const seen = async (colour: string) => {
    await expect.poll(ground).toBe(colour);
    await page.reload();
    await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
    expect(await ground()).toBe(colour);
    expect(await look(page)).toEqual({ doubled: [], violations: [] });
  };
  await choose("Colours: dark");
  await seen(dark);
  await choose("Colours: light");
  await systemHas("dark");
  await seen(light);
  await choose("Colours: as the system");
  await seen(dark);
});

test("47: in forced colours what is chosen can be told from what is not", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  await (await hedgerow.server.as("administrator")).pull(fabric.id);
  await page.emulateMedia({ forcedColors: "active" });
  await page.signIn("administrator");
  const paint = (of: Locator) =>
    of.evaluate((element) => {
      const { backgroundColor, borderBottomColor, borderBottomWidth } = getComputedStyle(element);
      return [backgroundColor, borderBottomColor, borderBottomWidth].join(" ");
    });
  const nav = page.getByRole("navigation", { name: "Main" });
  const [here, elsewhere] = ["Fabrics", "Health"].map((name) => nav.getByRole("link", { name }));
  if (here && elsewhere) expect(await paint(here)).not.toBe(await paint(elsewhere));
  await page.goto(page.at("/fabrics/add/"));
  const choice = (name: string) => page.locator(".choice", { hasText: name });
  expect(await paint(choice("Kubeconfig"))).not.toBe(await paint(choice("Later")));
  await page.goto(page.at("/objects/1/"));
  const tab = (selected: boolean) => page.getByRole("tab", { selected }).first();
  expect(await paint(tab(true))).not.toBe(await paint(tab(false)));
});
