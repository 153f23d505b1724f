// Families C and F by HTTP: how sessions end, and what may be done with a right that was there a moment ago.
import { listen } from "../api/stream";
import { plain } from "../api/plain";
import { freshKey, type Api } from "../support/api";
import { expect, test, type Hedgerow } from "../support/fixtures";
import { heldRun } from "../support/gate";
import { end, startTalking, until } from "../support/process";
import { passwords, patient } from "../support/server";
import type { Account, Problem, Session } from "../support/types";

const expired = { status: 401, code: "session_expired", layer: 3 };
const revoked = { status: 401, code: "session_revoked", layer: 3 };
const missing = { status: 401, code: "session_missing", layer: 5 };
const forbidden = { status: 403, code: "forbidden", layer: 6 };

const runsOf = (fabric: { id: number }) => `/api/fabrics/${fabric.id}/runs/`;
const pull = () => ({ headers: { "Idempotency-Key": freshKey() }, body: { operation: "pull" } });

// What a request is refused with, once it is; until then it must be answered.
async function refusal(api: Api, method = "GET", path = "/api/fabrics/"): Promise<Problem> {
  return await until("the end of the session", async () => {
    const { status, body } = await api.ask<Problem>(method, path);
    expect([200, 401]).toContain(status);
    return status === 401 ? body : undefined;
  });
}

// Requests with a cookie as it was, whatever became of it since.
const asBefore = ({ cookie, csrf }: Api) => ({ Cookie: cookie, "X-CSRF-Token": csrf ?? "" });

test.describe("a session that runs out", () => {
  test.use({ settings: { ...patient, "sessions.idle": "4s" } });

  test("C03: while its sync runs leaves the run alone, and the result is there after the next sign-in", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const operator = await hedgerow.server.fresh("operator");
    const run = await heldRun(gate, operator, fabric.id);
    expect(await refusal(operator)).toMatchObject({ code: "session_expired", layer: 3 });
    await gate.dropAll();
    await operator.signIn("operator", passwords.operator);
    const ended = await operator.ended(run.id);
    expect(ended).toMatchObject({ outcome: "succeeded", actor: "operator" });
    expect(ended.counts.created).toBe(48);
    expect((await operator.pull(fabric.id)).counts.unchanged).toBe(48);
  });

  test("C05 C17: is not kept alive by what asks in the background, a person's acts keep one, and its stream says so last", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const [watching, working] = [await server.fresh("viewer"), await server.fresh("viewer")];
    const stream = await listen(server.url, watching, "fabrics");
    let asked = 0;
    const problem = await until("the end of the session", async () => {
      asked += 1;
      await working.must("PATCH", "/api/session/");
      const { status, body } = await watching.ask<Problem>("GET", "/api/fabrics/");
      return status === 401 ? body : undefined;
    });
    expect(problem).toMatchObject({ code: "session_expired", layer: 3 });
    expect(asked, "it was asked all along").toBeGreaterThan(10);
    await stream.until((it) => it.name === "session_ended");
    await expect.poll(() => stream.ended).toBe(true);
    expect(stream.told.at(-1)?.name).toBe("session_ended");
    await watching.refused(expired, "GET", "/api/events/?topics=fabrics");
    await working.must("PATCH", "/api/session/");

    await watching.signIn("viewer", passwords.viewer);
    const next = await listen(server.url, watching, "fabrics");
    await next.until((it) => it.name === "hb");
    next.close();
  });
});

test.describe("a session that is used all the time", () => {
  test.use({ settings: { "sessions.absolute": "3s" } });

  test("C04: ends at its limit all the same, as session_limit", async ({ hedgerow }) => {
    const api = await hedgerow.server.fresh("viewer");
    const { absolute_ends } = await api.must<Session>("GET", "/api/session/");
    let renewed = 0;
    const problem = await until("the end of the session", async () => {
      const { status, body } = await api.ask<Session & Problem>("PATCH", "/api/session/");
      if (status === 401) return body;
      renewed += 1;
      expect(body.absolute_ends, "nothing moves the limit").toBe(absolute_ends);
      expect(body.idle_ends, "no idle end lies behind it").toBe(absolute_ends);
      return undefined;
    });
    expect(problem).toMatchObject({ code: "session_limit", layer: 3 });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(absolute_ends ?? ""));
    expect(renewed).toBeGreaterThan(3);
    await api.signIn("viewer", passwords.viewer);
    await api.must("PATCH", "/api/session/");
  });
});

