import { describe, expect, it } from "vitest";
import { limitsIn } from "./limits";

describe("how long the page waits", () => {
  it("is what the server says", () => {
    const said = Object.keys(limitsIn("")).map((name, n) => [name, 100 + n] as const);
    const text = said.map(([name, ms]) => `${name}=${ms}`).join(" ");
    expect(limitsIn(text)).toEqual(Object.fromEntries(said));
  });
  it.each(["", "__HEDGEROW_LIMITS__"])("is the default where it says %j", (said) => {
    expect(limitsIn(said)).toMatchObject({ answer: 15_000, warn: 120_000 });
  });
});
