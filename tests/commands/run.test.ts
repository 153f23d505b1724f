// `./run`, as a person in a terminal has it: what it says, what it leaves, and that it ends whole.
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test as base, expect } from "@playwright/test";
import type { Api } from "../support/api";
import { Demo, type Wish } from "../support/demo";
import { controlPlane, end, mustRun, startTalking, until, type Ran } from "../support/process";
import { freePort } from "../support/server";
import { inTree, wiringFiles } from "../support/tree";
import type { Fabric, List, Run } from "../support/types";

interface Own {
  // Not started, and nobody else's.
  fresh: Demo;
}

interface Shared {
  // Runs, or is started by the first who wants it.
  demo: Demo;
  // The kubeconfig of an API server that the person has already, with the 48 objects.
  kubeconfig: string;
}

const test = base.extend<Own, Shared>({
  // eslint-disable-next-line no-empty-pattern
  fresh: async ({}, use) => {
    const demo = new Demo();
    await use(demo);
    await demo.remove();
  },

  demo: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const demo = new Demo();
      await use(demo);
      await demo.remove();
    },
    { scope: "worker" },
  ],

  kubeconfig: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const holder = new Demo();
      const { crds, objects } = wiringFiles("sample");
      const words = ["--dir", holder.data, "--crds", crds, "--objects", objects];
      const { child, firstLine } = await startTalking(controlPlane, [
        ...["start", "--foreground", "--end-with-stdin", "--json"],
        ...words,
      ]);
      await use((JSON.parse(firstLine) as { admin_kubeconfig: string }).admin_kubeconfig);
      await end(child, "SIGKILL");
      await holder.remove();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

const none = { created: 0, changed: 0, unchanged: 0, removed: 0, skipped: 0, failed: 0 };
const modeOf = (file: string) => statSync(file).mode & 0o777;
const rooted = process.getuid?.() === 0;

// One sentence for the person, with its cure, and nothing left behind.
function expectSentence(ran: Ran & { left: unknown[] }, words: RegExp): void {
  expect(ran.complaints).toMatch(/^(run|install): [^\n]+\n$/);
  expect(ran.complaints).toMatch(words);
  expect(ran.code, ran.output).toBe(1);
  expect(ran.left, "nothing runs on").toEqual([]);
}

async function fabricsOf(api: Api): Promise<Fabric[]> {
  return (await api.must<List<Fabric>>("GET", "/api/fabrics/")).results;
}

async function onlyFabric(api: Api): Promise<Fabric> {
  const [fabric, ...more] = await fabricsOf(api);
  expect(more).toEqual([]);
  if (!fabric) throw new Error("There is no fabric.");
  return fabric;
}

function expectCounts(run: Run, counts: Partial<Run["counts"]>): void {
  expect(run.counts, run.summary).toEqual({ ...none, ...counts });
  expect(run.outcome).toBe("succeeded");
}

// The record as it is after a pull, whichever of the pulls was the first.
async function pulled(demo: Demo): Promise<{ api: Api; fabric: Fabric }> {
  const api = await demo.signedIn();
  const fabric = await onlyFabric(api);
  const run = await api.pull(fabric.id);
  expect(run.counts.created + run.counts.unchanged, run.summary).toBe(48);
  return { api, fabric };
}

async function pageAnswers(url: string): Promise<void> {
  const page = await fetch(url);
  expect(page.status).toBe(200);
  expect(page.headers.get("Content-Type")).toContain("text/html");
}

// Whether somebody listens where the address points.
async function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const heard = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return heard;
}

const clusterOf = (kubeconfig: string) => {
  const server = /server: "?(https:[^\s"]+)/.exec(readFileSync(kubeconfig, "utf8"))?.[1];
  if (server === undefined) throw new Error(`${kubeconfig} names no server.`);
  return server;
};

// A fresh clone where nothing is built, on a machine without network.
async function unbuilt(demo: Demo): Promise<Wish> {
  const clone = join(demo.dir, "clone");
  await mustRun("git", ["clone", "--quiet", inTree(), clone]);
  return {
    program: join(clone, "run"),
    through: ["unshare", rooted ? "--net" : "-rn"],
    // An empty cache, and a person who has told npm to ask once.
    env: { npm_config_cache: join(demo.dir, "npm"), npm_config_fetch_retries: "0" },
  };
}

