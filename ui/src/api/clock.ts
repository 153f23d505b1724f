// The server's time. Every age and countdown uses it, so that a wrong clock on this side misleads nobody.
let offsetMs = 0;
let best = Number.POSITIVE_INFINITY;

export const serverNow = () => Date.now() + offsetMs;

// `sentAt` and `cameAt` by this side's clock; the narrower the pair, the better the measurement.
export function noteServerTime(iso: string, sentAt: number, cameAt: number): void {
  const server = Date.parse(iso);
  if (Number.isNaN(server)) return;
  const doubt = cameAt - sentAt;
  const measured = server - (sentAt + cameAt) / 2;
  // A jump of this side's clock makes the old measurement worthless, however narrow it was.
  if (doubt > best && Math.abs(measured - offsetMs) < 2000) return;
  best = doubt;
  offsetMs = measured;
}
