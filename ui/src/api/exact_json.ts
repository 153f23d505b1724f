// A document as the cluster has it: numbers that this language would round stay their own digits.
import type { ObjectRow } from "./types";

// Digits that are kept as they came.
export class Digits {
  constructor(readonly text: string) {}
}

export interface ExactObject {
  row: ObjectRow;
  fabric_name: string;
  observed: Record<string, unknown>;
  digest: string;
}

export function exactDocument(text: string): ExactObject | undefined {
  const value = exactJson(text) as Partial<ExactObject> | undefined;
  if (typeof value !== "object" || value === null || !value.row || !value.observed)
    return undefined;
  // The row's own numbers are ids, far below the limit.
  const { row } = JSON.parse(text) as ExactObject;
  return { ...(value as ExactObject), row };
}

// A string, or a number outside of one. Strings stand first, so that no digit inside them is touched.
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const mark = "\u0000";

export function exactJson(text: string): unknown {
  const marked = text.replace(tokens, (token) =>
    token.startsWith('"') || String(Number(token)) === token ? token : `{"\\u0000":"${token}"}`,
  );
  try {
    // What is not JSON before the marks is none with them.
    JSON.parse(text);
    return JSON.parse(marked, (_, value: unknown) => unmarked(value)) as unknown;
  } catch {
    return undefined;
  }
}

function unmarked(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !(mark in value)) return value;
  return new Digits(String(value[mark]));
}

export interface Field {
  path: string;
  value: string;
}

// Every leaf with its path: spec.links[1].switch.port.
export function fieldsOf(value: unknown, path = ""): Field[] {
  if (value instanceof Digits) return [{ path, value: value.text }];
  if (Array.isArray(value)) {
    if (value.length === 0) return [{ path, value: "[]" }];
    return value.flatMap((item, index) => fieldsOf(item, `${path}[${index}]`));
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return [{ path, value: "{}" }];
    return entries.flatMap(([key, item]) => fieldsOf(item, step(path, key)));
  }
  return [{ path, value: typeof value === "string" ? value : String(value) }];
}

function step(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}["${key}"]`;
  return path === "" ? key : `${path}.${key}`;
}