const namesOf = (demo: Demo) => demo.call?.processes().map(({ name }) => name) ?? [];

test.describe("run: the sample", () => {
  // In one worker, one after the other: they share what runs, and each can be run alone.
  test.describe.configure({ mode: "default", timeout: 180_000 });

  test("a first start says each step and its time, opens an unread fabric, and Ctrl-C ends it all", async ({
    fresh,
  }) => {
    const ready = await fresh.up();
    expect(Object.keys(ready).sort()).toEqual(["kubeconfig", "password", "url", "user"]);
    expect(modeOf(fresh.readyFile)).toBe(0o600);
    await pageAnswers(ready.url);
    const { call } = fresh;
    const printed = await until("the last line", () =>
      call?.output.includes("Ctrl-C ends it.") ? call.output : undefined,
    );
    const steps = [...printed.matchAll(/^ {2}(.{16}) +\d+\.\d s {3}\S.*$/gm)].map(([, it]) =>
      it?.trim(),
    );
    const all = ["packages", "page", "server", "control plane", "cluster", "Hedgerow", "fabric"];
    expect(steps).toEqual(all);
    expect(printed).toContain(`password   ${ready.password}\n`);
    expect(printed).toContain(`open       ${ready.url}\n`);

    const api = await fresh.signedIn();
    const fabric = await onlyFabric(api);
    expect(fabric.headline.state).toBe("not_measured");
    expect((await api.must<List<Run>>("GET", `/api/fabrics/${fabric.id}/runs/`)).count).toBe(0);
    expectCounts(await api.pull(fabric.id), { created: 48 });

    const cluster = clusterOf(ready.kubeconfig);
    expect([await listens(ready.url), await listens(cluster)]).toEqual([true, true]);
    expect(namesOf(fresh)).toEqual(expect.arrayContaining(["hedgerow", "control-plane"]));
    expect(await fresh.interrupt()).toBe(0);
    expect(namesOf(fresh)).toEqual([]);
    expect([await listens(ready.url), await listens(cluster)]).toEqual([false, false]);
    expect(existsSync(fresh.readyFile)).toBe(false);
    expect(call?.complaints).toBe("");
  });

  test("Ctrl-C while it starts ends what runs by then, and the next start is whole", async ({
    fresh,
  }) => {
    const call = fresh.begin(["--port", String(await freePort())]);
    await until(
      "the control plane's start",
      () => (namesOf(fresh).includes("control-plane") ? true : undefined),
      90_000,
    );
    expect(await call.interrupt()).toBe(0);
    expect(namesOf(fresh)).toEqual([]);
    expect(call.complaints).toBe("");
    const { api, fabric } = await pulled(fresh);
    expect((await api.objects(fabric.id)).count).toBe(48);
  });

  test("started again it has the same address, password, record and cluster", async ({ demo }) => {
    const { fabric } = await pulled(demo);
    const before = await demo.up();
    expect(await demo.interrupt()).toBe(0);

    const after = await demo.up();
    expect(after).toEqual(before);
    const api = await demo.signedIn();
    const again = await onlyFabric(api);
    expect({ id: again.id, name: again.name }).toEqual({ id: fabric.id, name: fabric.name });
    expect((await api.objects(again.id)).count).toBe(48);
    expectCounts(await api.pull(again.id), { unchanged: 48 });
  });

  test("after kill -9 the next start heals", async ({ demo }) => {
    await pulled(demo);
    const { call } = demo;
    const parts = call?.processes().filter(({ name }) => /^(hedgerow|control-plane)$/.test(name));
    // Stopped, so that they stay although ./run takes its parts along.
    for (const { pid } of parts ?? []) process.kill(pid, "SIGSTOP");
    process.kill(call?.child.pid ?? 0, "SIGKILL");
    await call?.ended;
    // Between two looks at its parts ./run sleeps.
    expect(namesOf(demo).filter((name) => name !== "sleep")).toHaveLength(2);
    expect(existsSync(demo.readyFile), "nobody was there to tidy up").toBe(true);

    const { api, fabric } = await pulled(demo);
    expect(call?.processes(), "nothing is left of the killed one").toEqual([]);
    expect(demo.call?.output).toMatch(/^ {2}tidying up /m);
    await pageAnswers((await demo.up()).url);
    expectCounts(await api.pull(fabric.id), { unchanged: 48 });
  });

  for (const part of ["hedgerow", "control-plane"])
    test(`without its ${part} it says so and ends, and the next start heals`, async ({ demo }) => {
      await demo.up();
      const { call } = demo;
      const victim = call?.processes().find(({ name }) => name === part);
      process.kill(victim?.pid ?? 0, "SIGKILL");
      const code = (await call?.ended) ?? -1;
      const { output = "", complaints = "" } = call ?? {};
      const left = call?.processes() ?? [];
      expectSentence({ code, output, complaints, left }, /has ended by itself.*\.log says why/);
      await pulled(demo);
    });

  for (const [part, line] of [
    ["hedgerow", "Hedgerow"],
    ["control-plane", "Hedgerow"],
  ] as const)
    test(`a start whose ${part} is killed on the way never says that it runs`, async ({
      fresh,
    }) => {
      const call = fresh.begin(["--port", String(await freePort())]);
      await until(
        "that line",
        () => new RegExp(`^ {2}${line} `, "m").test(call.output) || undefined,
      );
      process.kill(call.processes().find(({ name }) => name === part)?.pid ?? 0, "SIGKILL");
      const code = await call.ended;
      const { output, complaints } = call;
      expectSentence({ code, output, complaints, left: call.processes() }, /has ended by itself/);
      expect(existsSync(fresh.readyFile)).toBe(false);
    });

  test("a folder that is in use is refused with its address, and the one that runs goes on", async ({
    demo,
  }) => {
    const { url } = await demo.up();
    const ran = await demo.ends(["--port", String(await freePort())]);
    expectSentence(ran, /already runs with this folder, at (\S+):/);
    expect(ran.complaints).toContain(url);
    expect(await demo.up()).toMatchObject({ url });
    await pulled(demo);
  });

  test("two folders run side by side, each with its own users and fabric", async ({ demo }) => {
    const beside = new Demo(`it's "theirs" \\ here`);
    try {
      const [one, other] = [await demo.up(), await beside.up()];
      expect(other.url).not.toBe(one.url);
      expect(other.password).not.toBe(one.password);
      await Promise.all([pageAnswers(one.url), pageAnswers(other.url)]);
      const stranger = await fetch(new URL("/api/session/", other.url), {
        method: "POST",
        headers: { "Content-Type": "application/json", Origin: new URL(other.url).origin },
        body: JSON.stringify({ username: one.user, password: one.password }),
      });
      expect(stranger.status).toBe(401);
      const [mine, theirs] = await Promise.all([pulled(demo), pulled(beside)]);
      await theirs.api.editFabric(theirs.fabric.id, { name: "theirs alone" });
      expect((await onlyFabric(mine.api)).name).toBe(mine.fabric.name);
    } finally {
      await beside.remove();
    }
    await pageAnswers((await demo.up()).url);
  });

  test("the asked port is used, and a taken one is named with its cure", async ({
    demo,
    fresh,
  }) => {
    const { port } = new URL((await demo.up()).url);
    const ran = await fresh.ends(["--port", port]);
    expectSentence(ran, new RegExp(`port ${port} is taken .* choose another with --port`));
    const asked = await freePort();
    const ready = await fresh.up(["--port", String(asked)]);
    expect(ready.url).toBe(`http://127.0.0.1:${asked}/`);
    await pageAnswers(ready.url);
  });

  test("the password stands in its own file only, and only its owner may read what is secret", async ({
    demo,
  }) => {
    await pulled(demo);
    const { password, kubeconfig } = await demo.up();
    const token = /token: "?([^\s"]+)/.exec(
      readFileSync(join(demo.data, "reader.kubeconfig"), "utf8"),
    );
    const secrets = [
      password,
      token?.[1],
      readFileSync(join(demo.data, "cluster", "admin.token"), "utf8").trim(),
      readFileSync(join(demo.data, "hedgerow.key"), "utf8").trim(),
      "PRIVATE KEY",
    ].map((it) => it ?? "");
    expect(secrets.filter((it) => it.length < 11)).toEqual([]);
    const files = demo.files();
    const holding = (secret: string) =>
      files.filter(({ bytes }) => bytes.includes(secret)).map(({ path }) => path);
    expect(holding(password)).toEqual(["password"]);
    expect(secrets.flatMap(holding).filter((path) => path.endsWith(".log"))).toEqual([]);
    const secretFiles = new Set([...secrets.flatMap(holding), "hedgerow.db", "server.ready"]);
    const modes = files
      .filter(({ path }) => secretFiles.has(path))
      .map(({ path, mode }) => `${path} ${mode.toString(8)}`);
    expect(modes.length).toBeGreaterThan(6);
    expect(modes.filter((it) => !it.endsWith(" 600"))).toEqual([]);
    expect([modeOf(kubeconfig), modeOf(demo.readyFile), modeOf(demo.data)]).toEqual([
      0o600, 0o600, 0o700,
    ]);
    expect(demo.call?.output.split(password).length, "printed once").toBe(2);
  });
});

