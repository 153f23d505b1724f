// The list of objects as a person asks it: what is searched, chosen, sorted and paged stands in the address, and the
// server answers it.
import { expect, test } from "../support/fixtures";
import { byHost, ways, type PersonPage } from "../support/person";

const table = (page: PersonPage) => page.getByRole("table", { name: "Objects" });
const head = (page: PersonPage, name: string) =>
  table(page).getByRole("columnheader", { name, exact: true });
const names = (page: PersonPage) => table(page).locator('[data-label="Name"]').allInnerTexts();
const asked = (page: PersonPage) => Object.fromEntries(new URL(page.url()).searchParams);

async function choose(page: PersonPage, menu: string, item: RegExp): Promise<void> {
  await page.locator("button[aria-haspopup]").filter({ hasText: menu }).click();
  await page.getByRole("menu").getByText(item).click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
}

for (const [way, host] of Object.entries(ways))
  test(`${way}columns, a kind, a search, a presence and pages are asked of the server and stand in the address`, async ({
    hedgerow,
    cluster,
    page,
  }) => {
    page.comeBy(byHost(hedgerow.server.url, host));
    const fabric = await hedgerow.fabric({ cluster });
    const operator = await hedgerow.server.as("operator");
    await operator.pull(fabric.id);
    await cluster.whole.remove("Server", cluster.namespace, "server-04");
    await operator.pull(fabric.id);
    // What the page shows is this page of what the API gives for the same question.
    const expectAsked = async (question: Record<string, string>) => {
      await expect.poll(() => asked(page)).toEqual(question);
      const { limit, offset = "0", ...rest } = question;
      const all = (await operator.objects(fabric.id, `&${new URLSearchParams(rest).toString()}`))
        .results;
      const shown = all.slice(Number(offset), Number(offset) + Number(limit ?? 50));
      expect(shown.length, "something is there to be compared").toBeGreaterThan(0);
      await expect.poll(() => names(page)).toEqual(shown.map((it) => it.name));
      return shown;
    };
    await page.signIn("viewer");
    await page.goto(page.at(`/fabrics/${fabric.id}/objects/?limit=10`));
    await expectAsked({ limit: "10" });
    await expect(head(page, "Name")).toHaveAttribute("aria-sort", "ascending");

    await head(page, "Kind").getByRole("button").click();
    await expectAsked({ limit: "10", ordering: "kind" });
    await expect(head(page, "Kind")).toHaveAttribute("aria-sort", "ascending");
    await head(page, "Kind").getByRole("button").click();
    const down = await expectAsked({ limit: "10", ordering: "-kind" });
    await expect(head(page, "Kind")).toHaveAttribute("aria-sort", "descending");
    await expect(head(page, "Name")).not.toHaveAttribute("aria-sort");
    expect(down.map((it) => it.kind)).toEqual(
      down
        .map((it) => it.kind)
        .sort()
        .reverse(),
    );

    await page.getByRole("button", { name: "Next ›" }).click();
    await expectAsked({ limit: "10", ordering: "-kind", offset: "10" });
    await expect(page.getByText("11–20 of 47")).toBeVisible();
    await page.goBack();
    await expectAsked({ limit: "10", ordering: "-kind" });
    await page.goForward();

    // A new question begins on its first page.
    await choose(page, "Kind", /^Switch$/);
    const kind = "wiring.githedgehog.com/Switch";
    const switches = await expectAsked({ limit: "10", ordering: "-kind", kind });
    expect(new Set(switches.map((it) => it.kind))).toEqual(new Set(["Switch"]));
    await page.getByRole("searchbox", { name: "Search objects" }).fill("leaf");
    const question = { limit: "10", ordering: "-kind", kind, q: "leaf" };
    const leaves = await expectAsked(question);
    expect(leaves.length).toBeLessThan(switches.length);
    await page.reload();
    await expectAsked(question);

    await page.getByRole("button", { name: "Clear all" }).click();
    await expectAsked({ limit: "10", ordering: "-kind" });
    await choose(page, "In the cluster", /^Removed$/);
    const removed = await expectAsked({ limit: "10", ordering: "-kind", presence: "removed" });
    expect(removed.map((it) => it.name)).toEqual(["server-04"]);
    await page.getByRole("button", { name: "Without: only removed objects" }).click();
    await expectAsked({ limit: "10", ordering: "-kind" });
  });
