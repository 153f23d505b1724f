import { expect, it } from "vitest";
import { ageText, durationText, signOutWords, stopwatchText } from "./time";

const s = 1_000;
const min = 60 * s;
const h = 60 * min;

it.each([
  [0, "just now"],
  [-5 * s, "just now"],
  [2 * s, "2 s ago"],
  [59.9 * s, "59 s ago"],
  [min, "1 min ago"],
  [59 * min, "59 min ago"],
  [47 * h, "47 h ago"],
  [48 * h, "2 d ago"],
])("an age of %i ms is %s", (age, words) => {
  expect(ageText(1_000_000, 1_000_000 + age)).toBe(words);
});

it.each([
  [41, "41 ms"],
  [1_420, "1.4 s"],
  [30_200, "30 s"],
  [125_000, "2 min 5 s"],
])("%i ms took %s", (ms, words) => {
  expect(durationText(ms)).toBe(words);
});

it("a stopwatch never runs backwards", () => {
  expect(stopwatchText(187_000)).toBe("3:07");
  expect(stopwatchText(-500)).toBe("0:00");
});

it("who does not see the clock run down hears of it three times", () => {
  const said = [119, 61, 60, 31, 30, 1].map((left) => signOutWords(left * s));
  expect(new Set(said).size).toBe(3);
  expect(said.at(-1)).toBe("You will be signed out in less than 30 seconds.");
});
