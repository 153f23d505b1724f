import { describe, expect, it } from "vitest";
import {
  countOf,
  listOf,
  oneOf,
  parseSearch,
  present,
  stringifySearch,
  textOf,
} from "./search_params";

describe("the URL", () => {
  it("has the API's form: repeated names for several values", () => {
    expect(parseSearch("?kind=Switch&kind=Server&q=leaf")).toEqual({
      kind: ["Switch", "Server"],
      q: "leaf",
    });
    parseSearch("");
    expect(stringifySearch({ kind: ["Switch", "Server"], limit: 50, q: undefined })).toBe(
      "?kind=Switch&kind=Server&limit=50",
    );
  });

  it("is left letter for letter when it means the same", () => {
    const raw = "?kind=wiring.githedgehog.com/Switch&q=a%20b";
    expect(stringifySearch(parseSearch(raw))).toBe(raw);
    expect(stringifySearch({ q: "other" })).toBe("?q=other");
  });

  it("keeps only what a screen knows, in the order it came", () => {
    const search = parseSearch("?q=leaf&kind=Switch&presence=odd");
    const known = {
      kind: listOf(search.kind),
      presence: oneOf(search.presence, ["any"]),
      q: textOf(search.q),
    };
    expect(Object.keys(present(known, search))).toEqual(["q", "kind"]);
  });

  it("reads counts and nothing else as counts", () => {
    expect(["50", "0", "-1", "x", "1.5", ""].map(countOf)).toEqual([
      50,
      0,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
