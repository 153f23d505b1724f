// Clusters behind an HTTP proxy: only the server's settings name one. The way through it is proven end to end, what
// it refuses is said by name, and its credentials are nobody's to see.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { freshKey } from "../support/api";
import { type Hedgerow, expect, fieldsOf, hedgerowOf, test as base } from "../support/fixtures";
import { Gate } from "../support/gate";
import { traceOf } from "../support/person";
import { run } from "../support/process";
import { ConnectProxy } from "../support/proxy";
import { expectRead } from "../support/read";
import { keep } from "../support/secrets";
import { TestServer, type Settings } from "../support/server";
import { hedgerowProgram } from "../support/tree";
import type { Fabric } from "../support/types";
import { expectBroken } from "../support/lab";

const password = keep("the proxy's password", "three reeds beside the weir");
keep("the proxy's credentials", Buffer.from(`hedgerow:${password}`).toString("base64"));

interface Way {
  proxy: ConnectProxy;
  hedgerow: Hedgerow;
  // Behind the proxy, through the Gate; not read yet.
  fabric: Fabric;
  // Settings by which a server uses the proxy, beside others.
  settings: Settings;
}

const test = base.extend<{ way: Way; more: Settings }>({
  more: [{}, { option: true }],
  way: async ({ serverTemplate, cluster, gate, more }, use, info) => {
    const proxy = await ConnectProxy.start();
    proxy.wants = `hedgerow:${password}`;
    mkdirSync(info.outputPath(), { recursive: true });
    const file = info.outputPath("proxy.password");
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
    const settings = {
      "outbound.proxy": proxy.url,
      "outbound.proxy_user": "hedgerow",
      "outbound.proxy_password_file": file,
    };
    const server = await TestServer.start(serverTemplate, { ...settings, ...more });
    const hedgerow = hedgerowOf(server);
    const fabric = await hedgerow.fabric({ cluster, through: gate });
    await use({ proxy, hedgerow, fabric, settings });
    await server.remove();
    await proxy.stop();
    expect(server.faultsOfLog(), "what the server's log must not hold").toEqual([]);
  },
});

const inDirect = (gate: Gate) => new URL(gate.url).host;

test("a cluster behind a proxy is read through it and no other way, and the proxy learns no token", async ({
  way,
  gate,
}) => {
  const { proxy, hedgerow, fabric } = way;
  const viewer = await hedgerow.server.as("viewer");
  const denied = { status: 403, code: "forbidden", layer: 6 };
  const wish = { headers: { "Idempotency-Key": freshKey() }, body: { operation: "pull" } };
  await viewer.refused(denied, "POST", `/api/fabrics/${fabric.id}/runs/`, wish);
  expect(proxy.asked).toEqual([]);

  const operator = await hedgerow.server.as("operator");
  const read = await operator.pull(fabric.id);
  expectRead(read, { created: 48 });
  expect(read.trace[6]?.evidence).toContain(`${inDirect(gate)} by proxy 127.0.0.1:${proxy.port}`);
  const tested = await operator.ended((await operator.start(fabric.id, "test")).run.id);
  expect(tested.outcome, traceOf(tested)).toBe("succeeded");
  expect(proxy.tunnels).toBeGreaterThan(0);
  expect(await gate.connections(), "each came through the proxy").toBe(proxy.tunnels);
  for (const { target, headers } of proxy.asked) {
    expect(target).toBe(inDirect(gate));
    expect(headers).not.toHaveProperty("authorization");
  }
  expect(hedgerow.server.log).not.toContain(password);
});

const faults: Record<string, [string, RegExp, (proxy: ConnectProxy) => Promise<void> | void]> = {
  "wants other credentials": [
    "proxy_refused",
    /407.*does not take the credentials/,
    (proxy) => void (proxy.wants = "somebody:else"),
  ],
  "does not allow the place": ["proxy_refused", /answered 403/, (it) => void (it.refuses = 403)],
  "cannot reach the cluster": ["proxy_refused", /answered 502/, (it) => void (it.refuses = 502)],
  "says nothing": ["proxy_unreachable", /within 0\.5 s/, (it) => void (it.silent = true)],
  "is down": ["proxy_unreachable", /refused/, (it) => it.stop()],
};

for (const [what, [code, words, befall]] of Object.entries(faults))
  test(`a proxy that ${what} is ${code} on layer 7, and nothing is lost`, async ({ way, gate }) => {
    const { hedgerow, fabric, proxy } = way;
    const operator = await hedgerow.server.as("operator");
    expectRead(await operator.pull(fabric.id), { created: 48 });
    proxy.hangUp();
    await befall(proxy);
    const before = await gate.requests("", "");
    const broken = await operator.pull(fabric.id);
    expectBroken(broken, { code, layer: 7, outcome: "failed" });
    expect(broken.trace[6]?.evidence).toMatch(words);
    expect(broken.trace[6]?.evidence).toContain(`127.0.0.1:${proxy.port}`);
    expect(await gate.requests("", ""), "the cluster heard nothing").toEqual(before);
    const { facts, headline, counts } = await operator.fabric(fabric.id);
    expect(facts.reach).toMatchObject({ state: "unreachable", code });
    expect(headline).toMatchObject({ state: "cannot_tell", next: { text: broken.next } });
    expect(headline.next.text).toMatch(/outbound\./);
    expect(counts.objects).toBe(48);

    if (what === "is down") await proxy.begin();
    Object.assign(proxy, { wants: `hedgerow:${password}`, refuses: undefined, silent: false });
    expectRead(await operator.pull(fabric.id), { unchanged: 48 });
  });

