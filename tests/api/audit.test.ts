// The audit: what a person does stands there once and is kept together with it or not at all; what was refused does
// not stand there, but for a try to sign in.
import { freshKey, type Api } from "../support/api";
import { routeOf, routes } from "../support/contract";
import { codesIn, expect, test as base } from "../support/empty";
import { slowServers } from "../support/gate";
import { keep } from "../support/secrets";
import { passwords, patient, type TestServer } from "../support/server";

const forbidden = { status: 403, code: "forbidden", layer: 6 };
const missing = { status: 401, code: "session_missing", layer: 5 };
const broken = { status: 500, code: "internal_fault", layer: 9 };

// What the acts are about: a fabric that can be read, one that is paused, a session and a user to be changed.
interface Scene {
  fabric: number;
  paused: number;
  revision: number;
  session: number;
  user: number;
  run: () => Promise<number>;
}

type Call = readonly [
  method: string,
  path: string,
  body?: object,
  headers?: Record<string, string>,
];

interface Act {
  // Who does it, and who may not.
  by: "viewer" | "operator" | "administrator";
  not: "nobody" | "viewer" | "operator";
  writes: string;
  call: (scene: Scene) => Call | Promise<Call>;
  refusal?: typeof forbidden;
}

const pull = { operation: "pull" };
const password = keep("carol's password", "gulls over the slipway");
const keyed = () => ({ "Idempotency-Key": freshKey() });

const acts: Record<string, Act> = {
  "adding a fabric": {
    ...{ by: "administrator", not: "operator", writes: "fabric.create" },
    call: () => ["POST", "/api/fabrics/", { name: "another" }, keyed()],
  },
  "changing a fabric": {
    ...{ by: "administrator", not: "operator", writes: "fabric.edit" },
    call: ({ paused, revision }) => {
      return [
        "PATCH",
        `/api/fabrics/${paused}/`,
        { site: "Oslo" },
        { "If-Match": `"${revision}"` },
      ];
    },
  },
  "starting a run": {
    ...{ by: "operator", not: "viewer", writes: "run.start" },
    call: ({ fabric }) => ["POST", `/api/fabrics/${fabric}/runs/`, pull, keyed()],
  },
  "joining a run": {
    ...{ by: "administrator", not: "viewer", writes: "run.join" },
    call: ({ fabric }) => ["POST", `/api/fabrics/${fabric}/runs/`, pull, keyed()],
  },
  "cancelling a run": {
    ...{ by: "operator", not: "viewer", writes: "run.cancel" },
    call: async ({ run }) => ["POST", `/api/runs/${await run()}/cancel/`],
  },
  "resuming a fabric": {
    ...{ by: "administrator", not: "operator", writes: "fabric.resume" },
    call: ({ paused }) => ["POST", `/api/fabrics/${paused}/resume/`],
  },
  "deleting a fabric": {
    ...{ by: "administrator", not: "operator", writes: "fabric.delete" },
    call: ({ paused }) => ["DELETE", `/api/fabrics/${paused}/?name=paused`],
  },
  "making a user": {
    ...{ by: "administrator", not: "operator", writes: "user.create" },
    call: () => ["POST", "/api/users/", { username: "carol", password, role: "viewer" }],
  },
  "giving a role": {
    ...{ by: "administrator", not: "operator", writes: "user.edit" },
    call: ({ user }) => [
      "PATCH",
      `/api/users/${user}/`,
      { role: "operator" },
      { "If-Match": '"1"' },
    ],
  },
  "ending another's session": {
    ...{ by: "administrator", not: "operator", writes: "session.end" },
    call: ({ session }) => ["DELETE", `/api/sessions/${session}/`],
    refusal: { status: 404, code: "not_found", layer: 2 },
  },
  "signing out": {
    ...{ by: "viewer", not: "nobody", writes: "session.end" },
    call: () => ["DELETE", "/api/session/"],
    refusal: missing,
  },
};

// Unsafe routes beside those of the acts: signing in has tests of its own, the others change nothing that lasts.
const others = [
  ...["POST /api/session/", "POST /api/setup/", "PATCH /api/session/"],
  ...["POST /api/connection-tests/", "POST /api/csp-reports/", "POST /api/client-reports/"],
];

class Audit {
  private last = 0;

  constructor(private readonly server: TestServer) {}

  // What was added since the last look.
  async more(): Promise<string[]> {
    const rows = await this.server.record.rows<{ id: number; action: string; result: string }>(
      `SELECT id, action, result FROM audit WHERE id > ${this.last} ORDER BY id`,
    );
    this.last = rows.at(-1)?.id ?? this.last;
    return rows.map(({ action, result }) => (result === "done" ? action : `${action} ${result}`));
  }

  // Nothing can be written into it meanwhile.
  async closed(meanwhile: () => Promise<unknown>): Promise<void> {
    const abort = "BEGIN SELECT RAISE(ABORT, 'the audit is closed'); END";
    await this.server.record.change(`CREATE TRIGGER closed BEFORE INSERT ON audit ${abort}`);
    await meanwhile();
    await this.server.record.change("DROP TRIGGER closed");
  }

  // All that an act may change, and nothing that changes by itself.
  async record(): Promise<unknown> {
    return await this.server.record.rows(
      "SELECT 'fabric' AS what, id, name || site || ifnull(paused_since, '') AS how FROM fabrics " +
        "UNION ALL SELECT 'run', id, state = 'ended' OR cancel_by <> '' FROM runs " +
        "UNION ALL SELECT 'user', id, role || revision FROM users " +
        "UNION ALL SELECT 'session', id, ended FROM sessions " +
        "UNION ALL SELECT 'key', user_id, key FROM request_keys",
    );
  }
}

