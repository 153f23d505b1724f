// What `./run` is told in a way that cannot be meant, and what it misses on the machine: each has one sentence with its
// cure, or is got.
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Demo, Wish } from "../support/demo";
import { mustRun, until } from "../support/process";
import { freePort } from "../support/server";
import { inTree } from "../support/tree";
import { expect, expectSentence, namesOf, test } from "./terminal";

const rooted = process.getuid?.() === 0;

// A fresh clone where nothing is built, on a machine without network.
async function unbuilt(demo: Demo): Promise<Wish> {
  const clone = join(demo.dir, "clone");
  await mustRun("git", ["-c", "advice.detachedHead=false", "clone", "--quiet", inTree(), clone]);
  return {
    program: join(clone, "run"),
    through: ["unshare", rooted ? "--net" : "-rn"],
    // An empty cache, and a person who has told npm to ask once.
    env: { npm_config_cache: join(demo.dir, "npm"), npm_config_fetch_retries: "0" },
  };
}

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
    for (const flag of ["--port", "--kubeconfig", "--data", "--ready-file"])
      for (const said of [[flag], [flag, ""]])
        expectSentence(await fresh.ends(said), new RegExp(`${flag} wants a value`));
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

  test("a disk too small for what is built is told by the first step that needs more", async ({
    fresh,
  }) => {
    const clone = join(fresh.data, "clone");
    mkdirSync(fresh.data);
    const lay =
      'mount -t tmpfs -o size=450m none "$0" && git -c advice.detachedHead=false clone --quiet "$1" "$0/clone" && shift && exec "$@"';
    const through = ["unshare", rooted ? "--mount" : "-rm", "sh", "-c", lay, fresh.data, inTree()];
    const ran = await fresh.ends([], { through, program: join(clone, "run") });
    expectSentence(
      ran,
      /page: only 4\d\d MiB of disk are free at .* and 700 are needed: free some/,
    );
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

  // As this machine would be without two packages, asked by somebody who is root or not, and may sudo or not.
  function lacking(demo: Demo, user: "root" | "sudo" | "nobody") {
    const path = demo.pathWithout("sudo");
    const log = join(demo.dir, "log");
    const place = (name: string, ...lines: string[]) => {
      rmSync(join(path, name), { force: true });
      writeFileSync(join(path, name), ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
    };
    writeFileSync(log, "");
    place("id", `echo ${user === "root" ? 0 : 1000}`);
    if (user === "sudo")
      place("sudo", `[ "$1" = -n ] || { echo "sudo $*" >>'${log}'; exec "$@"; }`);
    // Its lists are too old until they were updated.
    place("apt-get", `echo "$*" >>'${log}'; [ "$1" = update ] || grep -qx update '${log}'`);
    const all =
      'for it in "$@"; do [ "$it" = mold ] || [ "$it" = brotli ] || echo "installed $it"; done';
    place("dpkg-query", all);
    const lines = () => readFileSync(log, "utf8").split("\n").filter(Boolean);
    return { env: { PATH: path }, lines, place };
  }
  const install = "install -y --no-install-recommends brotli mold";

  for (const user of ["root", "sudo"] as const)
    test(`packages are installed by apt as ${user}, with its lists brought up to date`, async ({
      fresh,
    }) => {
      // A start that goes no farther.
      const port = await freePort();
      const taken = createServer().listen(port, "127.0.0.1");
      await once(taken, "listening");
      const { env, lines } = lacking(fresh, user);
      const ran = await fresh.ends(["--port", String(port)], { env });
      taken.close();
      expectSentence(ran, /port \d+ is taken/);
      expect(ran.output).toMatch(/^ {2}packages +\d+\.\d s {3}installed 2 packages$/m);
      const calls = [install, "update", install];
      expect(lines().filter((line) => !line.startsWith("sudo "))).toEqual(calls);
      const bySudo = lines().filter((line) => line.startsWith("sudo apt-get "));
      expect(bySudo).toEqual(user === "sudo" ? calls.map((call) => `sudo apt-get ${call}`) : []);
    });

  test("packages that nobody here may install are told in the one line to run", async ({
    fresh,
  }) => {
    const { env, lines } = lacking(fresh, "nobody");
    expectSentence(
      await fresh.ends(["--port", String(await freePort())], { env }),
      new RegExp(`packages are missing, run: apt-get update && apt-get ${install}$`, "m"),
    );
    expect(lines()).toEqual([]);
  });

  for (const [said, words] of [
    [
      "Could not connect to deb.example:80 (192.0.2.1), connection timed out",
      /network does not answer/,
    ],
    ["Connection failed [IP: 192.0.2.1 80]", /network does not answer/],
    ["E: You don't have enough free space in /var/cache/apt/archives/.", /the disk is full: free/],
  ] as const)
    test(`apt that gives up with "${said}" is one sentence`, async ({ fresh }) => {
      const { env, place } = lacking(fresh, "root");
      place("apt-get", `echo "${said}" >&2; exit 100`);
      expectSentence(await fresh.ends(["--port", String(await freePort())], { env }), words);
    });

  test("a network that is needed and not there is told", { tag: "@long" }, async ({ fresh }) => {
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
