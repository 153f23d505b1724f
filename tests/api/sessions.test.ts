// Who may ask at all: without a session every route of the API answers 401 as data, an ended session says how it
// ended, and a request that no page of ours sent is refused.
import { readFileSync } from "node:fs";
import { expect, test } from "../support/fixtures";
import { routes } from "../support/contract";
import { passwords } from "../support/server";
import { freshKey } from "../support/api";
import type { Session } from "../support/types";

const accepts = [
  "application/json",
  "text/html",
  "text/html,application/xhtml+xml,*/*;q=0.8",
  "image/png",
  "*/*",
];

test("23: without a session every route answers 401 as data, whatever Accept says", async ({
  hedgerow,
}) => {
  const stranger = hedgerow.server.stranger();
  const closed = routes.filter(
    ({ path, operation }) => path.startsWith("/api/") && !operation.security,
  );
  expect(closed.length).toBeGreaterThan(20);
  for (const { method, path } of closed)
    for (const accept of accepts) {
      const answer = await stranger.ask(method, path.replace("{id}", "1"), {
        headers: { Accept: accept },
      });
      const said = `${method} ${path} Accept: ${accept}`;
      expect(answer.status, said).toBe(401);
      expect(answer.headers.get("Content-Type"), said).toContain("application/problem+json");
      expect(answer.headers.get("WWW-Authenticate"), said).toBeTruthy();
      expect(answer.body, said).toMatchObject({ code: "session_missing", layer: 5 });
    }
});

test("paths below /api/ that do not exist are 401 to strangers too, and 404 to others", async ({
  hedgerow,
}) => {
  const stranger = hedgerow.server.stranger();
  const missing = { status: 401, code: "session_missing", layer: 5 };
  await stranger.refused(missing, "GET", "/api/nothing/here/");
  const viewer = await hedgerow.server.as("viewer");
  const expected = { status: 404, code: "not_found", layer: 2 };
  await viewer.refused(expected, "GET", "/api/nothing/here/");
  await viewer.refused(expected, "GET", "/api/fabrics/999/");
  await viewer.refused(
    { status: 405, code: "method_not_allowed", layer: 2 },
    "PUT",
    "/api/fabrics/",
  );
});

test("the session route, the contract and health answer without a session", async ({
  hedgerow,
}) => {
  const stranger = hedgerow.server.stranger();
  const session = await stranger.must<Session>("GET", "/api/session/");
  expect(session).toMatchObject({ authenticated: false, setup_needed: false, protected: true });
  for (const path of ["/api/openapi.json", "/api/openapi.yaml", "/livez", "/readyz", "/version"])
    expect((await stranger.ask("GET", path)).status, path).toBe(200);
});

test("a wrong password and an unknown name get the same answer", async ({ hedgerow }) => {
  const stranger = hedgerow.server.stranger();
  const expected = { status: 401, code: "bad_credentials", layer: 5 };
  const answers = [];
  for (const username of ["operator", "nobody-here"])
    answers.push(
      await stranger.refused(expected, "POST", "/api/session/", {
        body: { username, password: "not the password at all" },
      }),
    );
  expect(answers[0]?.detail).toBe(answers[1]?.detail);
  const session = await stranger.signIn("operator", passwords.operator);
  expect(session.user?.role).toBe("operator");
});

test("after five wrong passwords the account is locked for a moment, and says until when", async ({
  hedgerow,
}) => {
  const stranger = hedgerow.server.stranger();
  const body = { username: "viewer", password: "a wrong one for the viewer" };
  for (let tries = 0; tries < 5; tries += 1) await stranger.ask("POST", "/api/session/", { body });
  const locked = await stranger.refused(
    { status: 429, code: "account_locked", layer: 5 },
    "POST",
    "/api/session/",
    { body: { username: "viewer", password: passwords.viewer } },
  );
  expect(locked.retry_after).toBeGreaterThan(0);
  await expect
    .poll(
      async () =>
        (
          await stranger.ask("POST", "/api/session/", {
            body: { username: "viewer", password: passwords.viewer },
          })
        ).status,
    )
    .toBe(200);
});