const test = base.extend<{ audit: Audit }>({
  audit: async ({ hedgerow }, use) => {
    hedgerow.server.allowedInLog.push(/internal_fault/);
    await use(new Audit(hedgerow.server));
  },
});

test("every route that changes something has its act here", async () => {
  const run = () => Promise.resolve(1);
  const known = Object.values(acts).map(async ({ call }) => {
    const [method, path] = await call({
      fabric: 1,
      paused: 1,
      revision: 1,
      session: 1,
      user: 1,
      run,
    });
    return `${method} ${routeOf(method, path.replace(/\?.*/, ""))?.path}`;
  });
  const unsafe = routes.filter(({ method }) => method !== "GET");
  expect(new Set([...(await Promise.all(known)), ...others])).toEqual(
    new Set(unsafe.map(({ method, path }) => `${method} ${path}`)),
  );
});

test.describe("while a run goes on", () => {
  test.use({ settings: { ...patient, "sessions.touch_after": "1h" } });

  test("each act stands in the audit once, together with what it did or neither does, and a refused one never", async ({
    hedgerow,
    cluster,
    gate,
    audit,
  }) => {
    const { server } = hedgerow;
    const { id: fabric } = await hedgerow.fabric({ cluster, through: gate });
    const administrator = await server.as("administrator");
    const { id: paused, revision } = await administrator.addFabric("paused");
    const because = "paused_since = 1, paused_by = 'Hedgerow', pause_reason = 'It died of it.'";
    await server.record.change(`UPDATE fabrics SET ${because} WHERE id = ${paused}`);
    const [viewer, operator] = [await server.fresh("viewer"), await server.fresh("operator")];
    const people = { viewer, operator, administrator, nobody: server.stranger() };
    const scene: Scene = {
      fabric,
      paused,
      revision,
      session: (await (await server.fresh("viewer")).ownSession()).id,
      user: (await administrator.account("viewer")).id,
      run: async () => (await operator.fabric(fabric)).recent_runs[0]?.id ?? 0,
    };
    await gate.rule(slowServers);
    await audit.more();
    for (const [what, act] of Object.entries(acts)) {
      const [method, path, body, headers = {}] = await act.call(scene);
      const wish = { headers, ...(body && { body }) };
      const before = await audit.record();
      await people[act.not].refused(act.refusal ?? forbidden, method, path, wish);
      expect(await audit.more(), `${what}, refused`).toEqual([]);
      await audit.closed(() => people[act.by].refused(broken, method, path, wish));
      expect(await audit.record(), `${what}, without an audit`).toEqual(before);
      await people[act.by].must(method, path, wish);
      expect(await audit.more(), what).toEqual([act.writes]);
      expect(await audit.record(), what).not.toEqual(before);
    }
    await gate.dropAll();
    const ended = await operator.ended(await scene.run());
    expect(ended.outcome).toBe("cancelled");
    expect((await operator.pull(fabric)).outcome).toBe("succeeded");
    expect((await operator.objects(fabric)).count).toBe(48);
  });
});

test("signing in stands in the audit, and so does a wrong password, but nobody is signed in without it", async ({
  hedgerow,
  audit,
}) => {
  const { server } = hedgerow;
  const signIn = (api: Api, word: string) =>
    api.ask("POST", "/api/session/", { body: { username: "viewer", password: word } });
  const viewer = server.stranger();
  await audit.more();
  expect((await signIn(viewer, "wrong")).status).toBe(401);
  expect(await audit.more()).toEqual(["session.create refused"]);
  await audit.closed(async () => {
    expect((await signIn(viewer, passwords.viewer)).status).toBe(500);
    await viewer.refused(missing, "GET", "/api/fabrics/");
  });
  expect((await signIn(viewer, passwords.viewer)).status).toBe(200);
  expect(await audit.more()).toEqual(["session.create"]);
  expect((await signIn(viewer, passwords.viewer)).status).toBe(200);
  expect(await audit.more(), "the session before it").toEqual(["session.end", "session.create"]);
});

test("what is done at the command line stands there too: a user made, the key of the pages rotated", async ({
  hedgerow,
  audit,
}) => {
  const { server } = hedgerow;
  await server.stop();
  const make = ["user", "create", "carol", "--role", "viewer", "--password-stdin"];
  expect((await server.command(make, "short\n")).code).not.toBe(0);
  expect((await server.command(["rotate-key", "pages"])).code).not.toBe(0);
  await audit.more();
  expect((await server.command(make, `${password}\n`)).code).toBe(0);
  expect(await audit.more()).toEqual(["user.create"]);
  expect((await server.command(["rotate-key", "csrf"])).code).toBe(0);
  expect(await audit.more()).toEqual(["csrf_key.rotate"]);
  await server.begin();
});

test("so does the first administrator, and a wrong code makes none", async ({ empty }) => {
  const audit = new Audit(empty);
  const [code = ""] = codesIn(empty.log);
  const setUp = (typed: string) =>
    empty
      .stranger()
      .ask("POST", "/api/setup/", { body: { code: typed, username: "carol", password } });
  expect((await setUp(freshKey())).status).toBe(401);
  expect(await audit.more()).toEqual([]);
  expect((await setUp(code)).status).toBe(200);
  expect(await audit.more()).toEqual(["user.create", "session.create"]);
});
