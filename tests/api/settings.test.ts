// Settings: the defaults that people are told, one place that wins over another, and unknown keys.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "../support/fixtures";
import { run } from "../support/process";
import { hedgerowProgram } from "../support/tree";

// Tests run with a tenth of these; here they are as people have them.
const defaults: Record<string, string> = {
  "outbound.deadlines.dns": "5s",
  "outbound.deadlines.connect": "5s",
  "outbound.deadlines.tls": "5s",
  "outbound.deadlines.first_byte": "15s",
  "outbound.deadlines.floor_span": "10s",
  "outbound.deadlines.total": "30s",
  "cluster.ladder_total": "10s",
  "cluster.page_size": "0",
  "cluster.page_bytes_max": String(64 * 1024 * 1024),
  "cluster.list_bytes_max": String(512 * 1024 * 1024),
  "runs.no_progress": "1m",
  "runs.no_worker": "1m",
  "runs.lease": "15s",
  "runs.renew": "5s",
  "runs.reap": "3s",
  "runs.fresh_for": "10m",
  "sessions.idle": "1h",
  "sessions.absolute": "1d",
  "http.deadlines.header": "10s",
  "http.deadlines.body": "30s",
  "events.heartbeat": "5s",
  "retention.runs": "90d",
  "retention.history": "400d",
  "retention.history_versions": "50",
  "retention.request_keys": "1d",
  "retention.changes": "1h",
  "retention.changes_most": "100000",
  "sign_in.free_failures": "5",
};

async function shown(toml: string, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "hedgerow-settings-"));
  const file = join(folder, "hedgerow.toml");
  writeFileSync(file, toml);
  const ran = await run(hedgerowProgram, ["config", "show", "--config", file], { env });
  rmSync(folder, { recursive: true });
  const lines = ran.output.split("\n").filter(Boolean);
  const values = lines.map((line) => /^(\S+) = (.*?) {2}# (.*)$/.exec(line));
  return {
    ...ran,
    values: Object.fromEntries(values.map((it) => [it?.[1] ?? "", it?.[2] ?? ""])),
    sources: Object.fromEntries(values.map((it) => [it?.[1] ?? "", it?.[3] ?? ""])),
  };
}

for (const [name, value] of Object.entries(defaults))
  test(`${name} is ${value} unless it is set`, async () => {
    const { values, sources } = await shown("");
    expect({ value: values[name], source: sources[name] }).toEqual({ value, source: "default" });
  });

test("the environment wins over the file, and the file over the default, and each says so", async () => {
  const toml = '[runs]\nlease = "3s"\nrenew = "1s"\n';
  const { values, sources } = await shown(toml, { HEDGEROW_RUNS_LEASE: "4s" });
  expect([values["runs.lease"], sources["runs.lease"]]).toEqual(["4s", "environment"]);
  expect([values["runs.renew"], sources["runs.renew"]]).toEqual(["1s", "hedgerow.toml:3"]);
});

for (const [toml, words] of [
  ['[runs]\nleese = "3s"\n', /hedgerow\.toml:2.*runs\.leese.*runs\.lease/s],
  ['[runs]\nlease = "soon"\n', /hedgerow\.toml:2.*runs\.lease.*span of time/s],
  ["[http]\nport = 99999\n", /hedgerow\.toml:2.*http\.port/s],
  ["[http\n", /:1.*TOML/s],
] as const)
  test(`settings that cannot be meant are refused with line and cure: ${toml.trim()}`, async () => {
    const { code, complaints } = await shown(toml);
    expect(code).toBe(2);
    expect(complaints).toMatch(words);
  });

test("a second server on the same database says so and exits 11", async ({ hedgerow }) => {
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
