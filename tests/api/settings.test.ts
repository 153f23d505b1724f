// Settings: the defaults that people are told, one place that wins over another, and unknown keys.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaults } from "../support/defaults";
import { expect, test } from "../support/fixtures";
import { run } from "../support/process";
import { hedgerowProgram } from "../support/tree";

interface Given {
  env?: Record<string, string>;
  flags?: readonly string[];
  // Files of the folder conf.d.
  beside?: Record<string, string>;
  // Done in the folder that holds conf.d, before the command.
  prepare?: (folder: string) => void;
}

// What a command says of these settings, and whether it made a database by them.
async function told(
  command: readonly string[],
  toml: string,
  { env = {}, flags = [], beside = {}, prepare }: Given = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "hedgerow-settings-"));
  const file = join(folder, "hedgerow.toml");
  writeFileSync(file, toml);
  mkdirSync(join(folder, "conf.d"));
  for (const [name, text] of Object.entries(beside))
    writeFileSync(join(folder, "conf.d", name), text);
  prepare?.(folder);
  const words = [...command, "--config", file, ...flags.flatMap((it) => ["--set", it])];
  const database = join(folder, "hedgerow.db");
  if (command[0] === "serve") words.push("--set", `database.path=${database}`);
  const ran = await run(hedgerowProgram, words, { env });
  const began = existsSync(database);
  rmSync(folder, { recursive: true });
  return { ...ran, began };
}

async function expectRefused(words: RegExp, toml: string, given: Given = {}): Promise<void> {
  for (const command of [["config", "show"], ["serve"]]) {
    const { code, complaints, began } = await told(command, toml, given);
    expect(code, command.join(" ")).toBe(2);
    expect(complaints).toMatch(words);
    expect(began, "a database was made").toBe(false);
  }
}

