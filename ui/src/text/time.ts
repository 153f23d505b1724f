// Ages, durations and points in time, as a person reads them.
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

// "12 s ago". A point that lies ahead by a hair (two clocks) is now.
export function ageText(at: number, now: number): string {
  const age = now - at;
  if (age < 2 * second) return "just now";
  return `${spanText(age)} ago`;
}

export function spanText(ms: number): string {
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  if (ms < 2 * day) return `${Math.floor(ms / hour)} h`;
  return `${Math.floor(ms / day)} d`;
}

// For who does not see the clock run down: the same words for a while.
export function signOutWords(leftMs: number): string {
  const left = [30, 60].find((seconds) => leftMs <= seconds * second) ?? 120;
  return `You will be signed out in less than ${left} seconds.`;
}

// "3:07", for what is being watched.
export function stopwatchText(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / second));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// "840 ms", "1.4 s", "2 min 5 s".
export function durationText(ms: number): string {
  if (ms < second) return `${Math.round(ms)} ms`;
  if (ms < 10 * second) return `${(ms / second).toFixed(1)} s`;
  if (ms < minute) return `${Math.round(ms / second)} s`;
  const whole = Math.round(ms / second);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const two = (value: number) => String(value).padStart(2, "0");

// ISO order, this person's zone: sortable by eye.
export function dateTimeText(at: number): string {
  const d = new Date(at);
  const date = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  return `${date} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

export function clockText(at: number): string {
  const d = new Date(at);
  return `${two(d.getHours())}:${two(d.getMinutes())}`;
}

// What stands behind an age: the exact time here and in UTC.
export function exactText(at: number): string {
  return `${dateTimeText(at)} here, ${new Date(at).toISOString().replace(/\.\d+Z$/, "Z")}`;
}