test("layer 3: a session that ended says so, and the next sign-in works", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.fresh("operator");
  await hedgerow.endSessionsOf("operator");
  await operator.refused(
    { status: 401, code: "session_expired", layer: 3 },
    "POST",
    `/api/fabrics/${fabric.id}/runs/`,
    { headers: { "Idempotency-Key": freshKey() }, body: { operation: "pull" } },
  );
  expect(cluster.lists("connections")).toBe(0);
  await operator.signIn("operator", passwords.operator);
  expect((await operator.pull(fabric.id)).outcome).toBe("succeeded");
});

test("layer 4: a wrong security token is csrf_stale, and the right one works", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const operator = await hedgerow.server.fresh("operator");
  const right = operator.csrf ?? "";
  const other = (await hedgerow.server.fresh("operator")).csrf ?? "";
  const flipped = right.slice(0, -1) + (right.endsWith("A") ? "B" : "A");
  for (const wrong of ["", flipped, other]) {
    operator.csrf = wrong;
    await operator.refused(
      { status: 403, code: "csrf_stale", layer: 4 },
      "POST",
      `/api/fabrics/${fabric.id}/runs/`,
      { headers: { "Idempotency-Key": freshKey() }, body: { operation: "pull" } },
    );
  }
  expect(cluster.lists("connections")).toBe(0);
  operator.csrf = right;
  expect((await operator.pull(fabric.id)).outcome).toBe("succeeded");
});

const strangeOrigins: Record<string, Record<string, string>> = {
  "another site": { Origin: "https://evil.example" },
  "a sandboxed frame": { Origin: "null" },
  "a sibling of the same site": { "Sec-Fetch-Site": "same-site" },
  "a foreign page": { "Sec-Fetch-Site": "cross-site" },
};
for (const [who, headers] of Object.entries(strangeOrigins))
  test(`layer 4: a request of ${who} is origin_refused, also at sign-in`, async ({ hedgerow }) => {
    const expected = { status: 403, code: "origin_refused", layer: 4 };
    const body = { username: "operator", password: passwords.operator };
    const stranger = hedgerow.server.stranger();
    await stranger.refused(expected, "POST", "/api/session/", { headers, body });
    expect(stranger.cookie).toBe("");
    const operator = await hedgerow.server.as("operator");
    await operator.refused(expected, "DELETE", "/api/session/", { headers });
    await operator.must("PATCH", "/api/session/");
  });

test("a request in another form than JSON is refused by name", async ({ hedgerow }) => {
  const administrator = await hedgerow.server.as("administrator");
  await administrator.refused(
    { status: 415, code: "unsupported_media_type", layer: 2 },
    "POST",
    "/api/fabrics/",
    { raw: "name=lab", headers: { "Content-Type": "application/x-www-form-urlencoded" } },
  );
});

test("a signed-out session is worth nothing any more", async ({ hedgerow }) => {
  const operator = await hedgerow.server.fresh("operator");
  const cookie = operator.cookie;
  await operator.must("DELETE", "/api/session/");
  const answer = await hedgerow.server
    .stranger()
    .ask("GET", "/api/fabrics/", { headers: { Cookie: cookie } });
  expect(answer.status).toBe(401);
});

test("a session outlives a kill of the server", async ({ hedgerow }) => {
  const operator = await hedgerow.server.fresh("operator");
  await hedgerow.server.kill();
  await hedgerow.server.begin();
  const session = await operator.must<Session>("GET", "/api/session/");
  expect(session.user?.username).toBe("operator");
});

test("a password that was typed into the field of the name is kept nowhere", async ({
  hedgerow,
}) => {
  const slip = { username: "correct horse battery staple 47", password: passwords.operator };
  const answer = await hedgerow.server.stranger().ask("POST", "/api/session/", { body: slip });
  expect(answer.status).toBe(401);
  await hedgerow.server.stop();
  const { database, log } = hedgerow.server;
  expect(readFileSync(database).includes(slip.username), "the database holds it").toBe(false);
  expect(log).not.toContain(slip.username);
});
