// `./run`, as a person in a terminal has it: what it says, what it leaves, and that it ends whole.
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { Api } from "../support/api";
import { Demo, startPatienceMs, type Ready } from "../support/demo";
import { controlPlane, end, mustRun, startTalking, until } from "../support/process";
import { expectRead } from "../support/read";
import { freePort } from "../support/server";
import { wiringFiles } from "../support/tree";
import type { Fabric, List, Run } from "../support/types";
import { expect, expectSentence, namesOf, test as base } from "./terminal";

interface Shared {
  // Runs, or is started by the first who wants it.
  demo: Demo;
  // The kubeconfig of an API server that the person has already, with the 48 objects.
  kubeconfig: string;
}

const test = base.extend<object, Shared>({
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

const modeOf = (file: string) => statSync(file).mode & 0o777;

async function fabricsOf(api: Api): Promise<Fabric[]> {
  return (await api.must<List<Fabric>>("GET", "/api/fabrics/")).results;
}

async function onlyFabric(api: Api): Promise<Fabric> {
  const [fabric, ...more] = await fabricsOf(api);
  expect(more).toEqual([]);
  if (!fabric) throw new Error("There is no fabric.");
  return fabric;
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

// What the person does with the words that ./run has printed: opens the page, signs in, opens the fabric, clicks.
async function clickSync(
  page: Page,
  { url, user, password }: Ready,
  fabric: Fabric,
): Promise<void> {
  await page.goto(url);
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("link", { name: fabric.name }).click();
  await page.getByRole("button", { name: "Sync from Fabric" }).click();
  await expect(page.locator("main [role=status] h2")).toContainText("48 created");
}

test.describe("run: the sample", () => {
  // In one worker, one after the other: they share what runs, and each can be run alone.
  test.describe.configure({ mode: "default", timeout: 180_000 });

  test("a first start says each step and its time, opens a page where one click shows 48 created, and Ctrl-C ends it all", async ({
    fresh,
    page,
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
    const runs = () => api.must<List<Run>>("GET", `/api/fabrics/${fabric.id}/runs/`);
    expect((await runs()).count).toBe(0);
    await clickSync(page, ready, fabric);
    const [run, ...more] = (await runs()).results;
    expect(more).toEqual([]);
    expectRead(run as Run, { created: 48 });
    await page.close();

    const cluster = clusterOf(ready.kubeconfig);
    expect([await listens(ready.url), await listens(cluster)]).toEqual([true, true]);
    expect(namesOf(fresh)).toEqual(expect.arrayContaining(["hedgerow", "control-plane"]));
    expect(await fresh.interrupt()).toBe(0);
    expect(namesOf(fresh)).toEqual([]);
    expect([await listens(ready.url), await listens(cluster)]).toEqual([false, false]);
    expect(existsSync(fresh.readyFile)).toBe(false);
    expect(call?.complaints).toBe("");
  });

  test(
    "Ctrl-C while it starts ends what runs by then, and the next start is whole",
    { tag: "@long" },
    async ({ fresh }) => {
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
    },
  );

  test("started again it has the same address, password, record and cluster", async ({ demo }) => {
    const { fabric } = await pulled(demo);
    const before = await demo.up();
    expect(await demo.interrupt()).toBe(0);

    const after = await demo.up();
    expect(after).toEqual(before);
    const took = await until(
      "the time it took",
      () => /after (\d+\.\d) s/.exec(demo.call?.output ?? "")?.[1],
    );
    expect(Number(took)).toBeLessThan(15);
    const api = await demo.signedIn();
    const again = await onlyFabric(api);
    expect({ id: again.id, name: again.name }).toEqual({ id: fabric.id, name: fabric.name });
    expect((await api.objects(again.id)).count).toBe(48);
    expectRead(await api.pull(again.id), { unchanged: 48 });
  });

  test(
    "a renamed sample is found again after its cluster moved to another port",
    { tag: "@long" },
    async ({ demo }) => {
      const { api, fabric } = await pulled(demo);
      await api.editFabric(fabric.id, { name: "renamed" });
      const before = clusterOf((await demo.up()).kubeconfig);
      expect(await demo.interrupt()).toBe(0);
      const folder = ["--dir", join(demo.data, "cluster")];
      const moved = ["start", ...folder, "--port", String(await freePort())];
      const { child } = await startTalking(controlPlane, [...moved, "--foreground", "--json"]);
      await end(child);

      const { kubeconfig } = await demo.up();
      expect(clusterOf(kubeconfig)).not.toBe(before);
      expect(demo.call?.output).toMatch(/^ {2}fabric .* renamed has a new address$/m);
      const again = await demo.signedIn();
      const { id, name, cluster } = await onlyFabric(again);
      expect([id, name, cluster?.server]).toEqual([fabric.id, "renamed", clusterOf(kubeconfig)]);
      expectRead(await again.pull(id), { unchanged: 48 });
    },
  );

  test("after kill -9 the next start heals, and has the one fabric that it had", async ({
    demo,
  }) => {
    const { fabric: before } = await pulled(demo);
    const { call } = demo;
    const parts = call?.processes().filter(({ name }) => /^(hedgerow|control-plane)$/.test(name));
    // Stopped, so that they stay although ./run takes its parts along.
    for (const { pid } of parts ?? []) process.kill(pid, "SIGSTOP");
    process.kill(call?.child.pid ?? 0, "SIGKILL");
    await call?.ended;
    // Between two looks at its parts ./run sleeps.
    expect(namesOf(demo).filter((name) => name !== "sleep")).toHaveLength(2);
    expect(existsSync(demo.readyFile), "nobody was there to tidy up").toBe(true);
    // Its first start may have ended before it knew the number of the fabric that it had just made.
    const note = join(demo.data, "fabrics.made");
    writeFileSync(note, readFileSync(note, "utf8").replace(/\t\d+\n$/, `\t+${before.name}\n`));

    const { api, fabric } = await pulled(demo);
    expect(fabric.id).toBe(before.id);
    expect(call?.processes(), "nothing is left of the killed one").toEqual([]);
    expect(demo.call?.output).toMatch(/^ {2}tidying up /m);
    await pageAnswers((await demo.up()).url);
    expectRead(await api.pull(fabric.id), { unchanged: 48 });
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
    test(
      `a start whose ${part} is killed on the way never says that it runs`,
      { tag: "@long" },
      async ({ fresh }) => {
        const call = fresh.begin(["--port", String(await freePort())]);
        await until(
          "that line",
          () => new RegExp(`^ {2}${line} `, "m").test(call.output) || undefined,
          startPatienceMs,
        );
        process.kill(call.processes().find(({ name }) => name === part)?.pid ?? 0, "SIGKILL");
        const code = await call.ended;
        const { output, complaints } = call;
        expectSentence({ code, output, complaints, left: call.processes() }, /has ended by itself/);
        expect(existsSync(fresh.readyFile)).toBe(false);
      },
    );

  test(
    "a folder that is in use is refused with its address, and the one that runs goes on",
    { tag: "@long" },
    async ({ demo }) => {
      const { url } = await demo.up();
      const ran = await demo.ends(["--port", String(await freePort())]);
      expectSentence(ran, /already runs with this folder, at (\S+):/);
      expect(ran.complaints).toContain(url);
      expect(await demo.up()).toMatchObject({ url });
      await pulled(demo);
    },
  );

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

  test(
    "the asked port is used, and a taken one is named with its cure",
    { tag: "@long" },
    async ({ demo, fresh }) => {
      const { port } = new URL((await demo.up()).url);
      const ran = await fresh.ends(["--port", port]);
      expectSentence(ran, new RegExp(`port ${port} is taken .* choose another with --port`));
      const asked = await freePort();
      const ready = await fresh.up(["--port", String(asked)]);
      expect(ready.url).toBe(`http://127.0.0.1:${asked}/`);
      await pageAnswers(ready.url);
    },
  );

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
    expectRead(await api.pull(fabric.id), { created: 48 });
    expect(await fresh.interrupt()).toBe(0);
    expect(await listens(clusterOf(kubeconfig)), "it is not ./run's to end").toBe(true);
  });

  test(
    "of which no such context is known is refused with those that are",
    { tag: "@long" },
    async ({ fresh, kubeconfig }) => {
      const known =
        /current-context: "?([^\s"]+)/.exec(readFileSync(kubeconfig, "utf8"))?.[1] ?? "";
      const port = ["--port", String(await freePort())];
      const words = [...port, "--kubeconfig", kubeconfig, "--context"];
      expectSentence(
        await fresh.ends([...words, "nowhere"]),
        /'nowhere' does not stand .*Choose one/,
      );
      const ready = await fresh.up(["--kubeconfig", kubeconfig, "--context", known]);
      await pageAnswers(ready.url);
      expect(await fabricsOf(await fresh.signedIn())).toHaveLength(1);
    },
  );

  test("of which a file tells among others is let in alone, and the others' keys are not read", async ({
    fresh,
    kubeconfig,
  }) => {
    const now = readFileSync(kubeconfig, "utf8");
    const known = /current-context: "?([^\s"]+)/.exec(now)?.[1] ?? "";
    const other = clusterOf(kubeconfig).replace(/\d+$/, "1");
    // Whoever opened it to read would wait for ever.
    const key = join(fresh.dir, "other.key");
    await mustRun("mkfifo", [key]);
    const more: Record<string, string> = {
      clusters: `- cluster:\n    server: ${other}\n  name: other\n`,
      users: `- name: other\n  user:\n    client-key: ${key}\n`,
      contexts: "- context:\n    cluster: other\n    user: other\n  name: other\n",
    };
    const both = join(fresh.dir, "both");
    writeFileSync(
      both,
      now
        .replace(/^(clusters|users|contexts):\n/gm, (line, list: string) => line + more[list])
        .replace(/^current-context:.*/m, "current-context: other"),
    );
    await fresh.up(["--kubeconfig", both, "--context", known]);
    const settings = readFileSync(join(fresh.data, "hedgerow.toml"), "utf8");
    expect(/^allow = (.*)$/m.exec(settings)?.[1]).toBe(
      JSON.stringify([new URL(clusterOf(kubeconfig)).host]),
    );
    const api = await fresh.signedIn();
    const fabric = await onlyFabric(api);
    expect(fabric.cluster?.server).toBe(clusterOf(kubeconfig));
    expectRead(await api.pull(fabric.id), { created: 48 });
  });

  test(
    "whose credentials were renewed is used with the new ones from the next start on",
    { tag: "@long" },
    async ({ fresh, kubeconfig }) => {
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
      expectRead(await api.pull((await onlyFabric(api)).id), { created: 48 });
      expect(await fresh.interrupt()).toBe(0);
      await fresh.up(["--kubeconfig", kubeconfig]);
      const again = await fresh.signedIn();
      expectRead(await again.pull((await onlyFabric(again)).id), { unchanged: 48 });
    },
  );

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
