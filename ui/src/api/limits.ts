// How long the page waits, in milliseconds; the server's settings say it.
import { said } from "./said";

const defaults = {
  answer: 15_000, // for one answer of the server
  ask_again: 600_000, // a waiting click older than this is not sent unasked
  same_click: 1_000, // clicks on one button this close together are one click, in one tab or in two
  live: 12_000, // without a heartbeat, until the lamp says so
  poll: 5_000, // between two looks while the stream is silent
  worker: 5_000, // without a word of the worker that all tabs share, until a tab goes on by itself
  hidden: 30_000, // out of sight, until a tab's own stream is closed
  hidden_poll: 60_000, // between two looks from then on
  pause: 1_000, // before the second try, doubled for each further one
  pause_longest: 15_000, // up to this
  slow: 3_000, // without an answer, until the page says so
  stuck: 10_000, // without an answer, until it offers another try
  warn: 120_000, // before a session ends
  renew: 300_000, // between two renewals of a session in use
  stands: 60_000, // between two looks at a verdict that should have ended and still stands
  untold: 86_400_000, // a click that never arrived and is older than this is not told any more
};

export function limitsIn(content: string): typeof defaults {
  const words = [...content.matchAll(/(\w+)=(\d+)/g)].map(([, name, ms]) => [name, Number(ms)]);
  return { ...defaults, ...(Object.fromEntries(words) as Partial<typeof defaults>) };
}

export const limits = limitsIn(said("limits"));