test.describe("a session that somebody ends", () => {
  // So seldom that no beat can be what ends the stream.
  test.use({ settings: { "events.heartbeat": "60s" } });

  test("C07: is session_revoked at its next request, its stream is cut, and others of that user go on", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const administrator = await server.as("administrator");
    const [operator, other] = [await server.fresh("operator"), await server.fresh("operator")];
    const stream = await listen(server.url, operator, "fabrics");
    await stream.until((it) => it.name === "hb");
    const { id } = await operator.ownSession();
    const notFound = { status: 404, code: "not_found", layer: 2 };
    const lesser = await server.as("viewer");
    await lesser.refused(notFound, "DELETE", `/api/sessions/${id}/`);
    await operator.must("PATCH", "/api/session/");

    const at = Date.now();
    await administrator.must("DELETE", `/api/sessions/${id}/`);
    await operator.refused(revoked, "GET", "/api/fabrics/");
    expect(Date.now() - at, "ms until it was refused").toBeLessThan(1_000);
    await stream.until((it) => it.name === "session_ended", 0, 5_000);
    await expect.poll(() => stream.ended).toBe(true);
    await operator.refused(revoked, "PATCH", "/api/session/");
    await operator.refused(revoked, "GET", "/api/events/?topics=fabrics");
    await administrator.refused(notFound, "DELETE", `/api/sessions/${id}/`);
    await other.must("PATCH", "/api/session/");

    await operator.signIn("operator", passwords.operator);
    await operator.must("PATCH", "/api/session/");
  });

  test("F03: a role that changes ends its user's streams with reset, at once and nobody else's, and they open again", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const administrator = await server.as("administrator");
    const operator = await server.fresh("operator");
    const others = await listen(server.url, await server.as("viewer"), "fabrics");
    for (const role of ["viewer", "operator"] as const) {
      const stream = await listen(server.url, operator, "fabrics");
      await stream.until((it) => it.name === "hb");
      await administrator.giveRole("operator", role);
      await expect.poll(() => stream.ended).toBe(true);
      expect(stream.told.map(({ name }) => name)).toEqual(["hb", "reset"]);
    }
    const next = await listen(server.url, operator, "fabrics");
    await next.until((it) => it.name === "hb");
    // The role that the user has already.
    await administrator.giveRole("operator", "operator");
    expect([others.ended, next.ended]).toEqual([false, false]);
    for (const stream of [others, next]) stream.close();
  });
});

test("F03: a role that changes behind the server's back ends its user's streams with the next beat", async ({
  hedgerow,
}) => {
  const { server } = hedgerow;
  const operator = await server.fresh("operator");
  const stream = await listen(server.url, operator, "fabrics");
  await stream.until((it) => it.name === "hb");
  await server.record.change("UPDATE users SET role = 'viewer' WHERE name = 'operator'");
  await stream.until((it) => it.name === "reset");
  await expect.poll(() => stream.ended).toBe(true);
  await stillStreams(hedgerow, operator);
});

