// What the policy of our pages keeps out is told to the server by the browser itself.
import { expect, test } from "../support/fixtures";
import { until } from "../support/process";

interface Line {
  event: string;
  page: string;
  directive: string;
  blocked: string;
}

const linesOf = (log: string) =>
  log
    .split("\n")
    .filter((line) => line.includes("policy_violation"))
    .map((line) => JSON.parse(line) as Line);

test("a foreign script is kept out of the page, and the server's log says which and where", async ({
  hedgerow,
  page,
  frontGate,
}) => {
  page.allow(/Content Security Policy|Trusted/);
  const scripts = [
    '<script src="https://elsewhere.example/track.js?who=alice#private"></script>',
    "<script>document.documentElement.lang = 'taken over'</script>",
  ];
  await frontGate.rule({
    name: "scripts",
    match: { method: "GET", path: "^/sign-in/$" },
    times: 1,
    action: { rewrite: [{ regex: "</body>", with: `${scripts.join("")}</body>` }] },
  });
  await page.goto(page.at("/sign-in/?next=%2Ffabrics%2F%3Fq%3Dprivate"));
  await frontGate.taken("scripts");
  await expect(page.getByLabel("User name")).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  const lines = await until("the reports", () => {
    const found = linesOf(hedgerow.server.log);
    return Promise.resolve(found.length > 1 ? found : undefined);
  });
  const directive = "script-src-elem";
  for (const blocked of ["https://elsewhere.example/track.js", "inline"])
    expect(lines).toContainEqual(
      expect.objectContaining({ page: page.at("/sign-in/"), directive, blocked }),
    );
  expect(hedgerow.server.log).not.toContain("private");
  await page.signIn("viewer");
});

test.describe("reports that nobody signed in for", () => {
  test.use({ settings: { "sign_in.address_burst": 8, "sign_in.address_refill": "1h" } });

  test("are bounded in size, kind and number, and change nothing", async ({ hedgerow }) => {
    const stranger = hedgerow.server.stranger();
    const path = "/api/csp-reports/";
    const send = (body: string, type = "application/csp-report") =>
      stranger.ask("POST", path, { raw: body, headers: { "Content-Type": type } });
    const good = JSON.stringify({ "csp-report": { "blocked-uri": "inline" } });
    expect((await send(good)).status).toBe(204);
    expect((await send(good, "application/json")).status).toBe(415);
    expect((await send(`{"csp-report": {"x": "${"y".repeat(17_000)}"}}`)).status).toBe(413);
    expect((await send("[]")).status).toBe(400);
    expect((await send('{"csp-report": "nothing"}')).status).toBe(400);
    expect((await stranger.ask("GET", path)).status, "nothing is told of them").toBe(401);
    const limited = { status: 429, code: "rate_limited", layer: 2 };
    await expect
      .poll(async () => (await send(good)).status, { intervals: [1], timeout: 10_000 })
      .toBe(429);
    const { body, status } = await send(good);
    expect({ ...(body as object), status }).toMatchObject(limited);
    await (await hedgerow.server.as("viewer")).must("GET", "/api/fabrics/");
  });
});
