// Family E: who signs in, who guesses, and how much of the server they may take. It is counted and timed in the numbers
// of design and threat model; only the 2,000 samples of E01 are fewer where nobody has time for what takes long.
import type { Api } from "../support/api";
import { expect, test } from "../support/fixtures";
import { inTurns, middle, p99, spending } from "../support/others";
import { until } from "../support/process";
import { keep } from "../support/secrets";
import { passwords, TestServer } from "../support/server";
import { thorough } from "../support/tree";
import type { Account, List, OpenSession, Problem } from "../support/types";

const badCredentials = { status: 401, code: "bad_credentials", layer: 5 };
const locked = { status: 429, code: "account_locked", layer: 5 };
const invalid = { status: 400, code: "invalid", layer: 2 };

const guess = (username: string, password = "not the password of anybody") => ({
  body: { username, password },
});

// Nobody here is held up for the address that all of them share.
const noBucket = { "sign_in.address_burst": 1_000_000 };

interface Tried {
  status: number;
  code: string;
  detail: string;
  retryAfter: string | null;
}

async function tried(api: Api, username: string): Promise<Tried> {
  const { status, body, headers } = await api.ask<Problem>(
    "POST",
    "/api/session/",
    guess(username),
  );
  const { code, detail } = body;
  return { status, code, detail, retryAfter: headers.get("Retry-After") };
}

// So many at a time, and all of them in the end.
async function someAtATime<T>(
  count: number,
  atOnce: number,
  ask: (at: number) => Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  while (found.length < count) {
    const from = found.length;
    const some = Array.from({ length: Math.min(atOnce, count - from) }, (_, at) => ask(from + at));
    found.push(...(await Promise.all(some)));
  }
  return found;
}

const signsIn = async (api: Api, username: keyof typeof passwords) =>
  await until(`the sign-in of the ${username}`, async () => {
    const wish = guess(username, passwords[username]);
    const { status } = await api.ask("POST", "/api/session/", wish);
    return status === 200 ? true : undefined;
  });

test.describe("a wrong password and an unknown name", () => {
  test.use({ settings: { ...noBucket, "sign_in.free_failures": 1_000_000 } });

  test("E01: have the same answer, and take the same time", async ({ hedgerow }) => {
    test.setTimeout(180_000);
    const stranger = hedgerow.server.stranger();
    const took: Record<string, number[]> = { operator: [], "nobody-of-ours": [] };
    const said = new Set<string>();
    // In turns, so that whatever else the machine does befalls both.
    for (let samples = 0; samples < (thorough ? 1_000 : 40); samples += 1)
      for (const [username, times] of Object.entries(took)) {
        const began = performance.now();
        const { body, status } = await stranger.ask<Problem>(
          "POST",
          "/api/session/",
          guess(username),
        );
        times.push(performance.now() - began);
        const { code, title, detail, hint, layer } = body;
        said.add(JSON.stringify({ status, code, title, detail, hint, layer }));
      }
    expect([...said].length, [...said].join("\n")).toBe(1);
    expect([...said][0]).toContain('"code":"bad_credentials"');
    const [known = 0, unknown = 0] = Object.values(took).map(middle);
    const apart = Math.abs(known - unknown) / Math.max(known, unknown);
    const figures = `medians ${known.toFixed(2)} and ${unknown.toFixed(2)} ms`;
    test.info().annotations.push({ type: "measured", description: figures });
    // A name that is not hashed for is answered in a tenth of the time.
    expect(apart, figures).toBeLessThan(thorough ? 0.05 : 0.5);
    await stranger.signIn("operator", passwords.operator);
  });
});

test.describe("guesses that lock for minutes", () => {
  test.use({
    settings: { ...noBucket, "sign_in.first_lock": "1m", "sign_in.longest_lock": "15m" },
  });

  test(
    "E01: on an account and on a name of nobody are told to wait alike, at once, after a quiet and after a start",
    { tag: "@release" },
    async ({ hedgerow }) => {
      const { server } = hedgerow;
      await server.stop();
      await server.begin("+0");
      const stranger = server.stranger();
      const names = ["operator", "nobody-of-ours"];
      const told = async (times: number) => {
        const said: number[][] = names.map(() => []);
        for (let turn = 0; turn < times; turn += 1)
          for (const [at, name] of names.entries())
            said[at]?.push((await tried(stranger, name)).status);
        return said;
      };
      const alike = (statuses: number[]) => names.map(() => statuses);
      const first = [401, 401, 401, 401, 401, 429];
      expect(await told(6)).toEqual(alike(first));
      server.setClock("+5m");
      expect(await told(2), "after a quiet shorter than the longest lock").toEqual(
        alike([401, 429]),
      );
      await server.stop();
      await server.begin("+5m");
      expect(await told(1), "after a start").toEqual(alike([429]));
      server.setClock("+1h");
      expect(await told(6), "after a long quiet").toEqual(alike(first));
      server.setClock("+2h");
      await server.stranger().signIn("operator", passwords.operator);
    },
  );
});

