// Runs in words, the same on every screen.
import { operationName, outcome, runState, trigger, type Word } from "../../text/words";
import type { Counts, Run } from "../../api/types";

export const wordOf = (run: Run): Word =>
  run.state === "ended" && run.outcome ? outcome[run.outcome] : runState[run.state];

export const isOver = (run: Run) => run.state === "ended";

export const byWhom = (run: Run) =>
  run.trigger === "manual" ? `by ${run.actor}` : `${trigger[run.trigger]} for ${run.actor}`;

// "48 created, 0 changed, 0 unchanged, 0 removed"; what was skipped or failed only when there is some.
export function countsText(counts: Counts): string {
  const { created, changed, unchanged, removed, skipped, failed } = counts;
  const words = [
    `${created} created`,
    `${changed} changed`,
    `${unchanged} unchanged`,
    `${removed} removed`,
  ];
  if (skipped > 0) words.push(`${skipped} skipped`);
  if (failed > 0) words.push(`${failed} failed`);
  return words.join(", ");
}

const isNothing = (counts: Counts) => Object.values(counts).every((count) => count === 0);

// What is said aloud about a run, and read at a glance.
export function runSentence(run: Run): string {
  const name = operationName[run.operation];
  switch (run.state) {
    case "queued":
      return `${name} is queued`;
    case "running":
      return run.cancel_requested ? `${name} is being cancelled` : `${name} is running`;
    case "ended":
      return endSentence(run, name);
  }
}

function endSentence(run: Run, name: string): string {
  const where = run.layer ? ` on layer ${run.layer}` : "";
  const counts = run.operation === "test" ? "" : `: ${countsText(run.counts)}`;
  const written = isNothing(run.counts) ? "" : counts;
  switch (run.outcome) {
    case null:
      return `${name} has ended`;
    case "succeeded":
      return `${name} succeeded${counts}`;
    case "partly":
      return `${name} was done in part${where}${counts}`;
    case "failed":
      return `${name} failed${where}${written}`;
    case "cancelled":
      return `${name} was cancelled${written}`;
    case "lost":
      return `${name} was lost${written}`;
  }
}
