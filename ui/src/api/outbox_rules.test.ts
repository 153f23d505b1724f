import { describe, expect, it } from "vitest";
import type { Fault } from "./fault";
import {
  admitted,
  after,
  askAfterMs,
  repeated,
  revived,
  takenOver,
  type Click,
  type Stage,
} from "./outbox_rules";
import type { Run } from "./types";

const fault = (code: string, facts: Partial<Fault> = {}): Fault => ({
  code,
  layer: 2,
  title: code,
  detail: "",
  hint: "",
  retryable: true,
  errors: [],
  ...facts,
});

const click = (stage: Stage = { at: "ready" }, facts: Partial<Click> = {}): Click => ({
  key: "k1",
  user: "alice",
  fabric: { id: 7, name: "fab-lab-01" },
  operation: "pull",
  followUp: false,
  clickedAt: 1_000,
  wantedAt: 1_000,
  tries: 0,
  stage,
  ...facts,
});

const run = { id: 812 } as Run;
const sent = (times: number) => {
  let it = click();
  for (let n = 0; n < times; n += 1)
    it = after({ ...it, stage: { at: "ready" } }, { type: "sent" });
  return it;
};

describe("a click", () => {
  it("keeps its key through every try and backs off 1, 2, 4, 8, 15, 15 s", () => {
    const waits = [1, 2, 3, 4, 5, 6].map((tries) => {
      const failed = after(sent(tries), { type: "failed", fault: fault("network_down"), now: 0 });
      expect(failed.key).toBe("k1");
      return failed.stage.at === "waiting" ? failed.stage.due : undefined;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });

  it("waits as long as the server asks", () => {
    const slow = fault("rate_limited", { status: 429, retryAfter: 10 });
    const failed = after(sent(1), { type: "failed", fault: slow, now: 0 });
    expect(failed.stage).toMatchObject({ at: "waiting", due: 10_000 });
  });

  it.each(["client_timeout", "reply_broken"])("asks before it is sent again after %s", (code) => {
    const failed = after(sent(1), { type: "failed", fault: fault(code), now: 0 });
    expect(failed.stage.at).toBe("asking");
    expect(after(failed, { type: "started", run, joined: false, now: 5 }).stage).toMatchObject({
      at: "started",
      run,
    });
    expect(after(failed, { type: "not_there", now: 0 }).stage).toMatchObject({ at: "waiting" });
  });

  it("waits and goes on when nobody answers the question either", () => {
    const asking = after(sent(1), { type: "failed", fault: fault("client_timeout"), now: 0 });
    const failed = after(asking, { type: "failed", fault: fault("client_timeout"), now: 0 });
    expect(failed.stage.at).toBe("waiting");
    expect(after(failed, { type: "due" }).stage.at).toBe("ready");
  });

  it.each(["network_down", "unexpected_html", "unavailable"])("is kept after %s", (code) => {
    expect(after(sent(1), { type: "failed", fault: fault(code), now: 0 }).stage.at).toBe("waiting");
  });

  it("waits for the person when the session has ended, and is ready after sign-in", () => {
    const ended = fault("session_expired", { layer: 3, status: 401, retryable: false });
    const failed = after(sent(1), { type: "failed", fault: ended, now: 0 });
    expect(failed.stage.at).toBe("signed_out");
    expect(after(failed, { type: "signed_in", user: "alice" }).stage.at).toBe("ready");
  });

  it("waits for a reload when the page is older than the server, and is ready after it", () => {
    const outdated = fault("assets_outdated", { layer: 1, status: 409, retryable: false });
    const failed = after(sent(1), { type: "failed", fault: outdated, now: 0 });
    expect(failed.stage.at).toBe("outdated");
    expect(after(failed, { type: "due" }).stage.at).toBe("outdated");
    expect(revived(failed)).toMatchObject({ key: failed.key, stage: { at: "ready" } });
  });

  it("is refused by what cannot be cured by sending it again", () => {
    const forbidden = fault("forbidden", { layer: 6, status: 403, retryable: false });
    expect(after(sent(1), { type: "failed", fault: forbidden, now: 0 }).stage.at).toBe("refused");
    const unknown = fault("not_found", { status: 404, retryable: false });
    expect(after(sent(1), { type: "failed", fault: unknown, now: 0 }).stage.at).toBe("refused");
  });

  it("is kept while the server's database is busy", () => {
    const busy = fault("storage_busy", { layer: 9, status: 503 });
    expect(after(sent(1), { type: "failed", fault: busy, now: 0 }).stage.at).toBe("waiting");
  });

  it("is never sent by another person", () => {
    expect(admitted(click(), "bob", 1_000)).toEqual({ at: "other_user", user: "bob" });
    expect(admitted(click(), "alice", 1_000)).toEqual({ at: "ready" });
  });

  it("becomes the other person's own only under a new key", () => {
    const taken = takenOver(sent(3), "bob", "k2", 9_000);
    expect(taken).toMatchObject({ user: "bob", key: "k2", tries: 0, clickedAt: 9_000 });
  });

  it("asks first when it is older than ten minutes", () => {
    const late = 1_000 + askAfterMs + 1;
    expect(admitted(click(), "alice", late).at).toBe("old");
    const confirmed = after(click({ at: "old" }), { type: "confirmed", now: late });
    expect(admitted(confirmed, "alice", late + 1).at).toBe("ready");
  });

  it("asks what became of it when the page was loaded again meanwhile", () => {
    expect(revived(click({ at: "sending" })).stage.at).toBe("asking");
    expect(revived(click({ at: "waiting", fault: fault("network_down"), due: 5 })).stage.at).toBe(
      "ready",
    );
    const refused = click({ at: "refused", fault: fault("forbidden") });
    expect(revived(refused)).toBe(refused);
  });
});

describe("a second click on the same button", () => {
  const wanted = { user: "alice", fabric: { id: 7 }, operation: "pull", followUp: false } as const;

  it("is the first one while that is on its way", () => {
    const waiting = click({ at: "waiting", fault: fault("network_down"), due: 5 });
    expect(repeated([waiting], wanted, 900_000)).toBe(waiting);
  });

  it("is the first one for a second after it, and a new one later", () => {
    const started = click({ at: "started", run, joined: false, asOf: 1_100 });
    expect(repeated([started], wanted, 1_900)).toBe(started);
    expect(repeated([started], wanted, 2_100)).toBeUndefined();
  });

  it("is a new one after a refusal, for another fabric, for another person", () => {
    const refused = click({ at: "refused", fault: fault("forbidden") });
    expect(repeated([refused], wanted, 1_000)).toBeUndefined();
    expect(repeated([click()], { ...wanted, fabric: { id: 8 } }, 1_000)).toBeUndefined();
    expect(repeated([click()], { ...wanted, user: "bob" }, 1_000)).toBeUndefined();
    expect(repeated([click()], { ...wanted, followUp: true }, 1_000)).toBeUndefined();
  });
});
