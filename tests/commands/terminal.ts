// A person before a terminal: a `./run` of the test's own, and what every refusal of it must look like.
import { test as base, expect } from "@playwright/test";
import { Demo } from "../support/demo";
import type { Ran } from "../support/process";

export const test = base.extend<{ fresh: Demo }>({
  // Not started, and nobody else's.
  // eslint-disable-next-line no-empty-pattern
  fresh: async ({}, use) => {
    const demo = new Demo();
    await use(demo);
    await demo.remove();
  },
});

// One sentence for the person, with its cure, and nothing left behind.
export function expectSentence(ran: Ran & { left: unknown[] }, words: RegExp): void {
  expect(ran.complaints).toMatch(/^(run|install): [^\n]+\n$/);
  expect(ran.complaints).toMatch(words);
  expect(ran.code, ran.output).toBe(1);
  expect(ran.left, "nothing runs on").toEqual([]);
}

export const namesOf = (demo: Demo) => demo.call?.processes().map(({ name }) => name) ?? [];

export { expect };
