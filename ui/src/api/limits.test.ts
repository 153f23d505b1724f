import { describe, expect, it } from "vitest";
import { limitsIn } from "./limits";

describe("how long the page waits", () => {
  it("is what the server says", () => {
    expect(limitsIn("answer=1500 ask_again=60000 live=1200 poll=500")).toEqual({
      answer: 1_500,
      ask_again: 60_000,
      live: 1_200,
      poll: 500,
    });
  });
  it.each([undefined, null, "", "__HEDGEROW_LIMITS__"])(
    "is the default where it says %j",
    (said) => {
      expect(limitsIn(said)).toEqual({
        answer: 15_000,
        ask_again: 600_000,
        live: 12_000,
        poll: 5_000,
      });
    },
  );
});
