// Ages that count up by themselves, by the server's clock. One ticker for the whole page.
import { useSyncExternalStore } from "react";
import { serverNow } from "../api/clock";
import { ageText, dateTimeText, durationText, exactText, stopwatchText } from "../text/time";
import { notMeasured } from "../text/numbers";

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listen: () => void): () => void {
  listeners.add(listen);
  timer ??= setInterval(() => {
    if (!document.hidden) for (const tell of [...listeners]) tell();
  }, 1_000);
  return () => {
    listeners.delete(listen);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

// Something said about now; drawn again only when its words change.
export function useTicking<T extends string | number | boolean>(say: (now: number) => T): T {
  return useSyncExternalStore(subscribe, () => say(serverNow()));
}

export function Age({ at, before = "", after = "" }: AgeProps) {
  const point = at ? Date.parse(at) : undefined;
  const words = useTicking((now) => (point === undefined ? notMeasured : ageText(point, now)));
  if (point === undefined) return <span>{notMeasured}</span>;
  return (
    <time dateTime={at ?? ""} title={exactText(point)} className="muted">
      {before}
      {words}
      {after}
    </time>
  );
}

interface AgeProps {
  at: string | null | undefined;
  before?: string;
  after?: string;
}

// The point itself, for tables.
export function Point({ at }: { at: string | null | undefined }) {
  if (!at) return <span className="muted">{notMeasured}</span>;
  const point = Date.parse(at);
  return (
    <time dateTime={at} title={exactText(point)} className="nowrap">
      {dateTimeText(point)}
    </time>
  );
}

export function Stopwatch({ since }: { since: string }) {
  const start = Date.parse(since);
  return <span>{useTicking((now) => stopwatchText(now - start))}</span>;
}

export function Duration({ ms }: { ms: number | undefined }) {
  return ms === undefined ? null : <span className="nowrap">{durationText(ms)}</span>;
}
