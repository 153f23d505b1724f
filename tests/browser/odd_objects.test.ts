// What is odd about objects, as their pages say it.
import { expect, fieldsOf, test } from "../support/fixtures";
import { patient } from "../support/server";
import { clusterWithNamesakes, clusterWithTwin, namesakes } from "../support/twin";

test("being deleted, numbers beyond 2^53, 1.5 MiB and all 48 gone at once stand on the page as they are", async ({
  hedgerow,
  cluster,
  gate,
  page,
}) => {
  const { whole, namespace } = cluster;
  const finalizers = ["tests.example/hold"];
  await whole.patch("Server", namespace, "server-05", { metadata: { finalizers } });
  await whole.remove("Server", namespace, "server-05");
  const description = `begins ${"d".repeat(1_500_000)} ends`;
  await whole.patch("Server", namespace, "server-06", { spec: { description } });
  await gate.rule({
    name: "big",
    match: { method: "GET", path: "/servers$" },
    action: { rewrite: [{ regex: '"spec":\\{', with: '"spec":{"serial":9007199254740993,' }] },
  });
  const fabric = await hedgerow.fabric({ cluster, through: gate });
  await page.signIn("operator").open(fabric);
  await page.sync().click();
  await expect(page.watched()).toContainText("48 created");
  await page.getByRole("link", { name: "Objects", exact: true }).click();
  const server = (name: string) => page.getByRole("link", { name, exact: true });
  await expect(page.getByRole("row").filter({ has: server("server-05") })).toContainText(
    /being deleted/i,
  );
  await server("server-05").click();
  await expect(page.getByText("The cluster is deleting it")).toBeVisible();
  await page.getByRole("tab", { name: "YAML" }).click();
  await expect(page.getByRole("main")).toContainText("9007199254740993");
  await page.goBack();
  await server("server-06").click();
  await page.getByRole("tab", { name: "YAML" }).click();
  await expect(page.getByRole("main")).toContainText(/begins d+ ends/);

  await whole.patch("Server", namespace, "server-05", { metadata: { finalizers: null } });
  await whole.removeAll(namespace);
  await gate.dropAll();
  await page.openFabric(fabric);
  await page.clickedASecondAgo();
  await page.sync().click();
  await expect(page.watched()).toContainText("48 removed");
  await page.getByRole("link", { name: "Objects", exact: true }).click();
  await expect(server("server-06")).toHaveCount(0);
  await expect(page.getByRole("main")).toContainText(
    "No object in the record. The last complete reading found none.",
  );
});

test.describe("with pages of 5", () => {
  test.use({ settings: { ...patient, "cluster.page_size": 5 } });

  test("an object that changes between two pages is read as of one moment, and the next click sees its change", async ({
    hedgerow,
    cluster,
    gate,
    page,
  }) => {
    const { whole, namespace } = cluster;
    const second = { method: "GET", path: "/servers$", query: "continue=" };
    await gate.rule({ name: "between", match: second, times: 1, action: { hold: true } });
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await page.signIn("operator").open(fabric);
    await page.sync().click();
    await gate.holds("between");
    const spec = { description: "changed between two pages" };
    await whole.patch("Server", namespace, "server-10", { spec });
    await gate.release("between");
    await expect(page.watched()).toContainText("succeeded: 48 created");
    const seen = async () => {
      await page.getByRole("link", { name: "Objects", exact: true }).click();
      await page.getByRole("link", { name: "server-10", exact: true }).click();
      await page.getByRole("tab", { name: "YAML" }).click();
      await expect(page.getByRole("main")).toContainText("name: server-10");
      return await page.getByRole("main").innerText();
    };
    expect(await seen()).not.toContain(spec.description);
    await page.openFabric(fabric);
    await page.clickedASecondAgo();
    await page.sync().click();
    await expect(page.watched()).toContainText("0 created, 1 changed, 47 unchanged, 0 removed");
    expect(await seen()).toContain(spec.description);
  });
});

test("the same kind name in two groups stands on the page as two kinds, and no object of one is shown as the other's @kinds", async ({
  hedgerow,
  wiring,
  page,
}) => {
  const cluster = await clusterWithTwin(wiring);
  const administrator = await hedgerow.server.as("administrator");
  const fabric = await administrator.addFabric("lab", fieldsOf(await cluster.reader()));
  await page.signIn("operator").open(fabric);
  await page.sync().click();
  await expect(page.watched()).toContainText("succeeded: 1 created");
  await page.clickedASecondAgo();
  await page.sync().click();
  await expect(page.watched()).toContainText("0 created, 0 changed, 1 unchanged, 0 removed");
  const kindOf = (group: string) =>
    page
      .getByRole("row")
      .filter({ hasText: /\bServer\b/ })
      .filter({ hasText: group });
  await expect(kindOf("dhcp.githedgehog.com")).toContainText("1");
  await page.getByRole("button", { name: /Show \d+ kinds without objects/ }).click();
  await expect(kindOf("wiring.githedgehog.com")).toContainText("0");
  await page.getByRole("link", { name: "Objects", exact: true }).click();
  const row = page.getByRole("row").filter({ hasText: "twin" });
  await expect(row).toHaveCount(1);
  await row.getByRole("link", { name: "twin", exact: true }).click();
  await expect(page.getByRole("main")).toContainText("dhcp.githedgehog.com");
  await cluster.stop();
});

test("L33: objects of one name stand on the page each with its own group, kind, namespace and words @kinds", async ({
  hedgerow,
  wiring,
  page,
}) => {
  const cluster = await clusterWithNamesakes(wiring);
  const administrator = await hedgerow.server.as("administrator");
  const fabric = await administrator.addFabric("lab", fieldsOf(await cluster.reader()));
  await page.signIn("operator").open(fabric);
  await page.sync().click();
  await expect(page.watched()).toContainText(`succeeded: ${namesakes.length} created`);
  await page.getByRole("link", { name: "Objects", exact: true }).click();
  const rows = page.getByRole("row").filter({ hasText: "twin" });
  for (const { group, kind, namespace, description } of namesakes) {
    await expect(rows).toHaveCount(namesakes.length);
    const ofKind = kind === "Server" ? `Server of ${group}` : kind;
    const row = rows.filter({ hasText: ofKind }).filter({ hasText: namespace });
    await expect(row, "the list tells it apart").toHaveCount(1);
    await row.getByRole("link", { name: "twin", exact: true }).click();
    const main = page.getByRole("main");
    for (const own of [`${group}/v1beta1 ${kind}`, namespace, description])
      await expect(main).toContainText(own);
    for (const other of namesakes)
      if (other.description !== description)
        await expect(main).not.toContainText(other.description);
    await page.goBack();
  }
  await cluster.stop();
});