test.describe("guesses", () => {
  test.use({ settings: noBucket });

  test("E02: on one account are told to wait after five, and who is signed in is not disturbed", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const owner = await server.fresh("operator");
    const stranger = server.stranger();
    const began = Date.now();
    const said = await someAtATime(1_000, 10, () => tried(stranger, "operator"));
    // One more is free after each lock: 1, 2, 4 … s.
    const locks = Math.floor(Math.log2((Date.now() - began) / 1_000 + 1));
    const verified = said.filter(({ code }) => code === "bad_credentials").length;
    expect(verified).toBeGreaterThanOrEqual(5);
    expect(verified).toBeLessThanOrEqual(5 + locks);
    for (const { status, code, retryAfter } of said.filter((it) => it.status !== 401)) {
      expect({ status, code }).toEqual({ status: 429, code: "account_locked" });
      expect(Number(retryAfter)).toBeGreaterThan(0);
    }
    await owner.must("PATCH", "/api/session/");
    await server.fresh("viewer");
    await signsIn(stranger, "operator");
  });

  test("E02: on one account keep its owner out of no browser in which they have signed in", async ({
    hedgerow,
    page,
  }) => {
    const { server } = hedgerow;
    await page.signIn("operator");
    await page.getByRole("button", { name: "operator" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    const [owner, neighbour] = [await server.fresh("operator"), await server.fresh("viewer")];
    const stranger = server.stranger();
    const attack = async () => {
      for (let tries = 0; tries < 12; tries += 1) await tried(stranger, "operator");
      const wish = guess("operator", passwords.operator);
      for (const api of [server.stranger(), neighbour])
        await api.refused(locked, "POST", "/api/session/", wish);
    };
    await attack();
    await page.signIn("operator");
    await owner.signIn("operator", passwords.operator);
    // What is guessed in the owner's own browser is counted there, and nowhere else.
    const elsewhere = await server.stranger().ask("POST", "/api/session/", guess("operator"));
    expect(elsewhere.status, "the account is as locked as before").toBe(429);
    const wrong = [];
    for (let tries = 0; tries < 6; tries += 1) wrong.push((await tried(owner, "operator")).status);
    expect(wrong).toEqual([401, 401, 401, 401, 401, 429]);
    await signsIn(owner, "operator");
    await server.restart();
    await attack();
    await owner.signIn("operator", passwords.operator);
    // Where a session was ended from elsewhere, somebody else may sit.
    await signsIn(stranger, "operator");
    const there = await server.fresh("operator");
    const { results } = await there.must<List<OpenSession>>("GET", "/api/sessions/");
    const other = results.find(({ current }) => !current)?.id ?? 0;
    await there.must("DELETE", `/api/sessions/${other}/`);
    await attack();
    await owner.refused(locked, "POST", "/api/session/", guess("operator", passwords.operator));
    await signsIn(server.stranger(), "operator");
  });
});

test.describe("guesses at names without an account", () => {
  // Counters are looked at here, and not what a hash costs.
  test.use({ settings: { ...noBucket, "sign_in.hash_memory_mib": 1 } });

  test(
    "E03: of strange names push out no counter: the fifth wrong one of an account still locks it",
    { tag: "@long" },
    async ({ hedgerow }) => {
      test.setTimeout(180_000);
      const stranger = hedgerow.server.stranger();
      for (const username of ["operator", "somebody-strange"])
        for (let tries = 0; tries < 4; tries += 1)
          await stranger.refused(badCredentials, "POST", "/api/session/", guess(username));
      const said = await someAtATime(10_000, 16, (at) => tried(stranger, `name-${at}`));
      const codes = new Set(said.map(({ code }) => code));
      codes.delete("account_locked");
      expect([...codes]).toEqual(["bad_credentials"]);
      for (const username of ["operator", "somebody-strange"]) {
        await stranger.ask("POST", "/api/session/", guess(username));
        await stranger.refused(locked, "POST", "/api/session/", guess(username));
      }
      await signsIn(stranger, "operator");
    },
  );
});

test.describe("200 sign-ins at once", () => {
  // As costly as out there; names without an account cost as much as others.
  test.use({ settings: { ...noBucket, "sign_in.hash_memory_mib": 64 } });

  const limited =
    "E04: queue up to a limit, the rest are told to come back, and the pages' p99 stays within twice that of a server without them";
  test(limited, { tag: "@release" }, async ({ hedgerow, serverTemplate }) => {
    const { server } = hedgerow;
    const control = await TestServer.start(serverTemplate);
    const viewers = [await server.fresh("viewer"), await control.fresh("viewer")] as const;
    const asks = [
      () => viewers[0].must("GET", "/api/fabrics/"),
      () => viewers[1].must("GET", "/api/fabrics/"),
    ] as const;
    const [quiet] = await inTurns(asks, 200);
    const spent = spending([server, control]);
    let storm = true;
    const all = Promise.all(
      Array.from({ length: 200 }, (_, at) => tried(server.stranger(), `name-${at}`)),
    ).finally(() => (storm = false));
    const during: number[] = [];
    const elsewhere: number[] = [];
    const atWork: number[] = [];
    while (storm) {
      const [here, there] = await inTurns(asks, 5);
      during.push(...here);
      elsewhere.push(...there);
      const { text } = await server.stranger().ask("GET", "/metrics");
      atWork.push(Number(/what="busy_heavy_workers"\} (\d+)/.exec(text)?.[1]));
    }
    const said = await all;
    const busy = said.filter(({ status }) => status === 503);
    const verified = said.filter(({ status }) => status === 401);
    expect(busy.length + verified.length).toBe(200);
    // Two are hashed while 32 wait; a few more came as places fell free.
    expect(verified.length).toBeGreaterThanOrEqual(32);
    expect(verified.length).toBeLessThan(100);
    for (const { code, retryAfter } of busy) {
      expect(code).toBe("unavailable");
      expect(Number(retryAfter)).toBeGreaterThan(0);
    }
    const longest = Math.max(...during);
    const [{ nice, usual }, other] = spent();
    // Both have answered the same pages meanwhile.
    const attack = usual - other.usual;
    const figures =
      `${nice} ms of processor time that leaves the cores to others, ${attack} ms that does not; ` +
      `${verified.length} verified, ${during.length} pages meanwhile, p99 ${p99(quiet).toFixed(1)} ms before, ` +
      `then ${p99(during).toFixed(1)} ms, of the other server ${p99(elsewhere).toFixed(1)} ms, ` +
      `longest ${longest.toFixed(1)} ms`;
    test.info().annotations.push({ type: "measured", description: figures });
    expect(Math.max(...atWork), "two that hash at once").toBe(2);
    // The other server feels what this one takes of the cores as well, and shows nothing of it.
    expect(nice, figures).toBeGreaterThan(4 * attack);
    expect(nice, "hashes were made").toBeGreaterThan(500);
    // Behind 200 hashes on the pages' own threads one would wait for many seconds.
    expect(longest, figures).toBeLessThan(2_000);
    expect(during.length, figures).toBeGreaterThan(100);
    expect(p99(during) / p99(elsewhere), figures).toBeLessThan(2);
    await server.fresh("operator");
    await control.remove();
  });
});

