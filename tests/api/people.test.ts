// Local users and their sessions: who is signed in where, ending a session, giving a role.
import { createHash } from "node:crypto";
import type { Api } from "../support/api";
import { expect, test } from "../support/fixtures";
import { asVersionBefore } from "../support/record";
import { passwords, type TestServer } from "../support/server";
import type { Account, List, OpenSession, Session } from "../support/types";
import { plain } from "./plain";

const forbidden = { status: 403, code: "forbidden", layer: 6 };
const notFound = { status: 404, code: "not_found", layer: 2 };
const invalid = { status: 400, code: "invalid", layer: 2 };

// The latest rows of the audit, without those of signing in.
const audit = async ({ record }: TestServer, rows: number) =>
  await record.rows(
    "SELECT actor_name, action, subject_name, details FROM audit " +
      `WHERE action <> 'session.create' ORDER BY id DESC LIMIT ${rows}`,
  );

test.describe("the list of sessions", () => {
  test("has one's own with where and how they began, the one that asks marked, and never a token", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    await server.as("operator");
    const [viewer, other] = [await server.fresh("viewer"), await server.fresh("viewer")];
    const { text, body } = await viewer.ask<List<OpenSession>>("GET", "/api/sessions/");
    expect(body.count).toBe(2);
    const names = body.results.map(({ user, method, address, current }) => {
      return `${user.username} ${method} ${address} ${current}`;
    });
    expect(names.sort()).toEqual([
      "viewer password 127.0.0.1 false",
      "viewer password 127.0.0.1 true",
    ]);
    for (const { created, last_seen, idle_ends, absolute_ends } of body.results) {
      expect(Date.parse(last_seen)).toBeGreaterThanOrEqual(Date.parse(created));
      expect(Date.parse(idle_ends) - Date.parse(last_seen)).toBe(3_600_000);
      expect(Date.parse(absolute_ends) - Date.parse(created)).toBe(24 * 3_600_000);
    }
    for (const { cookie } of [viewer, other]) {
      const token = cookie.split("=")[1] ?? "";
      const digest = createHash("sha256").update(token).digest();
      expect(token).not.toBe("");
      for (const secret of [token, digest.toString("hex"), digest.toString("base64url")])
        expect(text.toLowerCase()).not.toContain(secret.toLowerCase());
    }
  });

  test("shows what a browser calls itself as text, cut and without what turns or hides it", async ({
    hedgerow,
  }) => {
    const { url } = hedgerow.server;
    const sent = `Fire\u202Efox <b>\u0085${"x".repeat(1_000)}`;
    const answer = await plain(url, {
      method: "POST",
      path: "/api/session/",
      headers: [
        ...["Origin", new URL(url).origin, "Content-Type", "application/json"],
        ...["User-Agent", Buffer.from(sent).toString("latin1")],
      ],
      body: JSON.stringify({ username: "viewer", password: passwords.viewer }),
    });
    expect(answer.status).toBe(200);
    const [cookie = ""] = answer.headers["set-cookie"] ?? [];
    const headers = { Cookie: cookie.split(";")[0] ?? "" };
    const { results } = await hedgerow.server
      .stranger()
      .must<List<OpenSession>>("GET", "/api/sessions/", { headers });
    const agent = results[0]?.agent ?? "";
    expect(agent).toMatch(/^Fire\\u202e?fox <b>/i);
    expect(agent).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(agent.length).toBeLessThanOrEqual(210);
  });

  test("is everybody's for who manages users, by user too, in pages, and refused by name to others", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const administrator = await server.as("administrator");
    const [viewer, operator] = [await server.as("viewer"), await server.as("operator")];
    const all = await administrator.sessions();
    expect(all.map(({ user }) => user.username).sort()).toEqual([
      "administrator",
      "operator",
      "viewer",
    ]);
    const seen = all.map(({ last_seen }) => Date.parse(last_seen));
    expect(seen, "last seen first").toEqual([...seen].sort((a, b) => b - a));
    const { id } = await administrator.account("operator");
    const his = await administrator.sessions(`&user=${id}`);
    expect(his).toEqual([{ ...(await operator.ownSession()), current: false }]);
    const ids: number[] = [];
    for (let next: string | null = "/api/sessions/?limit=1"; next !== null;) {
      const page: List<OpenSession> = await administrator.must("GET", next);
      expect(page.count).toBe(3);
      ids.push(...page.results.map((it) => it.id));
      next = page.next;
    }
    expect(ids).toEqual(all.map((it) => it.id));

    const problem = await viewer.refused(forbidden, "GET", `/api/sessions/?user=${id}`);
    expect(problem.detail).toContain("users.manage");
    const own = await administrator.account("viewer");
    expect((await viewer.sessions(`&user=${own.id}`)).length).toBe(1);
    await viewer.refused(invalid, "GET", "/api/sessions/?user=operator");
    const unknown = { status: 400, code: "unknown_parameter", layer: 2 };
    await viewer.refused(unknown, "GET", "/api/sessions/?username=viewer");
  });
});

