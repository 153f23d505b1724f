// Who may pass the door at all: sessions, the pages' security token, and where a request comes from.
import { freshKey, type Api } from "../support/api";
import { routes } from "../support/contract";
import type { Hedgerow } from "../support/fixtures";
import { passwords } from "../support/server";
import type { List, Run, Session } from "../support/types";
import { expect, test } from "../support/fixtures";
import { problemOf, type Lab } from "../support/lab";
import { say } from "../support/raw_http";
import { plain } from "./plain";

const open = new Set([
  "GET /api/session/",
  "POST /api/session/",
  "POST /api/setup/",
  "POST /api/csp-reports/",
  "GET /api/openapi.json",
  "GET /api/openapi.yaml",
]);
const closed = routes.filter(
  ({ method, path }) => path.startsWith("/api/") && !open.has(`${method} ${path}`),
);

const runsOf = (lab: Lab) => `/api/fabrics/${lab.fabric.id}/runs/`;
const pull = { operation: "pull" };

async function countOfRuns(api: Api, fabric: number): Promise<number> {
  return (await api.must<List<Run>>("GET", `/api/fabrics/${fabric}/runs/?limit=1`)).count;
}

test.describe("23: nobody is signed in", () => {
  test("the contract has routes that ask for a session", () => {
    expect(closed.length).toBeGreaterThan(20);
  });

  test("C06: each of them answers data that nothing keeps, frames or follows, whatever Accept says", async ({
    lab,
  }) => {
    const stranger = lab.server.stranger();
    for (const { method, path } of closed) {
      const url = path.replace("{id}", String(lab.fabric.id));
      for (const accept of ["text/html", "text/event-stream", "x"]) {
        const { status, headers } = await stranger.ask(method, url, {
          headers: { Accept: accept, "Idempotency-Key": freshKey() },
          ...(method !== "GET" && method !== "DELETE" && { body: pull }),
        });
        expect({
          status,
          type: headers.get("Content-Type"),
          location: headers.get("Location"),
          cache: headers.get("Cache-Control"),
          sniff: headers.get("X-Content-Type-Options"),
        }).toEqual({
          status: 401,
          type: "application/problem+json",
          location: null,
          cache: "no-store",
          sniff: "nosniff",
        });
        expect(headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
      }
    }
  });

  // Data without a session is what the open routes say by design; all else is refused, whatever the contract has there.
  test("C06: every method on every path of the contract is refused in one form, and no method opens a way around", async ({
    lab,
  }) => {
    const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    const paths = [...new Set(routes.map(({ path }) => path))].filter((it) => /^.api./.test(it));
    const headers = ["Content-Type", "application/json", "Origin", lab.server.url];
    const kept = () =>
      lab.server.record.rows(
        "SELECT (SELECT group_concat(id) FROM runs) AS runs, (SELECT group_concat(revision) FROM fabrics) AS fabrics," +
          " (SELECT group_concat(name) FROM users) AS users",
      );
    const before = await kept();
    for (const path of paths)
      for (const method of methods) {
        const asked = method === "HEAD" ? "GET" : method;
        if (open.has(`${asked} ${path}`)) continue;
        const url = path.replace("{id}", String(lab.fabric.id));
        const body = JSON.stringify(pull);
        const answer = await plain(lab.server.url, { method, path: url, headers, body });
        const { status, text, problem } = answer;
        const seen = `${method} ${path} → ${status} ${text}`;
        expect(answer.headers["content-type"], seen).toBe("application/problem+json");
        expect(answer.headers.location, seen).toBeUndefined();
        const isOpen = methods.some((other) => open.has(`${other} ${path}`));
        if (status !== 405 || !isOpen) expect(status, seen).toBe(401);
        if (method === "HEAD") expect(text, seen).toBe("");
        else if (status === 401) expect(problem?.code, seen).toBe("session_missing");
      }
    expect(await kept()).toEqual(before);
  });

  test("what has no route under /api/ is 401 too, so that nobody learns which routes there are", async ({
    lab,
  }) => {
    for (const path of ["/api/nothing/", "/api/", "/api", "/api/fabrics/x/"]) {
      const answer = await plain(lab.server.url, {
        method: "GET",
        path,
        headers: ["Accept", "text/html"],
      });
      expect({ path, status: answer.status, code: answer.problem?.code }).toEqual({
        path,
        status: 401,
        code: "session_missing",
      });
    }
  });

  test("HEAD and other methods open no way around", async ({ lab }) => {
    for (const method of ["HEAD", "PUT", "OPTIONS", "TRACE"]) {
      const path = "/api/fabrics/";
      const { status, text } = await plain(lab.server.url, { method, path });
      expect([401, 405], `${method} → ${status} ${text}`).toContain(status);
    }
  });

  test("a path without its last slash answers the same, never a redirect", async ({ lab }) => {
    const answer = await plain(lab.server.url, { method: "GET", path: "/api/fabrics" });
    expect({ status: answer.status, code: answer.problem?.code }).toEqual({
      status: 401,
      code: "session_missing",
    });
    const api = await lab.as("viewer");
    expect((await api.ask("GET", "/api/fabrics")).status).toBe(200);
  });

  test("the open routes say who is signed in: nobody", async ({ lab }) => {
    const session = await lab.server.stranger().must<Session>("GET", "/api/session/");
    expect(session.authenticated).toBe(false);
    expect(session.csrf_token).toBeUndefined();
    expect((await lab.server.stranger().ask("GET", "/api/openapi.json")).status).toBe(200);
  });
});

test.describe("a session that is no more", () => {
  async function unreadFabric(hedgerow: Hedgerow): Promise<number> {
    const api = await hedgerow.server.as("administrator");
    return (await api.addFabric("unread")).id;
  }

  const ends = [
    { how: "idle_ends", code: "session_expired", layer: 3 },
    { how: "absolute_ends", code: "session_limit", layer: 3 },
  ];
  for (const { how, code, layer } of ends) {
    test(`whose ${how} is past is refused as ${code}, and the click started nothing`, async ({
      hedgerow,
    }) => {
      const { server } = hedgerow;
      const id = await unreadFabric(hedgerow);
      const api = await server.fresh("operator");
      const path = `/api/fabrics/${id}/runs/`;
      await server.restart(() =>
        server.record.change(`UPDATE sessions SET ${how} = ${Date.now() - 60_000}`),
      );
      const wish = { headers: { "Idempotency-Key": freshKey() }, body: pull };
      await api.refused({ status: 401, code, layer }, "POST", path, wish);
      await api.refused({ status: 401, code, layer }, "GET", "/api/fabrics/");
      expect((await api.must<Session>("GET", "/api/session/")).authenticated).toBe(false);

      await api.signIn("operator", passwords.operator);
      expect(await countOfRuns(api, id)).toBe(0);
      // The waiting click is finished with the same key; this fabric has nowhere to go, and says so.
      await api.refused({ status: 409, code: "not_configured", layer: 7 }, "POST", path, wish);
    });
  }

  test("signed out, its cookie is worth nothing", async ({ lab }) => {
    const api = await lab.server.fresh("viewer");
    const { cookie } = api;
    expect((await api.must<Session>("DELETE", "/api/session/")).authenticated).toBe(false);
    expect(api.cookie, "the answer takes the cookie away").toBe("");
    await lab.server
      .stranger()
      .refused({ status: 401, code: "session_missing", layer: 5 }, "GET", "/api/fabrics/", {
        headers: { Cookie: cookie },
      });
  });

  test("the oldest of too many is ended, says so, and the newest works", async ({ hedgerow }) => {
    const { server } = hedgerow;
    const oldest = await server.fresh("viewer");
    for (let more = 0; more < 9; more += 1) await server.fresh("viewer");
    expect((await oldest.ask("GET", "/api/fabrics/")).status).toBe(200);
    const newest = await server.fresh("viewer");
    const expected = { status: 401, code: "session_revoked", layer: 3 };
    await oldest.refused(expected, "GET", "/api/fabrics/");
    expect((await newest.ask("GET", "/api/fabrics/")).status).toBe(200);
  });

  test("layer 5: an unknown, a cut, an empty and an overlong cookie are nobody's", async ({
    lab,
  }) => {
    const api = await lab.server.fresh("viewer");
    const [name = "", value = ""] = api.cookie.split("=");
    const flipped = value.slice(0, -2) + (value.at(-2) === "A" ? "B" : "A") + value.slice(-1);
    for (const wrong of [flipped, value.slice(0, 20), "", "x".repeat(4000)]) {
      const { code } = await lab.server
        .stranger()
        .refused({ status: 401, code: "session_missing", layer: 5 }, "GET", "/api/fabrics/", {
          headers: { Cookie: `${name}=${wrong}` },
        });
      expect(code).toBe("session_missing");
    }
  });

  test("a doubled cookie is refused in one header line and in two", async ({ lab }) => {
    const { cookie } = await lab.server.fresh("viewer");
    const attackers = `${cookie.split("=")[0]}=attacker`;
    for (const headers of [
      ["Cookie", `${cookie}; ${attackers}`],
      ["Cookie", `${attackers}; ${cookie}`],
      ["Cookie", cookie, "Cookie", attackers],
    ]) {
      const answer = await plain(lab.server.url, { method: "GET", path: "/api/fabrics/", headers });
      const { status, problem } = answer;
      expect({ status, code: problem?.code }).toEqual({ status: 400, code: "bad_request" });
    }
  });

  test("one planted before the sign-in does not become the session", async ({ lab }) => {
    const victim = await lab.server.fresh("viewer");
    const name = victim.cookie.split("=")[0];
    const planted = `${name}=planted-by-somebody-else-1234567890`;
    const { headers } = await lab.server.stranger().ask("POST", "/api/session/", {
      headers: { Cookie: planted },
      body: { username: "viewer", password: passwords.viewer },
    });
    const [given = ""] = headers.getSetCookie();
    expect(given).toContain("HttpOnly");
    expect(given).toContain("SameSite=Lax");
    expect(given).not.toContain("planted");
    await lab.server
      .stranger()
      .refused({ status: 401, code: "session_missing", layer: 5 }, "GET", "/api/fabrics/", {
        headers: { Cookie: planted },
      });
  });

  test("signing in again ends the session before it, once calls on their way have arrived", async ({
    lab,
  }) => {
    const api = await lab.server.fresh("viewer");
    const old = { headers: { Cookie: api.cookie } };
    await api.signIn("viewer", passwords.viewer);
    expect(api.cookie).not.toBe(old.headers.Cookie);
    const stranger = lab.server.stranger();
    const asked = async () => problemOf(await stranger.ask("GET", "/api/fabrics/", old)).code;
    await expect.poll(asked).toBe("session_missing");
  });

  test("a restart ends no session and no security token", async ({ hedgerow }) => {
    const api = await hedgerow.server.fresh("administrator");
    await hedgerow.server.restart();
    await api.addFabric("after the restart");
  });
});

test.describe("the security token", () => {
  const stale = { status: 403, code: "csrf_stale", layer: 4 };
  // Once in each byte: no place of it is looked at less. That the comparison takes no less time for a better guess is
  // what tools/tidy has a rule for.
  const flippedBits = (token: string) =>
    Array.from(Buffer.from(token, "base64url"), (_, at) => {
      const bytes = Buffer.from(token, "base64url");
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes.toString("base64url");
    });

  test("D02 D04: missing, cut, of another session or with one bit flipped is csrf_stale and starts nothing", async ({
    lab,
  }) => {
    const api = await lab.server.fresh("operator");
    const other = await lab.server.fresh("operator");
    const own = api.csrf ?? "";
    const before = await countOfRuns(api, lab.fabric.id);
    for (const wrong of ["", own.slice(0, -1), `${own}A`, other.csrf ?? "", ...flippedBits(own)]) {
      const key = freshKey();
      const headers = { "Idempotency-Key": key, "X-CSRF-Token": wrong };
      await api.refused(stale, "POST", runsOf(lab), { headers, body: pull });
      const found = await api.must<List<Run>>("GET", `${runsOf(lab)}?key=${key}`);
      expect(found.count).toBe(0);
    }
    api.csrf = undefined;
    await api.refused(stale, "POST", runsOf(lab), {
      headers: { "Idempotency-Key": freshKey() },
      body: pull,
    });
    expect(await countOfRuns(api, lab.fabric.id)).toBe(before);

    // What the page does then: asks for the token, and sends the same click once more.
    const { csrf_token } = await api.must<Session>("GET", "/api/session/");
    expect(csrf_token).toBe(own);
    api.csrf = csrf_token;
    const { run } = await api.start(lab.fabric.id);
    expect((await api.ended(run.id)).outcome).toBe("succeeded");
  });

  test("every unsafe route asks for it", async ({ lab }) => {
    const api = await lab.server.fresh("administrator");
    api.csrf = undefined;
    const unsafe = closed.filter(({ method }) => method !== "GET");
    expect(unsafe.length).toBeGreaterThan(8);
    for (const { method, path } of unsafe) {
      const url = path.replace("{id}", String(lab.fabric.id));
      await api.refused(stale, method, url, { body: {} });
    }
    expect((await api.ask("GET", `/api/fabrics/${lab.fabric.id}/`)).status).toBe(200);
  });

  test("reading needs none", async ({ lab }) => {
    const api = await lab.server.fresh("viewer");
    api.csrf = undefined;
    expect((await api.fabric(lab.fabric.id)).name).toBe(lab.fabric.name);
  });

  test("C16: made with a key that was rotated is csrf_stale, and the new one finishes the same click", async ({
    hedgerow,
    cluster,
  }) => {
    const { server } = hedgerow;
    const fabric = await hedgerow.fabric({ cluster });
    const api = await server.fresh("operator");
    const old = api.csrf;
    await server.restart(async () => {
      const { code, complaints } = await server.command(["rotate-key", "csrf"]);
      expect(code, complaints).toBe(0);
    });
    const path = `/api/fabrics/${fabric.id}/runs/`;
    const key = freshKey();
    const click = (tries: number) => ({
      headers: { "Idempotency-Key": key },
      body: {
        ...pull,
        client: { clicked_at: new Date().toISOString(), tries, csrf_refreshed: tries > 1 },
      },
    });
    await api.refused(stale, "POST", path, click(1));
    const { authenticated, csrf_token } = await api.must<Session>("GET", "/api/session/");
    expect(authenticated, "the session itself goes on").toBe(true);
    expect(csrf_token).not.toBe(old);
    api.csrf = csrf_token;
    const { run } = await api.must<{ run: Run }>("POST", path, click(2));
    const ended = await api.ended(run.id);
    expect(ended.counts.created).toBe(48);
    expect(ended.trace[3]?.evidence).toContain("refresh");
    expect(await countOfRuns(api, fabric.id)).toBe(1);
  });

  test("while a server runs, its key cannot be rotated", async ({ hedgerow }) => {
    const { code, complaints } = await hedgerow.server.command(["rotate-key", "csrf"]);
    expect(code).toBe(11);
    expect(complaints).toContain("hedgerow:");
  });
});

test.describe("a request from elsewhere", () => {
  const refused = { status: 403, code: "origin_refused", layer: 4 };

  test("D06 D08: is refused whatever names it: another origin, none at all, a sandbox, a neighbour", async ({
    lab,
  }) => {
    const api = await lab.server.fresh("operator");
    const own = new URL(lab.server.url).origin;
    const before = await countOfRuns(api, lab.fabric.id);
    const elsewhere: Record<string, string>[] = [
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: `${own}.evil.example` },
      { Origin: own.replace("http:", "https:") },
      { Origin: own.replace(/:\d+$/, ":1") },
      { Origin: own, "Sec-Fetch-Site": "cross-site" },
      { Origin: own, "Sec-Fetch-Site": "same-site" },
      { Origin: own, "Sec-Fetch-Site": "none" },
    ];
    for (const headers of elsewhere) {
      const wish = { headers: { ...headers, "Idempotency-Key": freshKey() }, body: pull };
      await api.refused(refused, "POST", runsOf(lab), wish);
    }
    const nameless = await plain(lab.server.url, {
      method: "POST",
      path: runsOf(lab),
      headers: [
        ...["Cookie", api.cookie, "X-CSRF-Token", api.csrf ?? ""],
        ...["Idempotency-Key", freshKey(), "Content-Type", "application/json"],
      ],
      body: JSON.stringify(pull),
    });
    expect({ status: nameless.status, code: nameless.problem?.code }).toEqual({
      status: 403,
      code: "origin_refused",
    });
    expect(await countOfRuns(api, lab.fabric.id)).toBe(before);
    const { run } = await api.start(lab.fabric.id);
    await api.ended(run.id);
  });

  test("D12: gets no leave by a preflight", async ({ lab }) => {
    const { status, headers } = await plain(lab.server.url, {
      method: "OPTIONS",
      path: runsOf(lab),
      headers: ["Origin", "https://evil.example", "Access-Control-Request-Method", "POST"],
    });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("E06: with a token in its address is refused, and the token is not logged", async ({
    lab,
  }) => {
    const api = await lab.as("viewer");
    const token = `hgr_${freshKey()}`;
    const refused = { status: 400, code: "token_in_url", layer: 5 };
    for (const path of ["/api/fabrics/", "/fabrics/", "/", "/basic/", "/livez"])
      for (const name of ["token", "ToKeN", "access_token", "Access_Token", "%74oken"])
        await api.refused(refused, "GET", `${path}?${name}=${token}`);
    expect(lab.server.log).not.toContain(token);
    await api.must("GET", "/api/fabrics/");
  });

  test("D12: with two origins is refused, whichever of them is the right one", async ({ lab }) => {
    const { host } = new URL(lab.server.url);
    const patch = (origins: readonly string[]) =>
      say(
        lab.server.url,
        [
          `POST /api/csp-reports/ HTTP/1.1\r\nHost: ${host}`,
          ...origins.map((origin) => `Origin: ${origin}`),
          "Content-Type: application/csp-report\r\nContent-Length: 17\r\nConnection: close",
          '\r\n{"csp-report":{}}',
        ].join("\r\n"),
      );
    const own = `http://${host}`;
    for (const origins of [
      [own, "https://evil.example"],
      ["https://evil.example", own],
      [own, own],
    ]) {
      const { text } = await patch(origins);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text).toContain("two Origin headers");
    }
    expect((await patch([own])).text).toMatch(/^HTTP\/1\.1 204 /);
  });
});
