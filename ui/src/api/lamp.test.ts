import { describe, expect, it } from "vitest";
import { lampOf, liveMs } from "./lamp";

const began = { at: 1_000, tick: 0 };

describe("the lamp", () => {
  it("is live only by a heartbeat, not by an open connection", () => {
    expect(lampOf({ began, broken: false }, 100)).toEqual({ is: "connecting" });
    expect(lampOf({ began, lastBeat: { at: 2_000, tick: 900 }, broken: false }, 950)).toEqual({
      is: "live",
    });
  });

  it("says nothing worse than reconnecting at the first failure", () => {
    const facts = { began, lastBeat: { at: 2_000, tick: 900 }, broken: true };
    expect(lampOf(facts, 1_000)).toEqual({ is: "reconnecting" });
  });

  it("tells a server that said it stops from a way that broke, until a beat is overdue", () => {
    const facts = { began, lastBeat: { at: 2_000, tick: 900 }, broken: true, stopping: true };
    expect(lampOf(facts, 1_000)).toEqual({ is: "server_stopped" });
    expect(lampOf(facts, 901 + liveMs)).toEqual({ is: "not_live", since: 2_000 });
  });

  it("names the time of the last beat once it is too long ago, open or not", () => {
    const facts = { began, lastBeat: { at: 2_000, tick: 900 }, broken: false };
    expect(lampOf(facts, 900 + liveMs)).toEqual({ is: "live" });
    expect(lampOf(facts, 901 + liveMs)).toEqual({ is: "not_live", since: 2_000 });
    expect(lampOf({ began, broken: true }, liveMs + 1)).toEqual({ is: "not_live", since: 1_000 });
  });
});
