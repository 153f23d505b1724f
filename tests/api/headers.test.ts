// The headers that keep browsers in check, on every kind of answer there is: of each route, by whomever it is asked,
// good or refused or broken, of pages, files, forms, streams, and of requests that are none.
import { request as plainly, type IncomingHttpHeaders } from "node:http";
import { request as byTls } from "node:https";
import { freshKey } from "../support/api";
import { certified } from "../support/certificate";
import { routes } from "../support/contract";
import { expect, test } from "../support/fixtures";
import { passwords, TestServer } from "../support/server";

interface Ask {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

interface Answer {
  what: string;
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

// Of an endless stream its head alone.
function answerOf(base: string, { method, path, headers = {}, body }: Ask): Promise<Answer> {
  const send = base.startsWith("https:") ? byTls : plainly;
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const words = { hostname, port, method, path, agent: false, rejectUnauthorized: false };
    const sent = send({ ...words, headers }, (got) => {
      const { statusCode: status = 0 } = got;
      const said = { what: `${method} ${path.slice(0, 60)} → ${status}`, status };
      let text = "";
      const done = () => resolve({ ...said, headers: got.headers, text });
      if (got.headers["content-type"]?.startsWith("text/event-stream")) {
        done();
        got.destroy();
      }
      got.setEncoding("utf8").on("data", (part: string) => (text += part));
      got.on("end", done).on("error", reject);
    });
    sent.on("error", reject).end(body);
  });
}

const json = { "Content-Type": "application/json" };

// Each route with ids that stand for something, where reading, and for nothing, where removing.
const asked = routes
  .map(({ method, path }): Ask => {
    const id = method === "DELETE" ? "999" : "1";
    const unsafe = method !== "GET";
    const body = unsafe && method !== "DELETE" ? { body: "{}" } : {};
    return { method, path: path.replace("{id}", id), headers: unsafe ? json : {}, ...body };
  })
  // Signing out comes last.
  .sort((a, b) => Number(a.method === "DELETE") - Number(b.method === "DELETE"));

const report = JSON.stringify({ "csp-report": { "blocked-uri": "inline" } });
const fault = JSON.stringify({ code: "view_fault", view: "fabrics" });

const odd: Ask[] = [
  { method: "GET", path: "/api/nothing/" },
  { method: "GET", path: "/api/fabrics/", headers: { Host: "a b" } },
  { method: "GET", path: "/%zz" },
  { method: "GET", path: `/${"x".repeat(9_000)}` },
  { method: "GET", path: "/livez", headers: { "X-Long": "x".repeat(40_000) } },
  { method: "HEAD", path: "/livez" },
  { method: "OPTIONS", path: "/livez" },
  { method: "PUT", path: "/api/session/" },
  { method: "GET", path: "/metrics", headers: { "X-Forwarded-For": "192.0.2.7" } },
  { method: "POST", path: "/api/session/", headers: json, body: "x".repeat(1_100_000) },
  { method: "POST", path: "/api/session/", headers: { "Content-Type": "text/plain" }, body: "x" },
  {
    ...{ method: "POST", path: "/api/session/", body: "{}" },
    headers: { ...json, Origin: "https://evil.example" },
  },
  {
    ...{ method: "POST", path: "/api/csp-reports/", body: report },
    headers: { "Content-Type": "application/csp-report" },
  },
  { method: "GET", path: "/assets/nothing.js" },
  { method: "GET", path: "/basic/" },
  { method: "GET", path: "/basic/runs/1/" },
];

const off = "accelerometer autoplay camera display-capture fullscreen geolocation microphone usb";
const own = "script-src font-src connect-src form-action".split(" ");
const none = "default-src base-uri object-src frame-ancestors".split(" ");

function expectPolicy({ what, headers, text }: Answer): void {
  const policy = String(headers["content-security-policy"]);
  const rules = new Map(
    policy.split("; ").map((rule) => rule.split(/ (.*)/s, 2) as [string, string]),
  );
  expect(rules.get("default-src"), what).toBe("'none'");
  expect(rules.get("frame-ancestors"), what).toBe("'none'");
  expect(policy, what).not.toMatch(/unsafe|\*|http:|https:/);
  if (!text.startsWith("<!doctype html>")) return;
  const nonce = /nonce="([\w-]{20,})"/.exec(text)?.[1];
  expect(rules.get("style-src"), what).toContain(`'nonce-${nonce}'`);
  expect(rules.get("base-uri"), what).toBe("'none'");
  expect(rules.get("form-action"), what).toBe("'self'");
  if (!text.includes("<script")) return;
  for (const name of own) expect(rules.get(name), `${what} ${name}`).toBe("'self'");
  for (const name of none) expect(rules.get(name), `${what} ${name}`).toBe("'none'");
  expect(rules.get("img-src"), what).toBe("'self' data:");
  expect(rules.get("require-trusted-types-for"), what).toBe("'script'");
  expect(rules.get("report-uri"), what).toBe("/api/csp-reports/");
}