test("what stands behind the proxy is proven all the same: another CA is tls_untrusted, and gets no token", async ({
  way,
  cluster,
}) => {
  const { proxy, hedgerow, fabric } = way;
  const operator = await hedgerow.server.as("operator");
  expectRead(await operator.pull(fabric.id), { created: 48 });
  const impostor = await Gate.beforeCluster(cluster.whole);
  await impostor.show("other-ca");
  proxy.leadsTo = inDirect(impostor);
  proxy.hangUp();
  const broken = await operator.pull(fabric.id);
  expectBroken(broken, { code: "tls_untrusted", layer: 7, outcome: "failed" });
  expect(await impostor.requests("", "")).toEqual([]);
  proxy.leadsTo = undefined;
  expectRead(await operator.pull(fabric.id), { unchanged: 48 });
  await impostor.stop();
});

test("an address that may not be connected to is not asked of the proxy either, however it is spelled", async ({
  way,
  cluster,
}) => {
  const { proxy, hedgerow } = way;
  const administrator = await hedgerow.server.as("administrator");
  for (const host of ["169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.43518", "[::]"]) {
    const fields = { ...fieldsOf(cluster.connection), server: `https://${host}:6443` };
    const { rungs } = await administrator.climb(fields);
    const failed = rungs.find(({ state }) => state === "failed");
    expect(failed?.code, `${host}: ${failed?.detail}`).toBe("address_blocked");
  }
  expect(proxy.asked).toEqual([]);
  const good = await administrator.climb(fieldsOf(cluster.connection));
  expect(good.outcome, JSON.stringify(good.rungs)).toBe("succeeded");
});

test.describe("with places that need no proxy", () => {
  test.use({ more: { "outbound.direct": ["127.0.0.0/8", ".lab"] } });
  test("they are reached directly", async ({ way }) => {
    const operator = await way.hedgerow.server.as("operator");
    expectRead(await operator.pull(way.fabric.id), { created: 48 });
    expect(way.proxy.asked).toEqual([]);
  });
});

base(
  "a proxy of the environment is not heeded, and the log says so",
  async ({ serverTemplate, cluster }) => {
    const proxy = await ConnectProxy.start();
    const names = ["https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"];
    for (const name of names) process.env[name] = proxy.url;
    const server = await TestServer.start(serverTemplate).finally(() => {
      for (const name of names) delete process.env[name];
    });
    const hedgerow = hedgerowOf(server);
    const fabric = await hedgerow.fabric({ cluster });
    expectRead(await (await server.as("operator")).pull(fabric.id), { created: 48 });
    expect(proxy.asked).toEqual([]);
    expect(server.log).toMatch(/"event":"proxy_not_heeded","variable":"https_proxy"/);
    await server.remove();
    await proxy.stop();
  },
);

const secretive = keep("a password in a setting", "no lamp in the window");
for (const [what, setting, words] of [
  [
    "with a password in it",
    `outbound.proxy=http://me:${encodeURIComponent(secretive)}@proxy:3128`,
    /outbound\.proxy.*settings of their own/,
  ],
  ["by TLS", "outbound.proxy=https://proxy:3128", /outbound\.proxy must be http/],
  ["without a port", "outbound.proxy=http://proxy", /outbound\.proxy must be http/],
] as const)
  base(`P11: a proxy ${what} is refused by its name, and nothing starts`, async () => {
    for (const command of [["config", "show"], ["serve"]]) {
      const { code, complaints, output } = await run(hedgerowProgram, [
        ...command,
        "--set",
        setting,
      ]);
      expect(code, command.join(" ")).toBe(2);
      expect(complaints).toMatch(words);
      expect(complaints + output).not.toContain(encodeURIComponent(secretive));
    }
  });

test("P11: a password of the proxy that others may read is refused with its cure", async ({
  way,
}) => {
  const { server } = way.hedgerow;
  await server.stop();
  const file = String(way.settings["outbound.proxy_password_file"]);
  chmodSync(file, 0o644);
  const { code, complaints } = await server.command(["serve"]);
  expect(code).toBe(2);
  expect(complaints).toMatch(/password file .*proxy\.password may be read by others.*chmod 600/s);
  chmodSync(file, 0o600);
  await server.begin();
  const shown = await server.command(["config", "show"]);
  expect(shown.output).toContain("outbound.proxy_user = hedgerow");
  expect(shown.output).not.toContain(password);
});