test.describe("run: a person's own cluster", () => {
  test.describe.configure({ mode: "default", timeout: 180_000 });

  test("is used as it is, and none is started", async ({ fresh, kubeconfig }) => {
    const ready = await fresh.up(["--kubeconfig", kubeconfig]);
    expect(ready.kubeconfig).toBe(kubeconfig);
    expect(namesOf(fresh)).toContain("hedgerow");
    expect(namesOf(fresh)).not.toContain("control-plane");
    expect(existsSync(join(fresh.data, "cluster"))).toBe(false);
    const api = await fresh.signedIn();
    const fabric = await onlyFabric(api);
    expect(fabric.headline.state).toBe("not_measured");
    expect(fabric.cluster?.server).toBe(clusterOf(kubeconfig));
    expectCounts(await api.pull(fabric.id), { created: 48 });
    expect(await fresh.interrupt()).toBe(0);
    expect(await listens(clusterOf(kubeconfig)), "it is not ./run's to end").toBe(true);
  });

  test("of which no such context is known is refused with those that are", async ({
    fresh,
    kubeconfig,
  }) => {
    const known = /current-context: "?([^\s"]+)/.exec(readFileSync(kubeconfig, "utf8"))?.[1] ?? "";
    const port = ["--port", String(await freePort())];
    const words = [...port, "--kubeconfig", kubeconfig, "--context"];
    expectSentence(
      await fresh.ends([...words, "nowhere"]),
      /'nowhere' does not stand .*Choose one/,
    );
    const ready = await fresh.up(["--kubeconfig", kubeconfig, "--context", known]);
    await pageAnswers(ready.url);
    expect(await fabricsOf(await fresh.signedIn())).toHaveLength(1);
  });

  test("whose credentials were renewed is used with the new ones from the next start on", async ({
    fresh,
    kubeconfig,
  }) => {
    const now = readFileSync(kubeconfig, "utf8");
    const ca = /certificate-authority-data: "?([^\s"]+)/.exec(now)?.[1];
    const cluster = { server: clusterOf(kubeconfig), "certificate-authority-data": ca };
    const config = {
      "current-context": "lab",
      contexts: [{ name: "lab", context: { cluster: "lab", user: "me" } }],
      clusters: [{ name: "lab", cluster }],
      users: [
        { name: "me", user: { token: "ended" } },
        // Of no context that anybody asks for, so its paths may be stale.
        { name: "other", user: { "client-certificate": "/nowhere/a.crt" } },
      ],
    };
    const old = join(fresh.dir, "old");
    writeFileSync(old, JSON.stringify(config, undefined, 2));
    await fresh.up(["--kubeconfig", old]);
    const before = await fresh.signedIn();
    expect(await before.pull((await onlyFabric(before)).id)).toMatchObject({
      outcome: "failed",
      code: "cluster_unauthorized",
    });
    expect(await fresh.interrupt()).toBe(0);
    await fresh.up(["--kubeconfig", kubeconfig]);
    const api = await fresh.signedIn();
    expectCounts(await api.pull((await onlyFabric(api)).id), { created: 48 });
    expect(await fresh.interrupt()).toBe(0);
    await fresh.up(["--kubeconfig", kubeconfig]);
    const again = await fresh.signedIn();
    expectCounts(await again.pull((await onlyFabric(again)).id), { unchanged: 48 });
  });

  test("whose file is missing, a folder or no kubeconfig is refused", async ({ fresh }) => {
    const words = async (file: string) => [
      "--port",
      String(await freePort()),
      "--kubeconfig",
      file,
    ];
    const missing = join(fresh.dir, "missing");
    expectSentence(
      await fresh.ends(await words(missing)),
      /missing cannot be read: check its path/,
    );
    expectSentence(await fresh.ends(await words(fresh.dir)), /cannot be read: check its path/);
    const prose = join(fresh.dir, "prose");
    writeFileSync(prose, "dear: diary\n");
    expectSentence(await fresh.ends(await words(prose)), /has no contexts.*kubectl config view/);
    expectSentence(await fresh.ends(["--context", "mine"]), /name it with --kubeconfig/);
  });
});

