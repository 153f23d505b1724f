// What the server tells whoever started it, and the unit that starts it on a machine.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certified, certify, shownBy } from "../support/certificate";
import { defaults, msOf, tenthOf } from "../support/defaults";
import { expect, test } from "../support/fixtures";
import { foreignLock } from "../support/foreign_lock";
import { networkLines } from "../support/person";
import { end, run, startTalking } from "../support/process";
import { expectRead } from "../support/read";
import { TestServer } from "../support/server";
import { hedgerowProgram, inTree } from "../support/tree";
import { cage, complaintsOfSystemd, unitFile } from "../support/unit_cage";

// A place where systemd would listen; what is told there goes to its standard output, a line each.
const listener = `
import socket, sys, threading
it = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
it.bind(sys.argv[1])
print("listening", flush=True)
def hear():
    while True:
        print(it.recv(4096).decode().replace("\\n", " "), flush=True)
threading.Thread(target=hear, daemon=True).start()
sys.stdin.read()
`;

async function listen() {
  const place = `/tmp/hedgerow-notify-${process.pid}`;
  const { child } = await startTalking("python3", ["-c", listener, place]);
  const parts: string[] = [];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => parts.push(text));
  return {
    heard: () => parts.join(""),
    // What is started meanwhile is started by systemd, and told this.
    async around<T>(told: Record<string, string>, start: () => Promise<T>): Promise<T> {
      Object.assign(process.env, told, { NOTIFY_SOCKET: place });
      return await start().finally(() => {
        for (const name of [...Object.keys(told), "NOTIFY_SOCKET"]) delete process.env[name];
      });
    },
    async end() {
      await end(child);
      await run("rm", ["-f", place]);
    },
  };
}

test("systemd is told when it serves and when it stops, and nobody is missed without it", async ({
  serverTemplate,
}, info) => {
  const systemd = await listen();
  const server = await systemd.around({}, () => TestServer.start(serverTemplate));
  await expect.poll(systemd.heard).toContain(`READY=1 STATUS=Serving ${server.url}`);
  expect(systemd.heard()).not.toContain("STOPPING");
  expect(systemd.heard(), "a unit without a watchdog").not.toContain("WATCHDOG");
  expect(await server.stop(), info.title).toBe(0);
  await expect.poll(systemd.heard).toContain("STOPPING=1");
  await server.remove();
  await systemd.end();
});

for (const thread of ["network", "writer"])
  test(`systemd's watchdog hears of the server while it lives, and no more while its thread "${thread}" stands still`, async ({
    serverTemplate,
  }) => {
    const systemd = await listen();
    const signs = () => systemd.heard().split("WATCHDOG=1").length - 1;
    const server = await TestServer.start(serverTemplate);
    const missed = () => server.logged("no_sign_for_watchdog").length;
    const tracer = await systemd.around({ WATCHDOG_USEC: "2000000" }, () => server.restartTraced());
    await expect.poll(signs).toBeGreaterThan(2);
    expect(missed()).toBe(0);
    await tracer.halt(thread);
    await expect.poll(missed, { timeout: 15_000 }).toBe(1);
    const before = signs();
    await expect.poll(missed, { timeout: 15_000 }).toBeGreaterThan(1);
    expect(signs(), "systemd ends it now").toBe(before);
    // As systemd would, and starts it anew.
    await systemd.around({ WATCHDOG_USEC: "2000000" }, () => server.restart(undefined, "SIGKILL"));
    await expect.poll(signs).toBeGreaterThan(before + 2);
    expect((await server.stranger().ask("GET", "/readyz")).status).toBe(200);
    await server.remove();
    await systemd.end();
  });

test("systemd's watchdog hears of a server whose database is held by somebody else: no restart mends that", async ({
  serverTemplate,
}) => {
  const systemd = await listen();
  const signs = () => systemd.heard().split("WATCHDOG=1").length - 1;
  const server = await systemd.around({ WATCHDOG_USEC: "4000000" }, () =>
    TestServer.start(serverTemplate, tenthOf(/^database\.busy_wait$/)),
  );
  const lock = await foreignLock(server.database);
  const refused = () => server.logged("writer_refused").length;
  await expect.poll(refused, { timeout: 15_000 }).toBeGreaterThan(1);
  const before = signs();
  await expect.poll(signs, { timeout: 15_000 }).toBeGreaterThan(before + 2);
  expect(server.logged("no_sign_for_watchdog")).toEqual([]);
  await lock.letGo();
  await expect
    .poll(async () => (await server.stranger().ask("GET", "/readyz")).status, { timeout: 15_000 })
    .toBe(200);
  await server.remove();
  await systemd.end();
});

