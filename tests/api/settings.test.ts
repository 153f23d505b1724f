// Settings: the defaults that people are told, one place that wins over another, and unknown keys.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
}

// What a command says of these settings, and whether it made a database by them.
async function told(
  command: readonly string[],
  toml: string,
  { env = {}, flags = [], beside = {} }: Given = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "hedgerow-settings-"));
  const file = join(folder, "hedgerow.toml");
  writeFileSync(file, toml);
  mkdirSync(join(folder, "conf.d"));
  for (const [name, text] of Object.entries(beside))
    writeFileSync(join(folder, "conf.d", name), text);
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
