// Clicks that never reached the server while they were wanted: given up, or left behind by a tab that was closed. They
// are kept in the browser until the server has been told, so that its history shows them too. One entry is one click,
// so tabs cannot overwrite each other's; the server notes each once, and none that has arrived after all.
import { basePath } from "./base_path";
import { serverNow } from "./clock";
import { bodyOf, client, withCsrf } from "./client";
import { faultOf } from "./fault";
import { lampStore } from "./live";
import { limits } from "./limits";
import type { Click } from "./outbox_rules";
import { pageVersion } from "./page_version";
import { sessionStore, signedInUser } from "./session";

const shelf = `hedgerow.lost${basePath}.`;

interface LostClick {
  user: string;
  // When its tab was closed; nothing when a person gave it up. A tab that comes back sends its clicks by itself.
  left?: number;
  at: number;
  report: {
    code: string;
    view: string;
    click: {
      fabric: number;
      operation: Click["operation"];
      key: string;
      clicked_at: string;
      tries: number;
      tab: string;
      page_version: string;
    };
  };
}

// Nothing where the server has seen the click.
function lostClick(click: Click, tab: string, left?: number): LostClick | undefined {
  // A try whose answer the page did not live to see may have arrived; the server knows.
  const { at } = click.stage;
  const unheard =
    click.unheard ?? (at === "sending" || at === "asking" ? "client_timeout" : undefined);
  if (!unheard || at === "started") return undefined;
  return {
    user: click.user,
    ...(left !== undefined && { left }),
    at: serverNow(),
    report: {
      code: unheard,
      view: "fabric",
      click: {
        fabric: click.fabric.id,
        operation: click.operation,
        key: click.key,
        clicked_at: new Date(click.clickedAt).toISOString(),
        tries: click.tries,
        tab,
        page_version: pageVersion,
      },
    },
  };
}

// A click of this tab that is given up; with `left` one whose tab is closed then. Nothing is kept of what the server
// has seen.
export function keepLost(click: Click, tab: string, left?: number): void {
  const lost = lostClick(click, tab, left);
  if (!lost) return;
  try {
    localStorage.setItem(shelf + lost.report.click.key, JSON.stringify(lost));
  } catch {
    // A full or closed storage costs only this line of the history.
  }
}

export function forgetLost(key: string): void {
  try {
    localStorage.removeItem(shelf + key);
  } catch {
    // Nothing was kept there either.
  }
}

export function openLostClicks(): void {
  sessionStore.subscribe(() => void tellLost());
  lampStore.subscribe(() => void tellLost());
  // Another tab was closed.
  globalThis.addEventListener("storage", ({ key }) => {
    if (key?.startsWith(shelf)) void tellLost();
  });
}

let telling = false;
let timer: ReturnType<typeof setTimeout> | undefined;

export async function tellLost(): Promise<void> {
  if (telling || signedInUser() === undefined || lampStore.get().is !== "live") return;
  telling = true;
  try {
    for (const lost of kept()) if (dueIn(lost) <= 0 && !(await tell(lost))) return;
  } finally {
    telling = false;
  }
  clearTimeout(timer);
  const wait = Math.min(...kept().map(dueIn));
  if (Number.isFinite(wait)) timer = setTimeout(() => void tellLost(), Math.max(wait, 0) + 50);
}

// Milliseconds until it is to be told; never while its person is not here.
function dueIn({ user, left }: LostClick): number {
  if (user !== signedInUser()) return Number.POSITIVE_INFINITY;
  return left === undefined ? 0 : left + limits.ask_again - serverNow();
}

// False when it has to be told again later.
async function tell({ report }: LostClick): Promise<boolean> {
  try {
    await withCsrf(() => bodyOf(client.POST("/api/client-reports/", { body: report })));
  } catch (thrown) {
    const { status = 0 } = faultOf(thrown);
    const refused = status >= 400 && status < 500 && status !== 401 && status !== 429;
    if (!refused) return false;
  }
  forgetLost(report.click.key);
  return true;
}

// Without those that nobody can tell any more, which go.
function kept(): LostClick[] {
  try {
    const all = Object.keys(localStorage)
      .filter((name) => name.startsWith(shelf))
      // Another tab may have told of it this instant.
      .flatMap((name) => localStorage.getItem(name) ?? [])
      .map((text) => JSON.parse(text) as LostClick);
    const isOld = ({ at }: LostClick) => serverNow() - at > limits.untold;
    for (const lost of all.filter(isOld)) forgetLost(lost.report.click.key);
    return all.filter((lost) => !isOld(lost));
  } catch {
    return [];
  }
}
