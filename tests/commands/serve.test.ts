// What the server tells whoever started it, and the unit that starts it on a machine.
import { readFileSync, writeFileSync } from "node:fs";
import { certified, certify, shownBy } from "../support/certificate";
import { expect, test } from "../support/fixtures";
import { networkLines } from "../support/person";
import { end, run, startTalking } from "../support/process";
import { expectRead } from "../support/read";
import { TestServer } from "../support/server";
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

test("systemd is told when it serves and when it stops, and nobody is missed without it", async ({
  serverTemplate,
}, info) => {
  const place = `/tmp/hedgerow-notify-${process.pid}`;
  const { child } = await startTalking("python3", ["-c", listener, place]);
  const heard: string[] = [];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => heard.push(text));
  process.env.NOTIFY_SOCKET = place;
  const server = await TestServer.start(serverTemplate).finally(() => {
    delete process.env.NOTIFY_SOCKET;
  });
  await expect.poll(() => heard.join("")).toContain(`READY=1 STATUS=Serving ${server.url}`);
  expect(heard.join("")).not.toContain("STOPPING");
  expect(await server.stop(), info.title).toBe(0);
  await expect.poll(() => heard.join("")).toContain("STOPPING=1");
  await server.remove();
  await end(child);
  await run("rm", ["-f", place]);
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