test.describe("run: what it is told", () => {
  test.describe.configure({ timeout: 180_000 });

  test("--help prints every flag and starts nothing", async ({ fresh }) => {
    const ran = await fresh.ends(["--help"]);
    for (const flag of ["kubeconfig", "context", "data", "port", "ready-file", "help"])
      expect(ran.output).toMatch(new RegExp(`^ +--${flag} `, "m"));
    expect([ran.code, ran.complaints, ran.left]).toEqual([0, "", []]);
    expect(existsSync(fresh.data)).toBe(false);
  });

  test("a flag that it does not know, or without its value, is named", async ({ fresh }) => {
    expectSentence(await fresh.ends(["--colour"]), /no flag --colour; .\/run --help/);
    expectSentence(await fresh.ends(["--port"]), /--port wants a value/);
    expect(existsSync(fresh.data)).toBe(false);
  });

  test("a port that is none, and a ready file in no folder, are refused before anything is made", async ({
    fresh,
  }) => {
    for (const port of ["0", "70000", "abc", "-1", "08080", "99999999999999999999"])
      expectSentence(await fresh.ends(["--port", port]), /is no port: name one from 1 to 65535/);
    const file = join(fresh.dir, "no", "ready.json");
    expectSentence(await fresh.ends(["--ready-file", file]), /ready file .* cannot be written/);
    expect(existsSync(fresh.data)).toBe(false);
  });
});

