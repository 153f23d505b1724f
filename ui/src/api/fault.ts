// What failed, on which layer, as plain values that survive storage. Sentences for the codes that the
// page makes itself live in text/faults.ts; those of the server travel with its answer.
import type { Problem } from "./types";

export interface Fault {
  code: string;
  layer: number;
  title: string;
  detail: string;
  hint: string;
  retryable: boolean;
  // Seconds that the other side asked us to wait.
  retryAfter?: number;
  status?: number;
  requestId?: string;
  run?: number;
  // It befell a reading, so no click was carried out or not.
  reading?: true;
  errors: { field: string; detail: string }[];
}

export class FaultError extends Error {
  constructor(readonly fault: Fault) {
    super(`${fault.code}: ${fault.detail || fault.title}`);
    this.name = "FaultError";
  }
}

export function faultOfProblem(problem: Problem): Fault {
  return {
    code: problem.code,
    layer: problem.layer,
    title: problem.title,
    detail: problem.detail,
    hint: problem.hint,
    retryable: problem.retryable,
    ...(problem.retry_after !== undefined && { retryAfter: problem.retry_after }),
    status: problem.status,
    requestId: problem.request_id,
    ...(problem.run !== undefined && { run: problem.run }),
    errors: problem.errors ?? [],
  };
}

export function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const it = value as Record<string, unknown>;
  return (
    typeof it.code === "string" &&
    typeof it.layer === "number" &&
    typeof it.title === "string" &&
    typeof it.status === "number" &&
    typeof it.detail === "string" &&
    typeof it.hint === "string"
  );
}

// Anything that was thrown, as a fault. What is not one of ours is a defect of this page.
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof FaultError) return thrown.fault;
  return {
    code: "view_fault",
    layer: 1,
    title: "This page has a fault.",
    detail: thrown instanceof Error ? thrown.message : String(thrown),
    hint: "Reload the page; the service and your data are not affected.",
    retryable: false,
    errors: [],
  };
}

const sessionCodes = new Set([
  "session_missing",
  "session_expired",
  "session_limit",
  "session_revoked",
]);

// The person has to sign in before anything else can be said.
export const wantsSignIn = (fault: Fault) => fault.status === 401 && sessionCodes.has(fault.code);

// It is unknown whether the request arrived: ask before sending again.
const doubtful = new Set(["client_timeout", "reply_broken"]);
export const leavesDoubt = (fault: Fault) => doubtful.has(fault.code);
