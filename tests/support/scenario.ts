// What a full run keeps of each acceptance scenario, under its number: the last sight of its page, what went over the
// wire, and the server's log. Whoever reads them learns no secret: the wire is kept without bodies, cookies and tokens,
// and a trace, which would hold what was typed, is not kept of what passes.
import { expect, type BrowserContextOptions, type Page, type test } from "@playwright/test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { secretIn } from "./secrets";
import { inFull } from "./tree";

type Told = ReturnType<typeof test.info>;

const wire = "wire.har";

export function keptOf({ title, testId, project, repeatEachIndex }: Told): string | undefined {
  const number = /(?:^| )(\d+): /.exec(title)?.[1];
  if (!inFull || number === undefined || repeatEachIndex > 0) return undefined;
  const words = `${title.replace(/\W+/g, "-").slice(0, 80)} ${testId.slice(-6)}`;
  const folder = join(project.outputDir, "scenarios", number, words);
  mkdirSync(folder, { recursive: true });
  return folder;
}

export function recordedIn(folder: string | undefined): Pick<BrowserContextOptions, "recordHar"> {
  return folder === undefined ? {} : { recordHar: { path: join(folder, wire), content: "omit" } };
}

export async function keepSight(page: Page, folder: string | undefined): Promise<void> {
  if (folder !== undefined && !page.isClosed())
    await page.screenshot({ path: join(folder, "page.png") });
}

export function keepLog(log: string, folder: string | undefined): void {
  if (folder !== undefined) writeFileSync(join(folder, "server.log"), log);
}

interface Message {
  headers: { name: string }[];
  cookies: unknown[];
  postData?: unknown;
}

// Once the browser has written it.
export function keepWire(folder: string): void {
  const path = join(folder, wire);
  const har = JSON.parse(readFileSync(path, "utf8")) as {
    log: { entries: { request: Message; response: Message }[] };
  };
  const telling = /^(cookie|set-cookie|x-csrf-token|authorization)$/i;
  for (const message of har.log.entries.flatMap(({ request, response }) => [request, response])) {
    message.headers = message.headers.filter(({ name }) => !telling.test(name));
    message.cookies = [];
    delete message.postData;
  }
  const text = JSON.stringify(har, null, 1);
  writeFileSync(path, text);
  expect(secretIn(text), "what is kept gives a secret away").toBeUndefined();
}
