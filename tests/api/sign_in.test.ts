// Signing in: what a failed try leaves as it was, and how many tries anybody has who guesses.
import type { Api } from "../support/api";
import { passwords } from "../support/server";
import type { Problem, Session } from "../support/types";
import { plain } from "./plain";
import { expect, test } from "../support/fixtures";

const wrongPassword = { status: 401, code: "bad_credentials", layer: 5 };
const locked = { status: 429, code: "account_locked", layer: 5 };

const tried = (username: string) => ({
  body: { username, password: "not the password of anybody" },
});

async function tryAtOnce(api: Api, username: string, times: number) {
  const tries = Array.from({ length: times }, () =>
    api.ask<Problem>("POST", "/api/session/", tried(username)),
  );
  return (await Promise.all(tries)).map(({ body }) => body);
}

test("a session outlives wrong passwords and a locked account, and ends when the next begins", async ({
  hedgerow,
}) => {
  const api = await hedgerow.server.fresh("viewer");
  const { cookie } = api;
  for (let tries = 0; tries < 5; tries += 1)
    await api.refused(wrongPassword, "POST", "/api/session/", tried("operator"));
  await api.refused(locked, "POST", "/api/session/", tried("operator"));
  expect(api.cookie).toBe(cookie);
  expect((await api.must<Session>("GET", "/api/session/")).user?.username).toBe("viewer");
  await api.must("PATCH", "/api/session/");

  await api.signIn("viewer", passwords.viewer);
  const stranger = hedgerow.server.stranger();
  const old = { headers: { Cookie: cookie } };
  await expect
    .poll(async () => (await stranger.ask<Problem>("GET", "/api/fabrics/", old)).body.code)
    .toBe("session_missing");
  await api.must("GET", "/api/fabrics/");
});

test.describe("a session outlives", () => {
  test.use({ settings: { "sign_in.address_burst": 2, "sign_in.address_refill": "10m" } });

  test("an address that tries too often", async ({ hedgerow }) => {
    const api = await hedgerow.server.fresh("viewer");
    await api.refused(wrongPassword, "POST", "/api/session/", tried("viewer"));
    const tooOften = { status: 429, code: "rate_limited", layer: 2 };
    await api.refused(tooOften, "POST", "/api/session/", tried("viewer"));
    await api.must("PATCH", "/api/session/");
  });
});

test.describe("of 30 wrong passwords at once", () => {
  test.use({ settings: { "sign_in.address_burst": 1000, "sign_in.first_lock": "3s" } });

  for (const username of ["viewer", "nobody-of-ours"])
    test(`for ${username} five are verified and the others told to wait`, async ({ hedgerow }) => {
      const stranger = hedgerow.server.stranger();
      const said = await tryAtOnce(stranger, username, 30);
      const verified = said.filter(({ code }) => code === "bad_credentials");
      const told = said.filter(({ code }) => code === "account_locked");
      expect([verified.length, told.length], JSON.stringify(said[0])).toEqual([5, 25]);
      for (const { detail, hint, retry_after } of told) {
        expect(retry_after).toBeGreaterThan(0);
        expect(`${detail} ${hint}`).not.toContain("administrator");
      }
      // Another account is none the worse, and the pause ends.
      await stranger.signIn("operator", passwords.operator);
      await expect
        .poll(async () => (await tryAtOnce(stranger, username, 1))[0]?.code)
        .toBe("bad_credentials");
    });
});

test("a right password gives back the tries before it", async ({ hedgerow }) => {
  const stranger = hedgerow.server.stranger();
  for (let round = 0; round < 3; round += 1) {
    for (let tries = 0; tries < 4; tries += 1)
      await stranger.refused(wrongPassword, "POST", "/api/session/", tried("viewer"));
    await stranger.signIn("viewer", passwords.viewer);
  }
});

test.describe("a request that was forwarded", () => {
  const forwarded = {
    Forwarded: "for=192.0.2.7",
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Host": "hedgerow.example",
    "X-Forwarded-Proto": "https",
    "X-Real-IP": "192.0.2.7",
    Via: "1.1 proxy",
  };

  for (const [header, value] of Object.entries(forwarded))
    test(`by ${header} is neither protected nor of this machine`, async ({ hedgerow }) => {
      const { url } = hedgerow.server;
      const from = async (path: string, headers: string[]) =>
        await plain(url, { method: "GET", path, headers });
      const session = async (headers: string[]) =>
        JSON.parse((await from("/api/session/", headers)).text) as Session;
      expect((await session([header, value])).protected).toBe(false);
      const { status, problem } = await from("/metrics", [header, value]);
      expect({ status, code: problem?.code }).toEqual({ status: 403, code: "forbidden" });
      expect((await session([])).protected).toBe(true);
      expect((await from("/metrics", [])).status).toBe(200);
    });
});