test.describe("ending a session", () => {
  test("of one's own from another leaves that one, and takes it off the list", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const [here, there] = [await server.fresh("viewer"), await server.fresh("viewer")];
    const { id } = await there.ownSession();
    await here.must("DELETE", `/api/sessions/${id}/`);
    const revoked = { status: 401, code: "session_revoked", layer: 3 };
    await there.refused(revoked, "GET", "/api/fabrics/");
    expect((await here.sessions()).map(({ current }) => current)).toEqual([true]);
    await here.refused(notFound, "DELETE", `/api/sessions/${id}/`);
    const [row] = await audit(server, 1);
    expect(row).toEqual({
      actor_name: "viewer",
      action: "session.end",
      subject_name: "viewer",
      details: `{"session":${id}}`,
    });
  });

  test("that asks for it is signing out", async ({ hedgerow }) => {
    const viewer = await hedgerow.server.fresh("viewer");
    const { cookie } = viewer;
    await viewer.must("DELETE", `/api/sessions/${(await viewer.ownSession()).id}/`);
    expect(viewer.cookie, "the answer takes the cookie away").toBe("");
    const missing = { status: 401, code: "session_missing", layer: 5 };
    const wish = { headers: { Cookie: cookie } };
    await viewer.refused(missing, "GET", "/api/fabrics/", wish);
    await viewer.signIn("viewer", passwords.viewer);
  });

  test("of somebody else or of nobody is not_found to who does not manage users", async ({
    hedgerow,
  }) => {
    const operator = await hedgerow.server.as("operator");
    const { id } = await operator.ownSession();
    const viewer = await hedgerow.server.as("viewer");
    for (const other of [id, 999, 0, "x"])
      await viewer.refused(notFound, "DELETE", `/api/sessions/${other}/`);
    await operator.must("PATCH", "/api/session/");
  });
});

test("a record of the version before: who is signed in stays so, and users count their changes from 1", async ({
  hedgerow,
}) => {
  const { server } = hedgerow;
  const viewer = await server.fresh("viewer");
  const before = await viewer.ownSession();
  await server.restart(() => server.record.change(asVersionBefore));
  expect(await viewer.ownSession()).toEqual(before);
  await viewer.must("PATCH", "/api/session/");
  const administrator = await server.as("administrator");
  expect((await administrator.account("viewer")).revision).toBe(1);
  expect((await administrator.giveRole("viewer", "operator")).revision).toBe(2);
  await viewer.signIn("viewer", passwords.viewer);
  await viewer.must("PATCH", "/api/session/");
});

test.describe("giving a role", () => {
  const patch = (match: string, body: unknown) => ({ headers: { "If-Match": match }, body });
  const roleOf = async (api: Api) => (await api.must<Session>("GET", "/api/session/")).user?.role;

  test("holds from the next request on in every session of that user, and is in the audit", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const administrator = await server.as("administrator");
    const viewers = [await server.fresh("viewer"), await server.fresh("viewer")];
    const before = await administrator.account("viewer");
    const after = await administrator.giveRole("viewer", "operator");
    expect(after).toEqual({ ...before, role: "operator", revision: before.revision + 1 });
    for (const viewer of viewers) {
      const session = await viewer.must<Session>("GET", "/api/session/");
      expect(session.user?.role).toBe("operator");
      expect(session.permissions).toEqual(["fabric.view", "fabric.sync"]);
    }
    expect(await audit(server, 1)).toEqual([
      {
        actor_name: "administrator",
        action: "user.edit",
        subject_name: "viewer",
        details: '{"role":"operator","role_before":"viewer"}',
      },
    ]);
    // The role that the user has: nothing changes, and nothing was done.
    expect(await administrator.giveRole("viewer", "operator")).toEqual(after);
    expect((await audit(server, 2))[1]).not.toMatchObject({ action: "user.edit" });
  });

  test("asks for what was read, and refuses what cannot be meant", async ({ hedgerow }) => {
    const administrator = await hedgerow.server.as("administrator");
    const { id } = await administrator.account("viewer");
    const path = `/api/users/${id}/`;
    const required = { status: 428, code: "if_match_required", layer: 2 };
    const stale = { status: 412, code: "changed_meanwhile", layer: 8 };
    const operator = { role: "operator" };
    await administrator.refused(required, "PATCH", path, { body: operator });
    await administrator.refused(stale, "PATCH", path, patch('"7"', operator));
    for (const body of [{}, { role: "king" }, { ...operator, username: "carol" }])
      await administrator.refused(invalid, "PATCH", path, patch('"1"', body));
    const nobody = "/api/users/999/";
    await administrator.refused(notFound, "GET", nobody);
    await administrator.refused(notFound, "PATCH", nobody, patch('"1"', operator));
    expect(await roleOf(await hedgerow.server.as("viewer"))).toBe("viewer");
    await administrator.must<Account>("PATCH", path, patch('"1"', operator));
    await administrator.refused(stale, "PATCH", path, patch('"1"', { role: "viewer" }));
  });
});
