// The first administrator: made once, by the code that stands in the server's log and nowhere else.
import { freshKey } from "../support/api";
import { codesIn, expect, test } from "../support/empty";
import { until } from "../support/process";
import { keep } from "../support/secrets";
import type { Session } from "../support/types";

const password = keep("the first administrator's password", "an anchor in the old harbour");
const wrong = { status: 401, code: "bad_credentials", layer: 5 };
const done = { status: 409, code: "setup_done", layer: 5 };

test("makes one administrator, once, and only with the code of the latest start", async ({
  empty,
}) => {
  const stranger = empty.stranger();
  const before = await stranger.must<Session>("GET", "/api/session/");
  expect(before).toMatchObject({ authenticated: false, setup_needed: true });
  await empty.restart();
  const [old = "", code = ""] = codesIn(empty.log);
  expect(code).not.toBe(old);
  const ask = { username: "alice", password };
  for (const typed of [
    freshKey(),
    old,
    code.toLowerCase() === code ? `${code}x` : code.toLowerCase(),
  ])
    await stranger.refused(wrong, "POST", "/api/setup/", { body: { code: typed, ...ask } });
  const weak = { code, username: "alice", password: "too short" };
  const invalid = { status: 400, code: "invalid", layer: 2 };
  await stranger.refused(invalid, "POST", "/api/setup/", { body: weak });

  const session = await stranger.must<Session>("POST", "/api/setup/", { body: { code, ...ask } });
  expect(session.user).toMatchObject({ username: "alice", role: "administrator" });
  expect(session.setup_needed).toBe(false);
  await empty.stranger().refused(done, "POST", "/api/setup/", {
    body: { code, username: "mallory", password },
  });
  await empty.restart();
  expect(codesIn(empty.log).length, "no code once somebody is there").toBe(2);
  expect((await empty.stranger().signIn("alice", password)).authenticated).toBe(true);
});

test("from elsewhere it is refused, and no user is made", async ({ empty }) => {
  const [code = ""] = codesIn(empty.log);
  const refused = { status: 403, code: "origin_refused", layer: 4 };
  await empty.stranger().refused(refused, "POST", "/api/setup/", {
    headers: { Origin: "https://evil.example" },
    body: { code, username: "mallory", password },
  });
  expect((await empty.stranger().must<Session>("GET", "/api/session/")).setup_needed).toBe(true);
});

test.describe("the code of the log", () => {
  test.use({ settings: { "sessions.setup_code": "3s" } });

  test("E12: is the only way in, for there is no default account, and ends by itself", async ({
    empty,
  }) => {
    const stranger = empty.stranger();
    for (const username of ["admin", "administrator", "root", "hedgerow"])
      for (const typed of [username, "admin", "password", "changeme"])
        await stranger.refused(wrong, "POST", "/api/session/", {
          body: { username, password: typed },
        });
    expect(await empty.record.rows("SELECT name FROM users")).toEqual([]);

    const ask = (code: string) => ({ body: { code, username: "alice", password } });
    const [old = ""] = codesIn(empty.log);
    const [row] = await empty.record.rows<{ setup_expires: number }>(
      "SELECT setup_expires FROM instance",
    );
    await until("the end of the code", () => Date.now() > (row?.setup_expires ?? 0) || undefined);
    await stranger.refused(wrong, "POST", "/api/setup/", ask(old));
    await empty.restart();
    const code = codesIn(empty.log).at(-1) ?? "";
    const session = await stranger.must<Session>("POST", "/api/setup/", ask(code));
    expect(session.user).toMatchObject({ username: "alice", role: "administrator" });
  });
});