test.describe("a role that is taken away", () => {
  test.use({ settings: patient });

  test("C08 F03: while a sync runs lets the reading end, writes nothing, and refuses the next click by right and fabric", async ({
    hedgerow,
    cluster,
    gate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    const administrator = await hedgerow.server.as("administrator");
    const operator = await hedgerow.server.fresh("operator");
    const run = await heldRun(gate, operator, fabric.id);
    await administrator.giveRole("operator", "viewer");
    const problem = await operator.refused(forbidden, "POST", runsOf(fabric), pull());
    expect(problem.detail).toContain(`fabric.sync on ${fabric.name}`);
    await operator.refused(forbidden, "POST", `/api/runs/${run.id}/cancel/`);
    expect((await operator.fabric(fabric.id)).permissions).toEqual(["fabric.view"]);
    await gate.dropAll();
    const ended = await operator.ended(run.id);
    expect(ended).toMatchObject({ outcome: "succeeded", actor: "operator" });
    expect(ended.counts.created).toBe(48);
    expect(cluster.whole.writes()).toEqual([]);

    await administrator.giveRole("operator", "operator");
    expect((await operator.pull(fabric.id)).counts.unchanged).toBe(48);
  });
});

test("F01: a viewer's sync is refused by right and fabric, and starts nothing", async ({
  hedgerow,
  cluster,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  const viewer = await hedgerow.server.as("viewer");
  const problem = await viewer.refused(forbidden, "POST", runsOf(fabric), pull());
  expect(problem.detail).toContain(`fabric.sync on ${fabric.name}`);
  expect((await viewer.fabric(fabric.id)).recent_runs).toEqual([]);
  expect(cluster.lists("connections")).toBe(0);
  const operator = await hedgerow.server.as("operator");
  expect((await operator.pull(fabric.id)).counts.created).toBe(48);
});

test.describe("signing in again", () => {
  test.use({ settings: { "sessions.handover": "3s" } });

  test("C10: refuses none of 20 calls that are on their way with the old id, which then ends", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const operator = await server.fresh("operator");
    const before = { headers: asBefore(operator) };
    const calls = (count: number) =>
      Array.from({ length: count }, (_, at) =>
        at % 4 === 0
          ? server.stranger().ask("PATCH", "/api/session/", before)
          : server.stranger().ask("GET", "/api/fabrics/", before),
      );
    const early = calls(10);
    const signedIn = operator.signIn("operator", passwords.operator);
    const late = signedIn.then(() => Promise.all(calls(10)));
    const answers = [...(await Promise.all(early)), ...(await late)];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(`${operator.cookie} `).not.toContain(before.headers.Cookie);
    const mine = await operator.sessions();
    expect(mine.length, "it is one session still").toBe(1);

    const old = server.stranger();
    await expect
      .poll(async () => (await old.ask<Problem>("GET", "/api/fabrics/", before)).body.code)
      .toBe("session_missing");
    await operator.must("PATCH", "/api/session/");
  });

  test("C10: once the new session has ended, its old id is worth nothing at once", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const operator = await server.fresh("operator");
    const before = { headers: asBefore(operator) };
    await operator.signIn("operator", passwords.operator);
    await server.stranger().must("GET", "/api/fabrics/", before);
    await operator.must("DELETE", "/api/session/");
    await server.stranger().refused(missing, "GET", "/api/fabrics/", before);
    await operator.signIn("operator", passwords.operator);
    await operator.must("PATCH", "/api/session/");
  });

  test("C12: with somebody else's cookie, or one that nobody has, gives a new id and makes the old one worthless", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const attacker = await server.fresh("viewer");
    const name = attacker.cookie.split("=")[0];
    for (const planted of [attacker.cookie, `${name}=planted-by-somebody-else-1234567890`]) {
      const victim = server.stranger();
      const body = { username: "operator", password: passwords.operator };
      const wish = { headers: { Cookie: planted }, body };
      const { csrf_token } = await victim.must<Session>("POST", "/api/session/", wish);
      victim.csrf = csrf_token;
      expect(victim.cookie).not.toBe(planted);
      const old = { headers: { Cookie: planted } };
      await server.stranger().refused(missing, "GET", "/api/fabrics/", old);
      expect((await victim.must<Session>("PATCH", "/api/session/")).user?.username).toBe(
        "operator",
      );
    }
  });

  test("C12: on the basic pages ends the session that the browser had, whoever's it was", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const { origin } = new URL(server.url);
    for (const before of [await server.fresh("viewer"), await server.fresh("operator")]) {
      const form = { username: "operator", password: passwords.operator };
      const answer = await fetch(new URL("/basic/sign-in/", origin), {
        method: "POST",
        redirect: "manual",
        headers: { Cookie: before.cookie, Origin: origin },
        body: new URLSearchParams(form),
      });
      expect(answer.status).toBe(303);
      const [given = ""] = answer.headers.getSetCookie();
      const headers = { Cookie: given.split(";")[0] ?? "" };
      expect(headers.Cookie).not.toBe(before.cookie);
      const session = await server.stranger().must<Session>("GET", "/api/session/", { headers });
      expect(session.user?.username).toBe("operator");
      expect(await refusal(before)).toMatchObject({ code: "session_missing", layer: 5 });
    }
  });
});

test.describe("a database that a foreign program holds", () => {
  test.use({
    settings: {
      "database.busy_wait": "200ms",
      "database.write_wait": "400ms",
      "sessions.touch_after": "1ms",
    },
  });

  test("C11: for 3 s is storage_busy to who acts or signs in, ends no session, and reading goes on", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const operator = await server.fresh("operator");
    const { cookie } = operator;
    server.allowedInLog.push(/storage_busy/);
    const hold = ["-cmd", "BEGIN IMMEDIATE;", "-cmd", ".shell echo held", server.database];
    const holder = await startTalking("sqlite3", hold);
    expect(holder.firstLine).toBe("held");
    const busy = { status: 503, code: "storage_busy", layer: 9 };
    const body = { username: "operator", password: passwords.operator };
    for (const began = Date.now(); Date.now() - began < 3_000;) {
      const problem = await operator.refused(busy, "PATCH", "/api/session/");
      expect(problem).toMatchObject({ retryable: true, retry_after: 1 });
      await server.stranger().refused(busy, "POST", "/api/session/", { body });
      await operator.must("GET", "/api/fabrics/");
      expect((await operator.must<Session>("GET", "/api/session/")).authenticated).toBe(true);
    }
    await end(holder.child);
    await expect.poll(async () => (await operator.ask("PATCH", "/api/session/")).status).toBe(200);
    expect(operator.cookie, "still the same session").toBe(cookie);
    await server.fresh("operator");
  });
});

