// faults.mjs RESULTS: each row of tests/faults/rows.json with the tests that carry its id at the beginning of their
// names and what they last gave, then how many rows stand how. RESULTS is where ./test leaves what its runners wrote.
// A test that names no row is a mistake: exit code 1.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const results = process.argv[2];
const rows = JSON.parse(readFileSync("tests/faults/rows.json", "utf8"));

// Of one test's cases, each "passed", "skipped" or "failed": the worst.
const resultOf = (cases) =>
  ["failed", "skipped", "passed"].find((word) => cases.includes(word)) ?? "not run";

// Playwright's report, listed or run, as one flat list. "C10 C12: a cookie …" is of two rows.
function browserTests(report) {
  const found = [];
  const walk = (suite, above) => {
    for (const { title, file, tests } of suite.specs ?? []) {
      const names = [...above, title];
      const ids = names.flatMap(
        (name) => /^((?:[A-Z]\d\d )*[A-Z]\d\d): /.exec(name)?.[1].split(" ") ?? [],
      );
      const key = [file, ...names].join("\n");
      const cases = tests.map(
        ({ status }) => ({ expected: "passed", skipped: "skipped" })[status] ?? "failed",
      );
      if (ids.length > 0) found.push({ key, ids, name: title, file: `tests/${file}`, cases });
    }
    for (const inner of suite.suites ?? []) walk(inner, [...above, inner.title]);
  };
  walk(report, []);
  return found;
}

function fromPlaywright() {
  const list =
    "--silent --prefix tests exec -- playwright test --config tests/playwright.config.ts --list --reporter=json";
  // As who names tests gets them: all there are, also those that only CI and --long have time for.
  const env = { ...process.env, HEDGEROW_NAMED: "true" };
  const listed = JSON.parse(
    execFileSync("npm", list.split(" "), { encoding: "utf8", maxBuffer: 1 << 28, env }),
  );
  const file = join(results, "playwright.json");
  const ran = existsSync(file) ? browserTests(JSON.parse(readFileSync(file, "utf8"))) : [];
  return browserTests(listed).map((test) => {
    const same = ran.filter(({ key }) => key === test.key).flatMap((one) => one.cases);
    return { ...test, result: resultOf(same) };
  });
}

// TEST_P(Disk, Q02_an_error_…)
function fromGoogleTest() {
  const folder = join(results, "gtest");
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
  const ran = files
    .filter((file) => file.endsWith(".xml"))
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n");
  const sources = execFileSync("git", ["ls-files", "*_test.cpp"], { encoding: "utf8" })
    .trim()
    .split("\n");
  return sources.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/^TEST(?:_P|_F)?\(\w+, ((?:[A-Z]\d\d_)+)(\w+)/gm)].map(
      ([, ids, words]) => {
        const cases = [
          ...ran.matchAll(
            new RegExp(`<testcase name="${ids}${words}["/][^>]*>\\s*(?:<(failure|skipped))?`, "g"),
          ),
        ];
        return {
          ids: ids.slice(0, -1).split("_"),
          name: words.replaceAll("_", " "),
          file,
          result: resultOf(
            cases.map(([, word]) => ({ failure: "failed", skipped: "skipped" })[word] ?? "passed"),
          ),
        };
      },
    ),
  );
}

const tests = [...fromPlaywright(), ...fromGoogleTest()];
const known = new Set(rows.map(({ id }) => id));
const strange = tests.filter(({ ids }) => ids.some((id) => !known.has(id)));
for (const { name, file } of strange) console.log(`no row has the id of: ${file}: ${name}`);

const worst = ["failed", "not run", "skipped", "passed"];
const numbers = {};
for (const { id, fault, later, rest, instead } of rows) {
  console.log(`${id}  ${fault}`);
  const mine = tests.filter(({ ids }) => ids.includes(id));
  for (const { name, file, result } of mine)
    console.log(`     ${result.padEnd(8)} ${file}: ${name}`);
  const stands =
    mine.length > 0
      ? worst.find((word) => mine.some(({ result }) => result === word))
      : later
        ? "later"
        : "no test";
  if (stands === "later") console.log(`     later, with ${later}`);
  else if (stands === "no test") console.log("     no test yet");
  if (instead) console.log(`     not as the row says: ${instead}`);
  if (rest) console.log(`     its other half later, with ${rest}`);
  numbers[stands] = (numbers[stands] ?? 0) + 1;
}
const parts = ["passed", "failed", "skipped", "not run", "no test", "later"].map(
  (word) => `${numbers[word] ?? 0} ${word}`,
);
console.log(`\n${rows.length} rows: ${parts.join(", ")}`);
process.exitCode = strange.length > 0 ? 1 : 0;
