// The part of the URL after "?", in the form the API has: repeated names for several values.
export type Params = Record<string, string | string[]>;

// A URL that means what it meant before is left letter for letter as it was.
let last = { raw: "", canonical: "" };

export function parseSearch(raw: string): Params {
  const params: Params = {};
  for (const [name, value] of new URLSearchParams(raw)) {
    const before = params[name];
    if (before === undefined) params[name] = value;
    else params[name] = Array.isArray(before) ? [...before, value] : [before, value];
  }
  last = { raw, canonical: canonical(params) };
  return params;
}

export function stringifySearch(search: Record<string, unknown>): string {
  const words = canonical(search);
  if (words === last.canonical && last.raw !== "")
    return last.raw.startsWith("?") ? last.raw : `?${last.raw}`;
  return words === "" ? "" : `?${words}`;
}

function canonical(search: Record<string, unknown>): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof one === "string" || typeof one === "number") words.append(name, String(one));
    }
  }
  return words.toString();
}

export function textOf(value: unknown): string | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === "string" && one !== "" ? one : undefined;
}

export function listOf(value: unknown): string[] | undefined {
  const all = (Array.isArray(value) ? value : [value]).filter(
    (one): one is string => typeof one === "string" && one !== "",
  );
  return all.length > 0 ? all : undefined;
}

export function countOf(value: unknown): number | undefined {
  const number = typeof value === "number" ? value : Number(textOf(value) ?? Number.NaN);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

export function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  const word = textOf(value);
  return allowed.find((one) => one === word);
}

// Without what is not there; in the order of the URL it came from.
export function present<T extends object>(search: T, order: object): Partial<T> {
  const names = [...new Set([...Object.keys(order), ...Object.keys(search)])] as (keyof T)[];
  const kept: Partial<T> = {};
  for (const name of names) if (search[name] !== undefined) kept[name] = search[name];
  return kept;
}
