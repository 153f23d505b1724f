import { describe, expect, it } from "vitest";
import { isBeyond, lastPageOf } from "./paging";

describe("a list in pages", () => {
  it("ends where its last entry is", () => {
    expect(isBeyond({ count: 44 }, 40)).toBe(false);
    expect(isBeyond({ count: 44 }, 43)).toBe(false);
    expect(isBeyond({ count: 44 }, 44)).toBe(true);
    expect(isBeyond({ count: 44 }, 400)).toBe(true);
  });

  it("that is empty has its first page, which says so", () => {
    expect(isBeyond({ count: 0 }, 0)).toBe(false);
    expect(isBeyond({ count: 0 }, 400)).toBe(false);
  });

  it.each([
    [44, 10, 40],
    [40, 10, 30],
    [1, 10, 0],
    [0, 10, 0],
  ])("of %i by %i has its last page at %i", (count, limit, offset) => {
    expect(lastPageOf(count, limit)).toBe(offset);
  });
});
