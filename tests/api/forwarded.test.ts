// Behind a proxy that ends TLS: who asks and whether somebody could read along is what a trusted proxy says of it, and
// nobody else (T27 of the threat model).
import { certified } from "../support/certificate";
import { expect, test } from "../support/fixtures";
import { passwords } from "../support/server";
import { TlsProxy } from "../support/tls_proxy";
import type { List, OpenSession, Session } from "../support/types";

const mine = "203.0.113.9";
const forwarded = { "X-Forwarded-For": `198.51.100.1, ${mine}`, "X-Forwarded-Proto": "https" };

test.describe("behind a trusted proxy", () => {
  test.use({
    settings: {
      "http.trusted_proxies": ["127.0.0.0/8", "2001:db8::/32"],
      "sign_in.address_burst": 2,
      "sign_in.address_refill": "1h",
    },
  });

  test("a session is of the address that the proxy heard from, and its cookie is for TLS alone", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const api = server.stranger();
    const { host } = new URL(server.url);
    const headers = { ...forwarded, Origin: `https://${host}` };
    const body = { username: "viewer", password: passwords.viewer };
    const answer = await api.ask<Session>("POST", "/api/session/", { headers, body });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.protected).toBe(true);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-hedgerow=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/),
      expect.stringMatching(
        /^__Host-hedgerow_device=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=34560000; Secure$/,
      ),
    ]);
    expect(answer.headers.get("Strict-Transport-Security")).not.toBeNull();
    const sessions = await api.must<List<OpenSession>>("GET", "/api/sessions/", { headers });
    expect(sessions.results.map(({ address }) => address)).toEqual([mine]);
    const asked = () => server.logged("request").filter(({ peer }) => peer === mine);
    await expect.poll(() => asked().length).toBeGreaterThan(0);
    const out = await api.ask("DELETE", "/api/session/", {
      headers: { ...headers, "X-CSRF-Token": answer.body.csrf_token ?? "" },
    });
    expect(out.headers.getSetCookie()[0]).toMatch(/^__Host-hedgerow=;.* Max-Age=0; Secure$/);
  });

  test("guesses of one address hold up nobody else's", async ({ hedgerow }) => {
    const { server } = hedgerow;
    const body = { username: "nobody-here", password: "not the password of anybody" };
    const status = async (from: string) =>
      (
        await server
          .stranger()
          .ask("POST", "/api/session/", { headers: { "X-Forwarded-For": from }, body })
      ).status;
    // What the client itself wrote before the proxy's own word changes nothing.
    const said = [];
    for (const before of ["", "203.0.113.1, ", "127.0.0.1, ", "what, ever, "])
      said.push(await status(`${before}${mine}`));
    expect(said).toEqual([401, 401, 429, 429]);
    expect(await status("203.0.113.10")).toBe(401);
  });
});

test("without one, what is said of others is believed of nobody", async ({ hedgerow }) => {
  const { server } = hedgerow;
  const api = server.stranger();
  const body = { username: "viewer", password: passwords.viewer };
  const answer = await api.ask<Session>("POST", "/api/session/", { headers: forwarded, body });
  expect(answer.body.protected, "it was forwarded from somewhere").toBe(false);
  expect(answer.headers.getSetCookie()[0]).not.toContain("Secure");
  const sessions = await api.must<List<OpenSession>>("GET", "/api/sessions/");
  expect(sessions.results.map(({ address }) => address)).toEqual(["127.0.0.1"]);
});

test.describe("in a browser", () => {
  test.use({
    ignoreHTTPSErrors: true,
    settings: { "http.trusted_proxies": ["127.0.0.1"] },
  });

  test("a fabric is synced through a proxy that ends TLS, and no banner says that it is not protected", async ({
    hedgerow,
    cluster,
    page,
  }, info) => {
    const proxy = await TlsProxy.before(hedgerow.server.url, await certified(info));
    const fabric = await hedgerow.fabric({ cluster });
    page.comeBy(proxy.url);
    await page.signIn("operator").open(fabric);
    await page.sync().click();
    await expect(page.watched()).toContainText("48 created");
    await expect(page.getByText("This connection is not protected.")).toHaveCount(0);
    const cookies = await page.context().cookies();
    expect(cookies.map(({ name }) => name).sort()).toEqual([
      "__Host-hedgerow",
      "__Host-hedgerow_device",
    ]);
    for (const cookie of cookies) expect(cookie).toMatchObject({ secure: true, httpOnly: true });
    // A page that is still open would complain of the proxy's end.
    await page.close();
    await proxy.stop();
  });
});
