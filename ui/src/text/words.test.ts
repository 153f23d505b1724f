import { expect, it } from "vitest";
import { codes, isCode } from "./codes.gen";
import { pageFault, type PageCode } from "./faults";
import { sentenceOf } from "./headline";
import { counted, numberText } from "./numbers";
import * as words from "./words";

// The compiler has proven that every value has a word; this proves that the words are worth reading.
const marked = [
  words.headline,
  words.reach,
  words.match,
  words.lastRun,
  words.layerState,
  words.rungState,
  words.coverage,
  words.verdict,
  words.changeKind,
] as const;

it("each state has a glyph, a word of its own and a colour", () => {
  for (const set of marked) {
    const all = Object.values(set);
    expect(new Set(all.map((it) => it.word)).size).toBe(all.length);
    for (const { glyph, word, tone } of all) {
      expect(glyph).not.toBe("");
      expect(word).toMatch(/^[A-Z][^!]+$/);
      expect(tone).not.toBe("");
    }
  }
});

it("nothing but what was proven is green", () => {
  const greens = marked.flatMap((set) =>
    Object.entries(set).flatMap(([state, it]) => (it.tone === "good" ? [state] : [])),
  );
  expect(new Set(greens)).toEqual(
    new Set(["in_sync", "reachable", "matches", "succeeded", "passed", "readable"]),
  );
});

it("each operation says its direction", () => {
  for (const operation of Object.keys(words.operationName))
    expect(words.direction[operation as keyof typeof words.direction]).toMatch(
      /→|nothing is written/,
    );
});

it("the page's own failures have a sentence of the catalogue on their layer", () => {
  const own: PageCode[] = [
    "network_down",
    "client_timeout",
    "unexpected_html",
    "reply_broken",
    "unavailable",
    "csrf_refused",
    "cookies_blocked",
  ];
  for (const code of own) {
    expect(isCode(code)).toBe(true);
    expect(pageFault(code, "x")).toMatchObject({ code, layer: codes[code].layer });
    expect(pageFault(code, "x").title).not.toBe("");
  }
});

it("unknown is a word, never 0", () => {
  expect(numberText(null)).toBe("not measured");
  expect(numberText(undefined)).toBe("not measured");
  expect(numberText(0)).toBe("0");
  expect(counted(1, "object")).toBe("1 object");
  expect(counted(5000, "object")).toBe("5,000 objects");
});

it("a headline says its state once", () => {
  expect(sentenceOf("cannot_tell", "Cannot tell: the cluster does not answer.")).toBe(
    "The cluster does not answer.",
  );
  expect(sentenceOf("read", "48 objects read.")).toBe("48 objects read.");
});
