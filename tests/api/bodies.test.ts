// Requests that are not what the contract asks for: each is refused by its own code before anything is done.
import { freshKey } from "../support/api";
import { keep } from "../support/secrets";
import type { Fabric, List, Problem } from "../support/types";
import { expect, test } from "../support/fixtures";
import type { Lab } from "../support/lab";
import { plain } from "./plain";

const invalid = { status: 400, code: "invalid", layer: 2 };

async function send(lab: Lab, body: string | Buffer, type = "application/json", path?: string) {
  const api = await lab.as("administrator");
  return await plain(lab.server.url, {
    method: "POST",
    path: path ?? "/api/fabrics/",
    headers: [
      ...["Cookie", api.cookie, "X-CSRF-Token", api.csrf ?? ""],
      ...["Origin", new URL(lab.server.url).origin, "Idempotency-Key", freshKey()],
      ...(type ? ["Content-Type", type] : []),
    ],
    body,
  });
}

const said = ({ status, problem }: { status: number; problem: Problem | undefined }) => ({
  status,
  code: problem?.code,
  layer: problem?.layer,
});

const fabrics = async (lab: Lab) =>
  (await (await lab.as("viewer")).must<List<Fabric>>("GET", "/api/fabrics/")).count;

const notOneObject: Record<string, string | Buffer> = {
  "an empty body": "",
  "no JSON": "name=lab",
  "half of it": '{"name": "lab"',
  "more than one": '{"name": "lab"} {"name": "lab"}',
  "a list": '[{"name": "lab"}]',
  "a text": '"lab"',
  "a number": "7",
  null: "null",
  "a comment in it": '{"name": "lab" /* here */}',
  "a trailing comma": '{"name": "lab",}',
  "single quotes": "{'name': 'lab'}",
  "NaN in it": '{"name": "lab", "site": NaN}',
  "depth 10,000": `{"name":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
  "depth 100 of objects": `{"cluster":${'{"a":'.repeat(100)}1${"}".repeat(100)}}`,
  "bad UTF-8 in a text": Buffer.from([...Buffer.from('{"name": "l'), 0xff, 0xfe, 0x22, 0x7d]),
  "an overlong encoding": Buffer.from([...Buffer.from('{"name": "l'), 0xc0, 0xaf, 0x22, 0x7d]),
  "half of a surrogate pair": '{"name": "\\ud83d"}',
  "a raw control character in a text": '{"name": "l\u0001ab"}',
  "a byte order mark of UTF-16": Buffer.from('\ufeff{"name": "lab"}', "utf16le"),
};

for (const [what, body] of Object.entries(notOneObject))
  test(`a body that is ${what} is invalid and makes nothing`, async ({ lab }) => {
    const before = await fabrics(lab);
    expect(said(await send(lab, body))).toEqual(invalid);
    expect(await fabrics(lab)).toBe(before);
  });

test("every field that cannot be accepted is named at once", async ({ lab }) => {
  const body = { name: 7, nmae: "lab", site: "x".repeat(101), shares_cluster: "yes", cluster: [] };
  const answer = await send(lab, JSON.stringify(body));
  expect(said(answer)).toEqual(invalid);
  expect(answer.problem?.errors?.map(({ field }) => field).sort()).toEqual(
    Object.keys(body).sort(),
  );
});

test("an unknown field of an inner object is named by its whole path", async ({ lab }) => {
  const answer = await send(lab, '{"name": "lab", "cluster": {"sever": "https://x"}}');
  expect(said(answer)).toEqual(invalid);
  expect(answer.problem?.errors?.map(({ field }) => field)).toContain("cluster.sever");
});

test("a key that stands twice is refused, not guessed at", async ({ lab }) => {
  const before = await fabrics(lab);
  const answer = await send(lab, '{"name": "one", "name": "two"}');
  expect(said(answer)).toEqual(invalid);
  expect(answer.problem?.errors?.[0]).toEqual({ field: "name", detail: "It stands twice." });
  expect(await fabrics(lab)).toBe(before);
});

test("what is refused is never repeated when it may be a secret", async ({ lab }) => {
  const token = keep("a mistyped token", `mistyped ${freshKey()}`);
  const cluster = { server: "https://127.0.0.1:1", ca: "rubbish", token };
  for (const path of ["/api/fabrics/", "/api/connection-tests/"]) {
    const body = JSON.stringify({ ...(path === "/api/fabrics/" && { name: "x" }), cluster });
    const answer = await send(lab, body, "application/json", path);
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain(token);
  }
});

const otherTypes = [
  "",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/jsonx",
  "application/merge-patch+json",
];
for (const type of otherTypes)
  test(`the content type "${type}" is refused, as a form of another site would have it`, async ({
    lab,
  }) => {
    const before = await fabrics(lab);
    const answer = await send(lab, '{"name": "lab"}', type);
    expect(said(answer)).toEqual({ status: 415, code: "unsupported_media_type", layer: 2 });
    expect(await fabrics(lab)).toBe(before);
  });

test("a charset beside the content type is fine", async ({ lab }) => {
  const body = JSON.stringify({ name: `charset ${freshKey().slice(0, 6)}` });
  const { status } = await send(lab, body, "Application/JSON; charset=utf-8");
  expect(status).toBe(201);
});

test("a body of 2 MiB is too_large where none so large makes sense", async ({ lab }) => {
  const tooLarge = { status: 413, code: "too_large", layer: 2 };
  const reason = "x".repeat(2 << 20);
  const runs = `/api/fabrics/${lab.fabric.id}/runs/`;
  const body = JSON.stringify({ operation: "pull", reason });
  expect(said(await send(lab, body, "application/json", runs))).toEqual(tooLarge);
  expect(said(await send(lab, body, "application/json", "/api/session/"))).toEqual(tooLarge);
  expect(said(await send(lab, body, "application/json", "/api/users/"))).toEqual(tooLarge);
});

test("an address of 16 KiB and headers of 64 KiB are refused by name", async ({ lab }) => {
  const long = await plain(lab.server.url, {
    method: "GET",
    path: `/api/fabrics/?q=${"x".repeat(16 << 10)}`,
  });
  expect(said(long)).toEqual({ status: 414, code: "uri_too_long", layer: 2 });
  const wide = await plain(lab.server.url, {
    method: "GET",
    path: "/api/fabrics/",
    headers: ["X-Wide", "x".repeat(64 << 10)],
  });
  expect(said(wide)).toEqual({ status: 431, code: "headers_too_large", layer: 2 });
});

test("a run takes its known operations and nothing else", async ({ lab }) => {
  const api = await lab.as("operator");
  const path = `/api/fabrics/${lab.fabric.id}/runs/`;
  const bodies: [object, string][] = [
    [{}, "operation"],
    [{ operation: "drop" }, "operation"],
    [{ operation: "push" }, "operation"],
    [{ operation: "PULL" }, "operation"],
    [{ operation: "pull", kinds: ["Server"] }, "kinds"],
    [{ operation: "pull", follow_up: 1 }, "follow_up"],
    [{ operation: "pull", reason: "x".repeat(501) }, "reason"],
    [{ operation: "pull", client: { clicked_at: "yesterday" } }, "client.clicked_at"],
    [{ operation: "pull", client: { tries: -1 } }, "client.tries"],
    [{ operation: "pull", client: { tries: 1.5 } }, "client.tries"],
  ];
  for (const [body, field] of bodies) {
    const headers = { "Idempotency-Key": freshKey() };
    const problem = await api.refused(invalid, "POST", path, { headers, body });
    const named = problem.errors?.map((it) => it.field);
    expect(named, JSON.stringify(body)).toEqual([field]);
  }
});

test("a user needs a name, a password worth the name and a role that exists", async ({ lab }) => {
  const api = await lab.as("administrator");
  const password = keep("a new user's password", `long enough ${freshKey()}`);
  const good = { username: `user-${freshKey().slice(0, 8)}`, password, role: "viewer" };
  const wrong: [object, string][] = [
    [{ ...good, username: "" }, "username"],
    [{ ...good, username: " padded " }, "username"],
    [{ ...good, username: "line\nbreak" }, "username"],
    [{ ...good, username: "viewer" }, "username"],
    [{ ...good, username: "VIEWER" }, "username"],
    [{ ...good, password: "too short" }, "password"],
    [{ ...good, password: "x".repeat(1025) }, "password"],
    [{ ...good, password: "ababababababababab" }, "password"],
    [{ ...good, role: "root" }, "role"],
    [{ ...good, admin: true }, "admin"],
  ];
  for (const [body, field] of wrong) {
    const problem = await api.refused(invalid, "POST", "/api/users/", { body });
    expect(
      problem.errors?.map((it) => it.field),
      JSON.stringify({ ...body, password: "" }),
    ).toContain(field);
  }
  expect((await api.ask("POST", "/api/users/", { body: good })).status).toBe(201);
  const session = await lab.server.stranger().signIn(good.username, password);
  expect(session.permissions).toEqual(["fabric.view"]);
});