test.describe("run: what is missing", () => {
  test.describe.configure({ timeout: 180_000 });

  test("a full disk is told with what is free and what is needed", async ({ fresh }) => {
    mkdirSync(fresh.data);
    const mount = 'mount -t tmpfs -o size=4m none "$0" && exec "$@"';
    const through = ["unshare", rooted ? "--mount" : "-rm", "sh", "-c", mount, fresh.data];
    const ran = await fresh.ends(["--port", String(await freePort())], { through });
    expectSentence(ran, /only [0-4] MiB of disk are free at .* and 200 are needed: free some/);
  });

  for (const [program, words] of [
    ["go", /no Go here, and 1\.26 or later is needed: unpack it from https:\/\/go\.dev\/dl\//],
    [
      "node",
      /no Node here, and 20\.19 or later is needed: install it from https:\/\/nodejs\.org\//,
    ],
    ["npm", /without npm: install npm/],
  ] as const)
    test(`${program} is asked for by its name and place`, async ({ fresh }) => {
      const env = { PATH: fresh.pathWithout(program) };
      expectSentence(await fresh.ends(["--port", String(await freePort())], { env }), words);
    });

  test("a network that is needed and not there is told", async ({ fresh }) => {
    expectSentence(
      await fresh.ends([], await unbuilt(fresh)),
      /the network does not answer, .* check the connection or the proxy/,
    );
  });

  test("Ctrl-C while it builds ends the builds", async ({ fresh }) => {
    const call = fresh.begin([], await unbuilt(fresh));
    await until(
      "both builds to be under way",
      () => {
        const names = namesOf(fresh);
        return names.includes("go") && names.some((it) => it.startsWith("npm")) ? true : undefined;
      },
      90_000,
    );
    expect(await call.interrupt()).toBe(0);
    expect(namesOf(fresh)).toEqual([]);
    expect(call.complaints).toBe("");
  });
});