// What the unit says, a value for each line of that name.
const unitSays = (name: string) =>
  [...readFileSync(unitFile, "utf8").matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(
    ([, value]) => value ?? "",
  );

test("the unit is given up only where no restart mends anything, and its watchdog waits for the longest that a writer may take", async () => {
  const seconds = (name: string) => (msOf(defaults[name] ?? "") ?? NaN) / 1_000;
  const longest = seconds("database.statement_max") + seconds("database.busy_wait");
  expect(Number(unitSays("WatchdogSec")[0]) * 0.75).toBeGreaterThan(longest);
  expect(unitSays("StartLimitIntervalSec")).toEqual(["0"]);
  const codes = unitSays("RestartPreventExitStatus").join(" ").split(" ").map(Number);
  const bad = await run(hedgerowProgram, ["serve", "--set", "runs.workers=0"]);
  expect(codes).toEqual([bad.code]);
});

test("the steps that the unit names make a server on a new machine, and commands beside it find its database", async () => {
  // As on a machine of its own: what lies in /etc and /var/lib there lies in this folder.
  const root = test.info().outputPath("machine");
  const at = (path: string) => join(root, path);
  const step = (name: string) => {
    const line = new RegExp(`^#   (${name} .*?)(?: +#.*)?$`, "m").exec(
      readFileSync(unitFile, "utf8"),
    );
    return (line?.[1] ?? "").replaceAll("/etc/", at("etc/")).split(" ");
  };
  mkdirSync(at("etc"), { recursive: true });
  mkdirSync(at("var/lib/hedgerow"), { recursive: true });
  const [, ...key] = step("hedgerow key create");
  expect(await run(hedgerowProgram, key)).toMatchObject({ code: 0, complaints: "" });
  const [install = "", ...words] = step("install -m 644 hedgerow\\.toml");
  const shipped = inTree("packaging", "systemd", "hedgerow.toml");
  expect(
    await run(
      install,
      words.map((word) => (word === "hedgerow.toml" ? shipped : word)),
    ),
  ).toMatchObject({ code: 0 });
  const settings = at("etc/hedgerow/hedgerow.toml");
  const said = readFileSync(settings, "utf8");
  writeFileSync(settings, said.replaceAll('"/var/lib/', `"${at("var/lib/")}`));
  // Only what the unit itself adds for the server, and none of it for commands.
  const env = { HEDGEROW_SECURITY_KEY_FILE: at("etc/hedgerow/hedgerow.key") };
  expect(unitSays("Environment").map((it) => it.split("=")[0])).toEqual(Object.keys(env));
  const none = await run(hedgerowProgram, ["check", "--config", settings]);
  expect(none.complaints).toContain(
    `There is no database at ${at("var/lib/hedgerow/hedgerow.db")}.`,
  );
  const made = await run(hedgerowProgram, ["migrate", "--config", settings], { env });
  expect(made).toMatchObject({ code: 0, complaints: expect.any(String) });
  const checked = await run(hedgerowProgram, ["check", "--config", settings]);
  expect(checked.output).toContain("All is as it must be");
});

test("the unit of systemd is one that systemd understands", async () => {
  expect(await complaintsOfSystemd()).toEqual([]);
});

test.describe("under what the unit allows", () => {
  test("the server starts, reads a fabric by its name on a click, and stops", async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const { server } = hedgerow;
    server.through = cage();
    await server.restart();
    const byName = new URL(cluster.connection.server);
    byName.hostname = "localhost";
    const connection = { ...cluster.connection, server: byName.origin };
    const fabric = await hedgerow.fabric({ cluster: { ...cluster, connection } });
    await page.signIn("operator").open(fabric);
    await page.sync().click();
    await expect(page.watched()).toContainText("48 created");
    expect(await server.stop(), "its exit code").toBe(0);
    server.through = [];
    page.allow(networkLines);
    await server.begin();
    expectRead(await (await server.fresh("operator")).pull(fabric.id), { unchanged: 48 });
  });

  test("the server reads its certificate again", async ({ serverTemplate }, info) => {
    const { certificate, key, settings } = await certified(info);
    const server = await TestServer.start(serverTemplate, settings, cage());
    const first = await shownBy(server.url);
    await certify(certificate, key);
    server.signal("SIGHUP");
    await expect.poll(() => shownBy(server.url)).not.toBe(first);
    expect(await server.stop(), "its exit code").toBe(0);
    expect(server.faultsOfLog()).toEqual([]);
    await server.remove();
  });

  test("a call that the unit does not name ends nothing: it is refused", async ({
    serverTemplate,
  }, info) => {
    const strict = info.outputPath("strict.service");
    const said = readFileSync(unitFile, "utf8");
    writeFileSync(strict, said.replace("SystemCallFilter=setpriority\n", ""));
    const server = await TestServer.start(serverTemplate, {}, cage(strict));
    await server.as("viewer");
    expect(await server.stop()).toBe(0);
    // So it would be without the line that says how calls are refused.
    writeFileSync(
      strict,
      said.replace(/SystemCallFilter=setpriority\n|SystemCallErrorNumber=.*\n/g, ""),
    );
    await expect(server.begin()).rejects.toThrow("ended with SIGSYS while starting");
    await server.remove();
  });
});
