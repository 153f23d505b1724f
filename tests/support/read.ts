// What a run must have read: all of it, in these numbers.
import { expect } from "@playwright/test";
import { traceOf } from "./person";
import type { Run } from "./types";

export const none = { created: 0, changed: 0, unchanged: 0, removed: 0, skipped: 0, failed: 0 };

export function expectRead(run: Run, counts: Partial<Run["counts"]>): void {
  expect({ outcome: run.outcome, counts: run.counts }, `${run.summary}\n${traceOf(run)}`).toEqual({
    outcome: "succeeded",
    counts: { ...none, ...counts },
  });
}
