import { expect, it } from "vitest";
import { Lateness } from "./lateness";

const hour = 3_600_000;

it("takes the quickest word as the measure, whatever the two clocks say", () => {
  const way = new Lateness();
  expect(way.ageOf(7_000_000, 500)).toBe(0);
  const late = way.ageOf(7_005_000, 5_530);
  expect(late).toBeGreaterThan(20);
  expect(late).toBeLessThanOrEqual(30);
  expect(way.ageOf(7_010_000, 10_480)).toBe(0);
});

it("knows a word that was held up, also after an hour of sleep, and the fresh one behind it", () => {
  const way = new Lateness();
  way.ageOf(0, 100);
  expect(way.ageOf(5_000, 100 + hour)).toBeGreaterThan(hour - 10_000);
  expect(way.ageOf(hour, 101 + hour)).toBeLessThan(5_000);
});

it("forgives clocks that drift apart", () => {
  const way = new Lateness();
  for (let s = 0; s < 86_400; s += 5)
    expect(way.ageOf(s * 1_000, s * 1_000 * 1.0005)).toBeLessThan(100);
});
