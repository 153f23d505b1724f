// What the lamp may say. It follows heartbeats, never an open connection: an open one can be dead.
import { limits } from "./limits";

export const liveMs = limits.live;

export type Lamp =
  | { is: "connecting" }
  | { is: "live" }
  | { is: "reconnecting" }
  | { is: "server_stopped" }
  | { is: "not_live"; since: number }
  | { is: "signed_out"; since: number };

export interface StreamFacts {
  // Server time of the last heartbeat, and by this side's monotonic clock.
  lastBeat?: { at: number; tick: number };
  // When this page began to try.
  began: { at: number; tick: number };
  // The stream broke and a new one has not answered yet.
  broken: boolean;
  // The last that the server said is that it stops.
  stopping?: boolean;
}

export function lampOf(facts: StreamFacts, tick: number): Lamp {
  const { lastBeat, began, broken, stopping } = facts;
  const last = lastBeat ?? began;
  if (tick - last.tick > liveMs) return { is: "not_live", since: last.at };
  if (broken) return { is: stopping ? "server_stopped" : "reconnecting" };
  return lastBeat ? { is: "live" } : { is: "connecting" };
}

export const sameLamp = (a: Lamp, b: Lamp) =>
  a.is === b.is && ("since" in a ? a.since : 0) === ("since" in b ? b.since : 0);
