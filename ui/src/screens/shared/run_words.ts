// Runs in words, the same on every screen.
import { operationName, outcome, runState, trigger, type Word } from "../../text/words";
import type { Click } from "../../api/outbox_rules";
import type { Counts, Fabric, Run } from "../../api/types";

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

// The run that matters now: the one this person started or joined, else the one that runs, else the
// latest.
export function watchedOf(fabric: Fabric, clicks: readonly Click[]): Run | undefined {
  const known = new Map(fabric.recent_runs.map((run) => [run.id, run]));
  for (const { stage } of clicks) {
    // The answer to the click may know more than the snapshot that is on its way.
    if (stage.at === "started" && !known.has(stage.run.id)) known.set(stage.run.id, stage.run);
  }
  const runs = [...known.values()].sort((a, b) => b.id - a.id);
  const mine = clicks.flatMap(({ stage }) => (stage.at === "started" ? [stage.run.id] : []));
  const latestMine = runs.find((run) => mine.includes(run.id));
  if (latestMine && !isOver(latestMine) && latestMine.state === "running") return latestMine;
  const running = runs.filter((run) => run.state === "running").at(-1);
  if (running) return running;
  const newest = runs[0];
  return latestMine && newest && latestMine.id >= newest.id ? latestMine : newest;
}
