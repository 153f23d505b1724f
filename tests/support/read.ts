// What a run must have read: all of it, in these numbers.
import { expect } from "@playwright/test";
import type { Api } from "./api";
import type { Hedgerow } from "./fixtures";
import { traceOf } from "./person";
import type { Fabric, Run } from "./types";

export const none = { created: 0, changed: 0, unchanged: 0, removed: 0, skipped: 0, failed: 0 };

export function expectRead(run: Run, counts: Partial<Run["counts"]>): void {
  expect({ outcome: run.outcome, counts: run.counts }, `${run.summary}\n${traceOf(run)}`).toEqual({
    outcome: "succeeded",
    counts: { ...none, ...counts },
  });
}

export interface Read {
  // An operator.
  api: Api;
  fabric: Fabric;
  first: Run;
}

// A fabric whose 48 objects were read once.
export async function readFabric(
  hedgerow: Hedgerow,
  where: Parameters<Hedgerow["fabric"]>[0],
): Promise<Read> {
  const fabric = await hedgerow.fabric(where);
  const api = await hedgerow.server.as("operator");
  const first = await api.pull(fabric.id);
  expectRead(first, { created: 48 });
  return { api, fabric, first };
}
