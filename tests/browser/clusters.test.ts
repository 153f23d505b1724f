// What a person is told when the cluster, or the way to it, is not as it should be.
import { asPeopleHaveThem } from "../support/defaults";
import { expect, test } from "../support/fixtures";
import { blackHole, type BlackHole } from "../support/black_hole";
import type { Connection } from "../support/cluster";
import type { Gate, Rule } from "../support/gate";
import type { PersonPage } from "../support/person";
import { freePort } from "../support/server";
import { states } from "./seen_fault";

test("H01: 27: a connection test that failed an hour ago guards nothing: the click runs and reach turns green", async ({
  hedgerow,
  cluster,
  gate,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  const api = await hedgerow.server.as("operator");
  await gate.show("other-ca");
  const { run } = await api.start(fabric.id, "test");
  expect(await api.ended(run.id)).toMatchObject({
    outcome: "failed",
    code: "tls_untrusted",
    layer: 7,
  });
  const { server } = hedgerow;
  await server.restart(() =>
    server.record.change("UPDATE fabrics SET reach_as_of = reach_as_of - 3600000"),
  );
  await gate.show("good");
  await page.signIn("operator").open(fabric);
  const reach = page.getByRole("region", { name: "Can we reach it?" });
  await expect(reach).toContainText("Untrusted");
  await page.sync().click();
  await expect(page.watched()).toContainText("48 created");
  await expect(reach).toContainText("Reachable");
});

async function fillConnection(page: PersonPage, connection: Connection): Promise<void> {
  await page.goto(page.at("/fabrics/add/"));
  await page.getByText("Separate fields").click();
  await page.getByLabel("Server", { exact: true }).fill(connection.server);
  await page.getByLabel("CA certificate").fill(connection.ca);
  await page.getByRole("textbox", { name: "Token", exact: true }).fill(connection.token);
}

const holes: BlackHole[] = [];
test.afterEach(async () => {
  await Promise.all(holes.splice(0).map((it) => it.close()));
});

interface Way {
  server: (gate: Gate) => Promise<string>;
  says: RegExp;
}
const shown = (mode: Parameters<Gate["show"]>[0]) => async (gate: Gate) => {
  await gate.show(mode);
  return gate.url;
};
const ways: Record<string, Way> = {
  "a wrong name": {
    server: () => Promise.resolve("https://vlab.invalid:6443"),
    says: /vlab\.invalid.*(does not resolve|not be found|no address)/i,
  },
  "a closed port": {
    server: async () => `https://127.0.0.1:${await freePort()}`,
    says: /127\.0\.0\.1:\d+ refused the connection/,
  },
  "a black hole": {
    server: async () => {
      const hole = await blackHole();
      holes.push(hole);
      return `https://127.0.0.1:${hole.port}`;
    },
    says: /No answer from 127\.0\.0\.1:\d+|did not answer/,
  },
  "the wrong CA": { server: shown("other-ca"), says: /not signed by the CA/ },
  "the wrong name in the certificate": {
    server: shown("wrong-name"),
    says: /certificate.* is for .*127\.0\.0\.1/,
  },
  "a certificate that has ended": { server: shown("expired"), says: /certificate.*ended.*\d{4}/i },
};

test.describe("in the time that people were promised", () => {
  test.use({ settings: asPeopleHaveThem(/^(outbound|cluster|runs)\./) });
  for (const [what, { server, says }] of Object.entries(ways))
    test(`28: ${what} has its own message within 10 s`, async ({ cluster, gate, page }) => {
      await page.signIn("administrator");
      await fillConnection(page, { ...cluster.connection, server: await server(gate) });
      await page.getByRole("button", { name: "Test connection" }).click();
      const ladder = page.getByRole("list", { name: "What was measured" });
      await expect(ladder).toContainText(says, { timeout: 10_000 });
      await expect(ladder.locator('[data-rung="kinds"]')).toContainText("Not reached");
      // The cure: the right address.
      await page.getByLabel("Server", { exact: true }).fill(cluster.connection.server);
      await page.getByRole("button", { name: "Test connection" }).click();
      await expect(ladder.locator('[data-rung="rights"]')).toContainText("Passed");
    });
});

const status = (code: number, reason: string) => ({
  status: code,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    code,
    reason,
    message: `tests say ${reason}`,
  }),
});
const servers = { method: "GET", path: "/servers$" };

