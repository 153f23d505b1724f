// What is odd about objects, as their pages say it.
import { expect, fieldsOf, test } from "../support/fixtures";
import { clusterWithTwin } from "../support/twin";

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
