// Settings: the defaults that people are told, one place that wins over another, and unknown keys.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "../support/fixtures";
import { run } from "../support/process";
import { hedgerowProgram } from "../support/tree";

// Every setting there is, as people have it; tests run with a tenth of the deadlines. What is empty has no default.
const defaults: Record<string, string> = {
  "http.address": "127.0.0.1",
  "http.port": "8080",
  "http.base_path": "",
  "http.origins": "",
  "http.allow_plain": "false",
  "http.tls_certificate": "",
  "http.tls_key": "",
  "http.io_threads": "1",
  "http.worker_threads": "8",
  "http.heavy_threads": "2",
  "http.deadlines.first_byte": "10s",
  "http.deadlines.header": "10s",
  "http.deadlines.body": "30s",
  "http.deadlines.write": "30s",
  "http.deadlines.idle": "75s",
  "http.deadlines.linger": "2s",
  "http.deadlines.accept_pause": "100ms",
  "http.deadlines.stop": "10s",
  "http.limits.headers": String(32 * 1024),
  "http.limits.target": String(8 * 1024),
  "http.limits.body": String(1024 * 1024),
  "http.limits.connections": "12000",
  "http.limits.queue": "256",
  "http.limits.heavy_queue": "32",
  "database.path": "",
  "database.busy_wait": "5s",
  "database.write_wait": "5s",
  "database.read_wait": "5s",
  "database.statement_max": "30s",
  "database.snapshot_max": "30s",
  "database.readers": "4",
  "database.size_max": "0",
  "database.log_alarm": String(256 * 1024 * 1024),
  "security.key_file": "",
  "sessions.idle": "1h",
  "sessions.absolute": "1d",
  "sessions.per_user": "10",
  "sessions.handover": "10s",
  "sessions.touch_after": "30s",
  "sessions.setup_code": "1d",
  "sign_in.free_failures": "5",
  "sign_in.first_lock": "1s",
  "sign_in.longest_lock": "15m",
  "sign_in.pending_lock": "15s",
  "sign_in.address_burst": "60",
  "sign_in.address_refill": "1s",
  "sign_in.hash_memory_mib": "64",
  "sign_in.hash_wait": "10s",
  "outbound.allow": "",
  "outbound.deadlines.dns": "5s",
  "outbound.deadlines.connect": "5s",
  "outbound.deadlines.tls": "5s",
  "outbound.deadlines.first_byte": "15s",
  "outbound.deadlines.floor_span": "10s",
  "outbound.deadlines.total": "30s",
  "outbound.retries.tries": "3",
  "outbound.retries.pause": "500ms",
  "cluster.page_size": "0",
  "cluster.concurrency": "6",
  "cluster.page_bytes_max": String(64 * 1024 * 1024),
  "cluster.list_bytes_max": String(512 * 1024 * 1024),
  "cluster.keep_idle": "1m",
  "cluster.ladder_total": "10s",
  "runs.workers": "4",
  "runs.no_progress": "1m",
  "runs.no_worker": "1m",
  "runs.stack_wait": "500ms",
  "runs.lease": "15s",
  "runs.renew": "5s",
  "runs.reap": "3s",
  "runs.look": "1s",
  "runs.beat": "5s",
  "runs.stop": "10s",
  "runs.progress": "250ms",
  "runs.chunk_time": "50ms",
  "runs.chunk_rows": "1000",
  "runs.fresh_for": "10m",
  "retention.runs": "90d",
  "retention.history": "400d",
  "retention.history_versions": "50",
  "retention.request_keys": "1d",
  "retention.changes": "1h",
  "retention.changes_most": "100000",
  "retention.sessions": "7d",
  "retention.connection_tests": "1d",
  "retention.sweep": "1h",
  "retention.chunk": "1000",
  "events.heartbeat": "5s",
  "page.answer": "15s",
  "page.ask_again": "10m",
  "page.live": "12s",
  "page.poll": "5s",
  "log.level": "info",
};

interface Given {
  env?: Record<string, string>;
  flags?: readonly string[];
  // Files of the folder conf.d.
  beside?: Record<string, string>;
}

async function shown(toml: string, { env = {}, flags = [], beside = {} }: Given = {}) {
  const folder = mkdtempSync(join(tmpdir(), "hedgerow-settings-"));
  const file = join(folder, "hedgerow.toml");
  writeFileSync(file, toml);
  mkdirSync(join(folder, "conf.d"));
  for (const [name, text] of Object.entries(beside))
    writeFileSync(join(folder, "conf.d", name), text);
  const words = ["config", "show", "--config", file, ...flags.flatMap((it) => ["--set", it])];
  const ran = await run(hedgerowProgram, words, { env });
  rmSync(folder, { recursive: true });
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
    const { code, complaints } = await shown("", given);
    expect(code).toBe(2);
    expect(complaints).toMatch(words);
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
    const { code, complaints } = await shown(toml);
    expect(code).toBe(2);
    expect(complaints).toMatch(words);
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