test("C13: a cookie that is cut, 8 KiB long or empty is nobody's, a doubled one is refused, and the whole one works", async ({
  hedgerow,
}) => {
  const { url } = hedgerow.server;
  const { cookie } = await hedgerow.server.fresh("viewer");
  const [name = "", value = ""] = cookie.split("=");
  const asked = async (...headers: string[]) => {
    const { status, problem } = await plain(url, { method: "GET", path: "/api/fabrics/", headers });
    return `${status} ${problem?.code ?? ""}`;
  };
  for (const wrong of [value.slice(0, -1), value.slice(0, 20), "", "x".repeat(8 * 1024)])
    expect(await asked("Cookie", `${name}=${wrong}`)).toBe("401 session_missing");
  for (const doubled of [
    ["Cookie", `${cookie}; ${cookie}`],
    ["Cookie", `${cookie}; ${name}=another`],
    ["Cookie", `${name}=another`, "Cookie", cookie],
  ])
    expect(await asked(...doubled)).toBe("400 bad_request");
  expect(await asked("Cookie", cookie)).toBe("200 ");
});

test("C14: after a kill the session, its security token and its place in the list are what they were", async ({
  hedgerow,
}) => {
  const operator = await hedgerow.server.fresh("operator");
  const before = await operator.ownSession();
  await hedgerow.server.kill();
  await hedgerow.server.begin();
  const session = await operator.must<Session>("GET", "/api/session/");
  expect(session.csrf_token).toBe(operator.csrf);
  await operator.must("PATCH", "/api/session/");
  const { id, created, method } = await operator.ownSession();
  expect({ id, created, method }).toEqual({
    id: before.id,
    created: before.created,
    method: "password",
  });
  await stillStreams(hedgerow, operator);
});

async function stillStreams({ server }: Hedgerow, api: Api): Promise<void> {
  const stream = await listen(server.url, api, "fabrics");
  await stream.until((it) => it.name === "hb");
  stream.close();
}

test("E13: the last administrator cannot lose the role, and can once there is another", async ({
  hedgerow,
}) => {
  const administrator = await hedgerow.server.as("administrator");
  const { id } = await administrator.account("administrator");
  const wish = { headers: { "If-Match": '"1"' }, body: { role: "operator" } };
  const last = { status: 409, code: "last_admin", layer: 6 };
  const problem = await administrator.refused(last, "PATCH", `/api/users/${id}/`, wish);
  expect(problem.detail).toContain("administrator is the only administrator");
  await administrator.must("GET", "/api/users/");

  const operator = await hedgerow.server.as("operator");
  await administrator.giveRole("operator", "administrator");
  await administrator.must("PATCH", `/api/users/${id}/`, wish);
  await administrator.refused(forbidden, "GET", "/api/users/");
  await operator.giveRole("administrator", "administrator");
  await administrator.must("GET", "/api/users/");
});

test.describe("two administrators at the same moment", () => {
  // What a request to make an administrator a viewer is answered.
  async function demote(by: Api, from: Account): Promise<string> {
    const { status, body } = await by.ask<Problem>("PATCH", `/api/users/${from.id}/`, {
      headers: { "If-Match": `"${from.revision}"` },
      body: { role: "viewer" },
    });
    return status === 200 ? "200" : `${status} ${body.code}`;
  }

  const moments = {
    "give their own role up": { whose: [0, 1], refusal: "409 last_admin" },
    "take each other's role": { whose: [1, 0], refusal: "403 forbidden" },
  };
  for (const [what, { whose, refusal }] of Object.entries(moments))
    test(`E13: who ${what} leave one, who can give it back`, async ({ hedgerow }) => {
      const { server } = hedgerow;
      const names = ["administrator", "operator"] as const;
      const people = [await server.as(names[0]), await server.as(names[1])] as const;
      await people[0].giveRole(names[1], "administrator");
      for (let times = 0; times < 10; times += 1) {
        const users = [await people[0].account(names[0]), await people[0].account(names[1])];
        const said = await Promise.all(
          people.map((person, at) => demote(person, users[whose[at] ?? 0] as Account)),
        );
        expect([...said].sort()).toEqual(["200", refusal]);
        const roles = await server.record.rows<{ role: string }>("SELECT role FROM users");
        expect(roles.filter(({ role }) => role === "administrator").length).toBe(1);
        const kept = (await people[0].ask("GET", "/api/users/")).status === 200 ? 0 : 1;
        await people[kept].giveRole(names[1 - kept] ?? names[0], "administrator");
      }
    });
});
