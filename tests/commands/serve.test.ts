// What the server tells whoever started it, and the unit that starts it on a machine.
import { expect, test } from "../support/fixtures";
import { end, run, startTalking } from "../support/process";
import { TestServer } from "../support/server";
import { inTree } from "../support/tree";

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
  const unit = inTree("packaging", "systemd", "hedgerow.service");
  const { output, complaints } = await run("systemd-analyze", ["verify", "--man=no", unit]);
  // The program itself is not installed where tests run.
  const said = `${output}${complaints}`
    .split("\n")
    .filter((line) => line.includes("hedgerow.service") && !line.includes("is not executable"));
  expect(said).toEqual([]);
});