function expectHeaders(answer: Answer, tls: boolean): void {
  const { what, headers } = answer;
  expectPolicy(answer);
  const isAsset = what.includes("/assets/index");
  expect(
    {
      sniff: headers["x-content-type-options"],
      referrer: headers["referrer-policy"],
      resource: headers["cross-origin-resource-policy"],
      opener: headers["cross-origin-opener-policy"],
      strict: headers["strict-transport-security"],
      cache: headers["cache-control"],
      server: headers.server,
      powered: headers["x-powered-by"],
    },
    what,
  ).toEqual({
    sniff: "nosniff",
    referrer: "same-origin",
    resource: "same-origin",
    opener: tls ? "same-origin" : undefined,
    strict: tls ? "max-age=31536000; includeSubDomains" : undefined,
    cache: isAsset ? "public, max-age=31536000, immutable" : "no-store",
    server: undefined,
    powered: undefined,
  });
  const permissions = String(headers["permissions-policy"]).split(", ");
  expect(permissions, what).toEqual(expect.arrayContaining(off.split(" ").map((it) => `${it}=()`)));
  expect(
    permissions.filter((it) => !it.endsWith("=()")),
    what,
  ).toEqual([]);
}

// Every kind of answer that this server gives, to a stranger, to an administrator, and when it is broken.
async function answersOf(server: TestServer): Promise<Answer[]> {
  const { url } = server;
  const origin = { Origin: new URL(url).origin };
  const ask = ({ headers, ...it }: Ask) =>
    answerOf(url, { ...it, headers: { ...origin, ...headers } });
  const body = JSON.stringify({ username: "administrator", password: passwords.administrator });
  const entered = await ask({ method: "POST", path: "/api/session/", headers: json, body });
  const { csrf_token } = JSON.parse(entered.text) as { csrf_token: string };
  const cookie = entered.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  const proof = { Cookie: cookie, "X-CSRF-Token": csrf_token };
  const signedIn = (it: Ask) => ask({ ...it, headers: { ...it.headers, ...proof } });

  const answers = [entered];
  const fabric = { ...json, "Idempotency-Key": freshKey() };
  answers.push(
    ...[
      await signedIn({
        method: "POST",
        path: "/api/fabrics/",
        headers: fabric,
        body: '{"name":"a"}',
      }),
      await signedIn({ method: "POST", path: "/api/client-reports/", headers: json, body: fault }),
    ],
  );
  for (const it of [...asked, ...odd]) answers.push(await ask(it));
  // What a transaction of any request reads is not there.
  await server.record.change("ALTER TABLE users RENAME TO hidden");
  for (const it of asked) answers.push(await signedIn(it));
  answers.push(await signedIn({ method: "GET", path: "/basic/fabrics/1/" }));
  await server.record.change("ALTER TABLE hidden RENAME TO users");

  const page = await ask({ method: "GET", path: "/fabrics/1/" });
  const path = /\/assets\/index[^"]*\.js/.exec(page.text)?.[0] ?? "";
  const file = await ask({ method: "GET", path });
  const same = { "If-None-Match": String(file.headers.etag) };
  answers.push(page, file, await ask({ method: "GET", path, headers: same }));
  answers.push(await signedIn({ method: "GET", path: "/basic/" }));
  answers.push(await signedIn({ method: "GET", path: "/basic/fabrics/1/" }));
  const form = { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" } };
  const fields = new URLSearchParams(JSON.parse(body) as Record<string, string>).toString();
  answers.push(await ask({ ...form, path: "/basic/sign-in/", body: fields }));
  for (const it of asked) answers.push(await signedIn(it));
  return answers;
}

const kinds = [200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 413, 414, 415, 428, 431, 500];

for (const how of ["plain HTTP", "TLS"])
  test(`by ${how} every answer has all the headers that keep browsers in check`, async ({
    hedgerow,
    serverTemplate,
  }, info) => {
    const tls = how === "TLS";
    let { server } = hedgerow;
    if (tls) server = await TestServer.start(serverTemplate, (await certified(info)).settings);
    server.allowedInLog.push(/internal_fault|no such table/);
    const answers = await answersOf(server);
    for (const answer of answers) expectHeaders(answer, tls);
    const seen = new Set(answers.map(({ status }) => status));
    expect(
      kinds.filter((status) => !seen.has(status)),
      "kinds of answers that did not come",
    ).toEqual([]);
    const out = answers.filter(({ what }) => what === "DELETE /api/session/ → 200");
    // Over unprotected HTTP browsers do not know it; this test comes by the loopback.
    expect(out.map(({ headers }) => headers["clear-site-data"])).toEqual(['"cache"']);
    if (tls) await server.remove();
  });
