// faults.mjs list RESULTS: each row of tests/faults/rows.json with the tests that carry its id at the beginning of
// their names, what they last gave, when, of which commit, and of how much where a test says so (kills, points, rows),
// then how many rows stand how. RESULTS is where ./test leaves what its runners wrote.
// faults.mjs keep RESULTS: remembers what the runners wrote last, test by test, in RESULTS/rows.json: the next run may
// be of a few tests only. ./test calls it after each run.
// faults.mjs check: says what list would find wrong.
// A test that names no row is a mistake, and so is a row without a test that is not said to come later: exit code 1.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [wish, results] = process.argv.slice(2);
if (!["list", "keep", "check"].includes(wish)) throw new Error("list, keep or check?");
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
      const amount = (tests[0]?.annotations ?? []).find(({ type }) => type === "amount");
      if (ids.length > 0)
        found.push({
          ...{ key, ids, name: title, file: `tests/${file}`, cases },
          amount: amount?.description,
        });
    }
    for (const inner of suite.suites ?? []) walk(inner, [...above, inner.title]);
  };
  walk(report, []);
  return found;
}

function listedByPlaywright() {
  const list =
    "--silent --prefix tests exec -- playwright test --config tests/playwright.config.ts --list --reporter=json";
  // As who names tests gets them: all there are, also those that only CI and --long have time for.
  const env = { ...process.env, HEDGEROW_NAMED: "true" };
  return browserTests(
    JSON.parse(execFileSync("npm", list.split(" "), { encoding: "utf8", maxBuffer: 1 << 28, env })),
  );
}

// TEST_P(Disk, Q02_an_error_…)
function listedByGoogleTest() {
  const sources = execFileSync("git", ["ls-files", "*_test.cpp"], { encoding: "utf8" });
  const named = /^TEST(?:_P|_F)?\(\w+, ((?:[A-Z]\d\d_)+)(\w+)/gm;
  return sources
    .trim()
    .split("\n")
    .flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(named)].map(([, ids, words]) => ({
        key: `${ids}${words}`,
        ids: ids.slice(0, -1).split("_"),
        name: words.replaceAll("_", " "),
        file,
      })),
    );
}

// What the runners wrote last: of each test the result and the begin of the run.
function ranNow() {
  const ran = {};
  // The same test of two projects or two wirings stands there twice.
  const note = (key, cases, at, amount) => {
    const result = resultOf([...cases, ...(ran[key] ? [ran[key].result] : [])]);
    ran[key] = { result, at, amount };
  };
  const file = join(results, "playwright.json");
  if (existsSync(file)) {
    const report = JSON.parse(readFileSync(file, "utf8"));
    for (const { key, cases, amount } of browserTests(report))
      note(key, cases, report.stats.startTime, amount);
  }
  const folder = join(results, "gtest");
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
  for (const name of files.filter((name) => name.endsWith(".xml"))) {
    const text = readFileSync(join(folder, name), "utf8");
    const [, at] = /timestamp="([^"]+)"/.exec(text) ?? [];
    const one =
      /<testcase name="((?:[A-Z]\d\d_)+[^"/]*)([^>]*)>\s*(?:<(failure|skipped))?([\s\S]*?(?=<testcase|<\/testsuite))/g;
    for (const [, key, words, word, inside] of text.matchAll(one)) {
      const [, amount] = /(?:name="amount" value|amount)="([^"]+)"/.exec(words + inside) ?? [];
      note(key, [{ failure: "failed", skipped: "skipped" }[word] ?? "passed"], at, amount);
    }
  }
  return ran;
}

const git = (...words) => execFileSync("git", words, { encoding: "utf8" }).trim();
const commitNow = () =>
  git("rev-parse", "--short=10", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");

// A test that was left out this time keeps what it gave when it last ran. Of which commit a result is, only who has
// just run the tests can say.
function keptResults(commit) {
  const file = join(results, "rows.json");
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  for (const [key, now] of Object.entries(ranNow())) {
    const isNews = now.at !== kept[key]?.at || now.result !== kept[key]?.result;
    if (isNews && (now.result !== "skipped" || !kept[key])) kept[key] = { ...now, commit };
  }
  writeFileSync(file, JSON.stringify(kept, null, 1));
  return kept;
}

if (wish === "keep") {
  keptResults(commitNow());
  process.exit();
}

const last = wish === "list" ? keptResults() : {};
const here = commitNow();
const told = ({ result, amount, commit } = {}) => {
  if (result === undefined || result === "not run") return "";
  const whose =
    commit === undefined
      ? "of an unknown commit"
      : commit === here
        ? `of ${commit}`
        : `of another commit, ${commit}`;
  return ` (${amount ? `${amount}, ` : ""}${whose})`;
};
const say = wish === "list" ? console.log : () => undefined;
const tests = [...listedByPlaywright(), ...listedByGoogleTest()].map((test) => ({
  ...test,
  result: last[test.key]?.result ?? "not run",
  at: last[test.key]?.at?.slice(0, 16) ?? "",
  told: told(last[test.key]),
}));
const known = new Set(rows.map(({ id }) => id));
const strange = tests.filter(({ ids }) => ids.some((id) => !known.has(id)));
for (const { name, file } of strange) console.log(`no row has the id of: ${file}: ${name}`);

const worst = ["failed", "not run", "skipped", "passed"];
const numbers = {};
for (const { id, fault, later, rest, instead } of rows) {
  say(`${id}  ${fault}`);
  const mine = tests.filter(({ ids }) => ids.includes(id));
  for (const { name, file, result, at, told } of mine)
    say(`     ${result.padEnd(8)} ${at.padEnd(16)} ${file}: ${name}${told}`);
  const stands =
    mine.length > 0
      ? worst.find((word) => mine.some(({ result }) => result === word))
      : later
        ? "later"
        : "no test";
  if (stands === "later") say(`     later, with ${later}`);
  else if (stands === "no test") console.log(`     no test carries ${id}: ${fault}`);
  if (instead) say(`     not as the row says: ${instead}`);
  if (rest) say(`     its other half later, with ${rest}`);
  numbers[stands] = (numbers[stands] ?? 0) + 1;
}
const parts = ["passed", "failed", "skipped", "not run", "no test", "later"].map(
  (word) => `${numbers[word] ?? 0} ${word}`,
);
say(`\n${rows.length} rows: ${parts.join(", ")}`);
const wrong = strange.length + (numbers["no test"] ?? 0);
if (wish === "check") console.log(`${rows.length - wrong} passed, ${wrong} failed`);
process.exitCode = wrong > 0 ? 1 : 0;
