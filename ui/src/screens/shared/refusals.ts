// Which field of a form a refusal belongs to. Field names may come with a path: cluster.server.
import type { Fault } from "../../api/fault";

export function refusalsOf(fault: Fault | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { field, detail } of fault?.errors ?? []) {
    const name = field.split(/[./]/).filter(Boolean).at(-1) ?? field;
    if (!found.has(name)) found.set(name, detail);
  }
  return found;
}