const faults: Record<string, { rule: Rule; outcome: "partly" | "failed"; says: RegExp }> = {
  "401": {
    rule: { name: "f", action: { answer: status(401, "Unauthorized") } },
    outcome: "failed",
    says: /refused (our|the) credentials|401/,
  },
  "403 on one kind": {
    rule: { name: "f", match: servers, action: { answer: status(403, "Forbidden") } },
    outcome: "partly",
    says: /servers\.wiring\.githedgehog\.com.*(403|may not|forbidden)/is,
  },
  "404 on one kind": {
    rule: {
      name: "f",
      match: servers,
      action: { answer: { status: 404, body: "404 page not found" } },
    },
    outcome: "partly",
    says: /Server.*(not installed|not served|no longer)/i,
  },
  "429": {
    rule: { name: "f", match: servers, action: { answer: status(429, "TooManyRequests") } },
    outcome: "partly",
    says: /slow down|429/,
  },
  "500": {
    rule: { name: "f", match: servers, action: { answer: status(500, "InternalError") } },
    outcome: "partly",
    says: /500/,
  },
  "a hang": {
    rule: { name: "f", match: servers, action: { black_hole: true } },
    outcome: "partly",
    says: /longer than|did not|within|no answer/i,
  },
};

test.describe("at the latest after 30 s", () => {
  test.use({ settings: asPeopleHaveThem(/^(outbound|cluster|runs)\./) });
  for (const [what, { rule, outcome, says }] of Object.entries(faults))
    test(`34: ${what} has its message, and ${outcome} is never green`, async ({
      hedgerow,
      cluster,
      gate,
      page,
    }) => {
      const fabric = await hedgerow.fabric({ cluster, through: gate });
      await (await hedgerow.server.as("operator")).pull(fabric.id);
      await gate.rule(rule);
      await page.signIn("operator").open(fabric);
      await page.sync().click();
      const word = outcome === "partly" ? "done in part on layer 9" : "failed on layer 9";
      await expect(page.watched()).toContainText(word, { timeout: 30_000 });
      await expect(page.getByRole("main")).toContainText(says);
      const last = page.getByRole("region", { name: "What did the last run do?" });
      await expect(last).toContainText(new RegExp(outcome, "i"));
      await expect(last.locator(".good")).toHaveCount(0);
      await page.oneRed(9, outcome);
      for (const layer of [1, 2, 3, 4, 5, 6, 7, 8])
        await expect(page.layer(layer)).toHaveAttribute("data-state", "passed");
      await expect(page.headline()).not.toContainText("In sync");
      await gate.dropAll();
      await page.clickedASecondAgo();
      await page.sync().click();
      await expect(page.watched()).toContainText("48 unchanged, 0 removed");
    });
});

test("one layer is red on the page, and it is the one that broke", async ({
  hedgerow,
  cluster,
  gate,
  page,
}) => {
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  await page.signIn("operator").open(fabric);
  await gate.show("other-ca");
  await page.sync().click();
  await expect(page.watched()).toContainText("Sync from Fabric failed on layer 7");
  await page.oneRed(7);
  expect(await states(page)).toEqual({
    passed: [1, 2, 3, 4, 5, 6, 8],
    failed: [7],
    not_reached: [9],
  });
  await expect(page.headline()).toContainText("Cannot tell");
  await gate.show("good");
  await page.clickedASecondAgo();
  await page.sync().click();
  await expect(page.watched()).toContainText("48 created");
});
