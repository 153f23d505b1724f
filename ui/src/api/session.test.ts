import { expect, test } from "vitest";
import { forgetSession, sessionStore, sessionTaker } from "./session";
import type { Session } from "./types";

const somebody = {
  authenticated: true,
  user: { id: 1, username: "alice", role: "viewer" },
  csrf_token: "t",
} as unknown as Session;
const nobody = { authenticated: false, csrf_token: "t" } as unknown as Session;

test("an answer that was asked for before a sign-out signs nobody in again", () => {
  sessionTaker()(somebody, 0);
  expect(sessionStore.get().phase).toBe("in");
  const late = sessionTaker();
  forgetSession(nobody);
  late(somebody, 0);
  expect(sessionStore.get().phase).toBe("out");
  sessionTaker()(somebody, 0);
  expect(sessionStore.get().phase).toBe("in");
});