async function shown(toml: string, given: Given = {}) {
  const ran = await told(["config", "show"], toml, given);
  const lines = ran.output.split("\n").filter(Boolean);
  const values = lines.map((line) => /^(\S+) = (.*?) {2}# (.*)$/.exec(line));
  return {
    ...ran,
    values: Object.fromEntries(values.map((it) => [it?.[1] ?? "", it?.[2] ?? ""])),
    sources: Object.fromEntries(values.map((it) => [it?.[1] ?? "", it?.[3] ?? ""])),
  };
}

test("each setting has the default that stands here, and there is no other", async () => {
  const { values, sources } = await shown("");
  expect(values).toEqual(defaults);
  expect(new Set(Object.values(sources))).toEqual(new Set(["default"]));
});

test("the environment wins over the file, and the file over the default, and each says so", async () => {
  const toml = '[runs]\nlease = "3s"\nrenew = "1s"\n';
  const { values, sources } = await shown(toml, { env: { HEDGEROW_RUNS_LEASE: "4s" } });
  expect([values["runs.lease"], sources["runs.lease"]]).toEqual(["4s", "environment"]);
  expect([values["runs.renew"], sources["runs.renew"]]).toEqual(["1s", "hedgerow.toml:3"]);
});

test("files of conf.d win over the file, by their names, and a flag over everything", async () => {
  const { values, sources } = await shown('[runs]\nlease = "3s"\nrenew = "1s"\nlook = "1s"\n', {
    beside: {
      "20-site.toml": '[runs]\nlease = "5s"\n',
      "10-site.toml": '[runs]\nlease = "4s"\nrenew = "2s"\n',
      "notes.txt": "not read",
    },
    env: { HEDGEROW_RUNS_LOOK: "2s", HEDGEROW_HTTP_PORT: "8181" },
    flags: ["http.port=8282"],
  });
  const of = (name: string) => [values[name], sources[name]];
  expect(of("runs.lease")).toEqual(["5s", "20-site.toml:2"]);
  expect(of("runs.renew")).toEqual(["2s", "10-site.toml:3"]);
  expect(of("runs.look")).toEqual(["2s", "environment"]);
  expect(of("http.port")).toEqual(["8282", "--set"]);
});

for (const [what, given, words] of [
  [
    "a variable that is almost one",
    { env: { HEDGEROW_RUNS_LEESE: "3s" } },
    /HEDGEROW_RUNS_LEESE.*HEDGEROW_RUNS_LEASE/s,
  ],
  ["a flag that is none", { flags: ["runs.leese=3s"] }, /--set.*runs\.leese.*runs\.lease/s],
  ["a flag without a value", { flags: ["runs.lease"] }, /--set.*runs\.lease.*NAME=VALUE/s],
  [
    "a flag that cannot be meant",
    { flags: ["http.port=many"] },
    /--set.*http\.port.*whole number/s,
  ],
  ["a broken file of conf.d", { beside: { "1.toml": "[http\n" } }, /1\.toml:1.*TOML/s],
] as const)
  test(`P11: ${what} is refused by its name, and nothing starts`, async () => {
    await expectRefused(words, "", given);
    expect((await shown("")).code, "and without it nothing is refused").toBe(0);
  });

test("a variable of another program is let be", async () => {
  expect((await shown("", { env: { HEDGEROW_BACKUP_TARGET: "/srv" } })).code).toBe(0);
});

// A least and a most stand beside each number and each span; what is just inside them is taken.
const bounds = [
  ["http.worker_threads", { beyond: ["0", "513"], inside: ["1", "512"] }],
  ["http.heavy_threads", { beyond: ["0"], inside: ["1"] }],
  ["http.io_threads", { beyond: ["0", "65", "-1"], inside: ["1", "64"] }],
  ["http.limits.connections", { beyond: ["0", "1000001"], inside: ["1", "1000000"] }],
  ["http.port", { beyond: ["65536", "-1", "99999999999999999999"], inside: ["0", "65535"] }],
  ["http.deadlines.header", { beyond: ["0s", "3601s"], inside: ["10ms", "1h"] }],
  ["runs.workers", { beyond: ["0", "257"], inside: ["1", "256"] }],
  ["runs.chunk_rows", { beyond: ["0", "5001"], inside: ["1", "5000"] }],
  ["sessions.idle", { beyond: ["0s", "999ms", "366d"], inside: ["1s", "365d"] }],
  ["sign_in.hash_memory_mib", { beyond: ["0", "4097"], inside: ["1", "4096"] }],
  ["cluster.concurrency", { beyond: ["0", "65"], inside: ["1", "64"] }],
  ["cluster.page_size", { beyond: ["-1", "100001"], inside: ["0", "1", "100000"] }],
  ["outbound.deadlines.total", { beyond: ["0s", "25h"], inside: ["10ms", "24h"] }],
  ["retention.runs", { beyond: ["0s", "1000000000d"], inside: ["1m", "36500d"] }],
  ["retention.history_versions", { beyond: ["0"], inside: ["1"] }],
  ["database.readers", { beyond: ["0", "65"], inside: ["1", "64"] }],
  ["database.size_max", { beyond: ["1", "-1"], inside: ["0", "1048576"] }],
  ["page.poll", { beyond: ["0s", "21d"], inside: ["10ms", "20d"] }],
  ["page.same_click", { beyond: ["21d"], inside: ["0s"] }],
] as const;

for (const [name, { beyond, inside }] of bounds)
  test(`P11: ${name} has a least and a most, and a value beyond is refused by its place`, async () => {
    const bound = /must be (?:[^\n]* )?from \w+ to \w+/.source;
    for (const value of beyond) {
      const line = new RegExp(
        `^hedgerow: --set: ${name.replaceAll(".", "\\.")} = ${value}: it ${bound}$`,
        "m",
      );
      await expectRefused(line, "", { flags: [`${name}=${value}`] });
    }
    for (const value of inside)
      expect((await shown("", { flags: [`${name}=${value}`] })).complaints, value).toBe("");
  });

test("each number and each span has bounds, whichever it is", async () => {
  const measured = Object.entries(defaults).filter(([, value]) => /^\d/.test(value));
  const addresses = ["http.address"];
  const names = measured.map(([name]) => name).filter((name) => !addresses.includes(name));
  expect(names.length).toBeGreaterThan(90);
  await Promise.all(
    [names.slice(0, 50), names.slice(50)].map(async (some) => {
      for (const name of some) {
        const over = /[a-z]$/.test(defaults[name] ?? "") ? "1000000000d" : "9223372036854775807";
        const { code, complaints } = await shown("", { flags: [`${name}=${over}`] });
        expect(complaints, name).toMatch(/ from \w+ to \w+$/m);
        expect(code, name).toBe(2);
      }
    }),
  );
});

// Each is so for whoever runs the program, also for one who may read everything.
for (const [what, prepare, words] of [
  [
    "a conf.d that is a file",
    (folder: string) => {
      rmSync(join(folder, "conf.d"), { recursive: true });
      writeFileSync(join(folder, "conf.d"), "");
    },
    /conf\.d: the folder: it cannot be looked through: Not a directory/,
  ],
  [
    "a conf.d that leads round in a circle",
    (folder: string) => {
      rmSync(join(folder, "conf.d"), { recursive: true });
      symlinkSync("conf.d", join(folder, "conf.d"));
    },
    /conf\.d: the folder: it cannot be looked through: Too many levels/,
  ],
  [
    "a link to a file that is gone",
    (folder: string) => symlinkSync("gone", join(folder, "conf.d", "1.toml")),
    /1\.toml: the file: it cannot be read: No such file/,
  ],
  [
    "a folder in a file's place",
    (folder: string) => mkdirSync(join(folder, "conf.d", "1.toml")),
    /1\.toml: the file: it cannot be read: Is a directory/,
  ],
] as const)
  test(`P11: ${what} is an error, not silence`, async () => {
    await expectRefused(words, "", { prepare });
  });

test("without a folder conf.d nothing is missed", async () => {
  const prepare = (folder: string) => rmSync(join(folder, "conf.d"), { recursive: true });
  expect(await shown("", { prepare })).toMatchObject({ code: 0, complaints: "" });
});

// What holds between two settings: both are named, with where each was set.
for (const [toml, words] of [
  [
    '[runs]\nlease = "1s"\n',
    /hedgerow\.toml:2: runs\.lease = 1s: .*more than twice runs\.renew, which is 5s \(default\)/,
  ],
  [
    '[runs]\nlease = "2s"\nrenew = "1s"\n',
    /runs\.lease = 2s: .*runs\.renew, which is 1s \(hedgerow\.toml:3\)/,
  ],
  ['[runs]\nno_worker = "10s"\n', /runs\.no_worker = 10s: .*runs\.beat, which is 5s/],
  ['[sign_in]\nfirst_lock = "1h"\n', /sign_in\.longest_lock = 15m: .*sign_in\.first_lock/],
  ["[http.limits]\nheaders = 1024\n", /http\.limits\.headers = 1024: .*http\.limits\.target/],
  ["[http.limits]\nbodies_held = 1024\n", /http\.limits\.bodies_held = 1024: .*http\.limits\.body/],
  ['[retention]\nrequest_keys = "5m"\n', /retention\.request_keys = 5m: .*page\.ask_again/],
] as const)
  test(`P11: settings that contradict each other are refused: ${toml.trim()}`, async () => {
    await expectRefused(words, toml);
  });

test("settings that just fit each other are taken", async () => {
  const toml = '[runs]\nlease = "2001ms"\nrenew = "1s"\nno_worker = "10001ms"\n';
  expect((await shown(toml)).complaints).toBe("");
});

for (const [name, example, wrong, right] of [
  [
    "http.base_path",
    /a path such as "\/plugins/,
    ["plugins", "/plugins/", "/", "//", "/a//b", "/a/../b", "/a b", "/a?b"],
    ["/plugins", "/net/hedgerow", "/a.b_c~d-e"],
  ],
  [
    "http.origins",
    /such as "https:\/\/hedgerow\.example"/,
    [
      ...["example.com", "https://example.com/", "https://Example.com", "ftp://example.com"],
      ...["https://example.com:443", "http://example.com:80", "https://example.com:0"],
      ...["https://", "https://me@example.com", "null", "*", "https://[::1", "https://[FE80::1]"],
    ],
    ["https://example.com", "http://example.com:8080", "https://[fd00::1]:8443,http://10.0.0.1"],
  ],
  ["outbound.allow", /'somewhere' is not an address/, ["somewhere"], ["10.0.0.0/8"]],
  [
    "http.trusted_proxies",
    /is not an address or a network \(10\.0\.0\.7/,
    ["proxy.example", "10.0.0.7:443", "10.0.0.0/33"],
    ["10.0.0.7", "10.0.0.0/8,fd00::/8"],
  ],
] as const)
  test(`P11: ${name} must be one, and says what one looks like`, async () => {
    for (const value of wrong)
      await expectRefused(new RegExp(`^hedgerow: --set: ${name}\\b.*${example.source}`, "m"), "", {
        flags: [`${name}=${value}`],
      });
    for (const value of right)
      expect((await shown("", { flags: [`${name}=${value}`] })).complaints, value).toBe("");
  });

for (const [toml, words] of [
  ['[runs]\nleese = "3s"\n', /hedgerow\.toml:2.*runs\.leese.*runs\.lease/s],
  ['[runs]\nlease = "soon"\n', /hedgerow\.toml:2.*runs\.lease.*span of time/s],
  ["[http]\nport = 99999\n", /hedgerow\.toml:2.*http\.port/s],
  ["[http\n", /:1.*TOML/s],
] as const)
  test(`settings that cannot be meant are refused with line and cure: ${toml.trim()}`, async () => {
    await expectRefused(words, toml);
  });

test("J17: a second server on the same database says so and exits 11", async ({ hedgerow }) => {
  const second = await hedgerow.server.command(["serve"]);
  expect(second.code).toBe(11);
  const user = await hedgerow.server.command(
    ["user", "create", "late", "--role", "viewer", "--password-stdin"],
    "a password long enough for this\n",
  );
  expect(user.code).toBe(11);
  expect(user.complaints).toMatch(/in use|another/i);
  expect((await hedgerow.server.stranger().ask("GET", "/livez")).status).toBe(200);
});
