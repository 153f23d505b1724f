// Tests that enter by the door: a real browser or plain HTTP, the real server, a real API server.
// ./test builds what they need and says where it lies; by hand: ./test browser -k "words of its name".
import { defineConfig } from "@playwright/test";
import { inFull, inTree, realFabric, thorough } from "./support/tree";
import type { Options } from "./support/fixtures";

// Files whose every test reads kinds or objects.
const aboutKinds = Object.entries({
  api: "cluster_faults documents identity ladder namespaces queries rewound scope",
  browser: "clusters counts inputs_cluster namespaces objects odd_objects",
  faults: "kubernetes secrets",
}).flatMap(([room, names]) => names.split(" ").map((name) => `${room}/${name}.test.ts`));

// @release: what befalls the program befalls the sanitizers in it, too. They end it where they find no memory, need a
// file descriptor to look at an object's type, and ask for the time before a library that changes it is ready. And they
// take their time where time is what counts.
const sample = { wiring: "sample" } as const;
const real = { wiring: "real" } as const;
// In CI and in full what is about kinds is run on both fabrics. Elsewhere, where there is a real one, it is run on that
// alone, and what takes long and seldom breaks is left out.
const inShort = [
  { name: "sample", testIgnore: aboutKinds, grepInvert: /@kinds|@long/, use: sample },
  { name: "sample, of a file", testMatch: aboutKinds, grep: /@unknown_fields/, use: sample },
];
const onSample = { name: "sample", use: sample };
// The real schemas keep no field that they do not know.
const onReal = [
  { name: "real", grep: /@kinds/, use: real },
  {
    name: "real, all of a file",
    testMatch: aboutKinds,
    grepInvert: /@kinds|@unknown_fields/,
    use: real,
  },
];
const fabrics = () => {
  // Who names tests gets all that have the name.
  const whole = thorough || process.env.HEDGEROW_NAMED === "true";
  if (!realFabric) return [whole ? onSample : { ...onSample, grepInvert: /@long/ }];
  return [...(whole ? [onSample] : inShort), ...onReal];
};

const ci = process.env.CI === "true";
// All of the browser; elsewhere it goes without the windows that nobody sees. What fails is run again with --trace on:
// to record everything costs as much as the tests themselves.
const chromium = thorough ? "/usr/bin/chromium" : "/usr/bin/chromium-headless-shell";
const results = process.env.HEDGEROW_RESULTS;

export default defineConfig<object, Options>({
  testDir: ".",
  outputDir: inTree("build", "test-results"),
  fullyParallel: true,
  forbidOnly: ci,
  // Much of a test is waiting: more of them fill two cores.
  workers: thorough && !inFull ? 2 : 4,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: results ? [["list"], ["json", { outputFile: results }]] : [["list"]],
  projects: fabrics(),
  use: {
    browserName: "chromium",
    trace: "off",
    screenshot: "only-on-failure",
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env.HEDGEROW_CHROMIUM ?? chromium,
      chromiumSandbox: false,
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // A host name that is not this machine's own, so that plain HTTP is what it is in a lab.
        "--host-resolver-rules=MAP hedgerow.lab 127.0.0.1, MAP *.hedgerow.lab 127.0.0.1",
      ],
    },
  },
});
