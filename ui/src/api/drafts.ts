// What is half typed in a form, kept in this tab until it is saved or thrown away: over a reload, an ended session and
// an upgrade of the page. Everybody has their own, and signing out throws them away. Nothing secret is handed in here.
import { basePath } from "./base_path";
import { serverNow } from "./clock";

const shelf = `hedgerow.drafts${basePath}`;

export interface Draft {
  at: number;
  value: unknown;
}
type Shelf = Record<string, Draft>;

// No user name has a line end.
const nameOf = (user: string, form: string) => `${user}\n${form}`;

export function keptDraft(user: string, form: string): Draft | undefined {
  return stored()[nameOf(user, form)];
}

// Nothing to keep: what was kept is thrown away.
export function keepDraft(user: string, form: string, value: unknown): void {
  const all = stored();
  if (value === undefined) delete all[nameOf(user, form)];
  else all[nameOf(user, form)] = { at: serverNow(), value };
  store(all);
}

export function dropDraftsOf(user: string): void {
  const others = Object.entries(stored()).filter(([name]) => !name.startsWith(nameOf(user, "")));
  store(Object.fromEntries(others));
}

function stored(): Shelf {
  try {
    const all = JSON.parse(sessionStorage.getItem(shelf) ?? "{}") as unknown;
    return typeof all === "object" && all !== null ? (all as Shelf) : {};
  } catch {
    return {};
  }
}

function store(all: Shelf): void {
  try {
    sessionStorage.setItem(shelf, JSON.stringify(all));
  } catch {
    // A full or closed storage costs only the survival of a reload.
  }
}
