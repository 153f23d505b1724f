import { describe, expect, it } from "vitest";
import { Ledger, newer } from "./ledger";

const topics = ["fabric/7"];

describe("revisions", () => {
  it("an older snapshot never replaces a newer one", () => {
    const old = { revision: 92, name: "new" };
    expect(newer(old, { revision: 91, name: "old" })).toBe(old);
    expect(newer(old, { revision: 92, name: "again" }).name).toBe("again");
    expect(newer(undefined, old)).toBe(old);
  });

  it("an announcement above what is shown makes it old", () => {
    const ledger = new Ledger();
    ledger.finish("q", ledger.begin(topics), { topic: "fabric/7", revision: 90 });
    ledger.announce("fabric/7", 90);
    expect(ledger.isBehind("q", topics)).toBe(false);
    ledger.announce("fabric/7", 91);
    expect(ledger.isBehind("q", topics)).toBe(true);
  });

  it("what was announced while it was being read counts as missed", () => {
    const ledger = new Ledger();
    ledger.announce("fabric/7", 5);
    const began = ledger.begin(topics);
    ledger.announce("fabric/7", 6);
    ledger.finish("list", began);
    expect(ledger.isBehind("list", topics)).toBe(true);
    ledger.finish("list", ledger.begin(topics));
    expect(ledger.isBehind("list", topics)).toBe(false);
  });

  it("a list without a revision of its own is read once after the first beat", () => {
    const ledger = new Ledger();
    ledger.finish("list", ledger.begin(["fabrics"]));
    ledger.announce("fabrics", 3);
    expect(ledger.isBehind("list", ["fabrics"])).toBe(true);
  });

  it("two beats below what is shown mean that the record went back; one does not", () => {
    const ledger = new Ledger();
    ledger.finish("q", ledger.begin(topics), { topic: "fabric/7", revision: 90 });
    ledger.announce("fabric/7", 50);
    expect(ledger.wentBack("q", topics)).toBe(false);
    expect(ledger.wentBack("q", topics)).toBe(true);
    ledger.announce("fabric/7", 90);
    expect(ledger.wentBack("q", topics)).toBe(false);
  });
});
