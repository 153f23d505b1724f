// Two namespaces, of which one refuses: what a person sees of it, and what they can copy to mend it.
import { expect, fieldsOf, ownNamespace, test } from "../support/fixtures";
import { byHost, ways } from "../support/person";
import { clickAnew, seeFault } from "./seen_fault";

for (const [way, host] of Object.entries(ways))
  test(`${way}a namespace that refuses stands on the page with the rule to copy, and the click after the mend reads it all`, async ({
    hedgerow,
    cluster,
    gate,
    wiring,
    page,
  }) => {
    page.comeBy(byHost(hedgerow.server.url, host));
    const other = await ownNamespace(cluster.whole, wiring);
    const account = await cluster.whole.readerByNamespace();
    for (const { namespace } of [cluster, other]) await account.letIn(namespace);
    const fields = {
      ...fieldsOf(gate.lead(account.connection)),
      namespaces: [cluster.namespace, other.namespace],
    };
    const administrator = await hedgerow.server.as("administrator");
    const fabric = await administrator.addFabric("lab", fields);
    expect((await administrator.pull(fabric.id)).counts.created).toBe(96);
    await account.shutOut(other.namespace);

    await page.signIn("operator").open(fabric);
    await page.sync().click();
    const says = new RegExp(`in namespace ${other.namespace}`);
    await seeFault(page, { code: "cluster_forbidden", outcome: "partly", says });
    await expect(page.headline()).toContainText("Cannot tell");
    const row = page
      .getByRole("row")
      .filter({ hasText: "wiring.githedgehog.com" })
      .filter({
        hasText: /^Server\b/,
      });
    await expect(row).toContainText(`It was read in ${cluster.namespace}.`);
    await page.getByRole("link", { name: /^Open run/ }).click();
    const rule = page.getByRole("region", { name: "rule for Server", exact: true });
    await expect(rule).toContainText(`# For a Role in namespace ${other.namespace}`);
    await expect(rule).toContainText('resources: ["servers"]');
    await page.getByRole("button", { name: "Copy rule for Server", exact: true }).click();
    await expect(page.getByText(/^(Copied\.|Selected; press)/)).toBeVisible();
    await page.goBack();

    await account.letIn(other.namespace);
    await clickAnew(page);
    await expect(page.watched()).toContainText(
      "succeeded: 0 created, 0 changed, 96 unchanged, 0 removed",
    );
    await expect(row).not.toContainText(other.namespace);
  });