test.describe("a password", () => {
  const most = 1024;
  const odd = "Gru\u0308\u00dfe 🦔 \u05d0\u202e\u200d crate";
  const filled = (bytes: number) => odd + "x".repeat(bytes - Buffer.byteLength(odd));
  const longest = keep("the longest password", filled(most));

  test("E14: of up to 1,024 bytes counts to the last one, whatever its letters; a longer one and one with NUL are refused", async ({
    hedgerow,
  }) => {
    const administrator = await hedgerow.server.as("administrator");
    const made = (username: string, password: string) => ({
      body: { username, password, role: "viewer" },
    });
    const refused = {
      "1,025 bytes": filled(most + 1),
      "4 KiB": "x1y2z".repeat(820),
      "more bytes than letters": "🦔ab1".repeat(200),
      NUL: "an anchor\u0000in the old harbour",
    };
    for (const [what, password] of Object.entries(refused)) {
      const problem = await administrator.refused(
        invalid,
        "POST",
        "/api/users/",
        made(`with ${what}`, password),
      );
      expect(
        problem.errors?.map(({ field }) => field),
        what,
      ).toEqual(["password"]);
    }
    await administrator.refused(invalid, "POST", "/api/users/", {
      raw: '{"username":"half","password":"half a letter \\ud83e of a pair","role":"viewer"}',
    });
    const user = made("odd", longest);
    await administrator.must<Account>("POST", "/api/users/", user);

    const stranger = hedgerow.server.stranger();
    for (const wrong of [longest.slice(0, -1), longest.normalize("NFC")])
      await stranger.refused(badCredentials, "POST", "/api/session/", guess("odd", wrong));
    for (const tooLong of [`${longest}x`, "x".repeat(4096), "🦔".repeat(400)])
      await stranger.refused(invalid, "POST", "/api/session/", guess("odd", tooLong));
    expect((await stranger.signIn("odd", longest)).user?.username).toBe("odd");
  });
});

test.describe("hashes that cost more than those that are stored", () => {
  // The users of every test were made with 8 MiB.
  test.use({ settings: { "sign_in.hash_memory_mib": 16 } });

  test("E15: are made at the next sign-in, once, and only for who signed in", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const hashes = async () => {
      const rows = await server.record.rows<{ name: string; password_hash: string }>(
        "SELECT name, password_hash FROM users",
      );
      return Object.fromEntries(rows.map((row) => [row.name, row.password_hash]));
    };
    const before = await hashes();
    expect(before.operator).toContain("m=8192,");
    await server.stranger().ask("POST", "/api/session/", guess("operator"));
    expect(await hashes()).toEqual(before);
    await server.fresh("operator");
    const after = await hashes();
    expect(after.operator).toContain("m=16384,");
    expect({ ...after, operator: before.operator }).toEqual(before);
    await server.fresh("operator");
    expect(await hashes()).toEqual(after);
  });
});
