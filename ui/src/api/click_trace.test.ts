import { describe, expect, it } from "vitest";
import { traceOfFault } from "./click_trace";

const fault = (layer: number, code: string) => ({ layer, code });
const having = (state: string, layer: number, code: string) =>
  traceOfFault(fault(layer, code)).flatMap((it) => (it.state === state ? [it.layer] : []));

describe("the trace of a click that became no run", () => {
  it.each([
    ["the page's script failed", 1, "view_fault", []],
    ["nobody answered", 2, "network_down", [1]],
    ["the session had ended", 3, "session_expired", [1, 2, 5]],
    ["the token was refused", 4, "csrf_refused", [1, 2, 3, 5]],
    ["nobody was known", 5, "session_missing", [1, 2]],
    ["it was not permitted", 6, "forbidden", [1, 2, 3, 4, 5]],
    ["nothing is connected", 7, "not_configured", [1, 2, 3, 4, 5, 6]],
    ["the fabric is paused", 8, "paused", [1, 2, 3, 4, 5, 6]],
    ["the record was busy", 9, "storage_busy", [1, 2]],
  ] as const)(
    "when %s: layer %i alone is red, and only what was looked at has passed",
    (_, layer, code, passed) => {
      expect(having("failed", layer, code)).toEqual([layer]);
      expect(having("passed", layer, code)).toEqual(passed);
      expect(having("not_reached", layer, code)).toHaveLength(8 - passed.length);
    },
  );

  it("has all nine in order, whatever the fault", () => {
    for (const layer of [1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(traceOfFault(fault(layer, "x")).map((it) => it.layer)).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8, 9,
      ]);
  });

  it("says the code where it is red, and which request it was", () => {
    const [, reached, , token] = traceOfFault({
      ...fault(4, "csrf_refused"),
      requestId: "req_7",
    });
    expect(token?.evidence).toBe("csrf_refused");
    expect(reached?.evidence).toContain("req_7");
  });
});
