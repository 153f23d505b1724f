// A server in which nobody can sign in yet.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test as base } from "./fixtures";
import { mustRun } from "./process";
import { TestServer } from "./server";
import { hedgerowProgram } from "./tree";

export const test = base.extend<{ empty: TestServer }>({
  empty: async ({ settings }, use) => {
    const folder = mkdtempSync(join(tmpdir(), "hedgerow-empty-"));
    await mustRun(hedgerowProgram, ["key", "create", join(folder, "hedgerow.key")]);
    const server = await TestServer.start(folder, settings);
    await use(server);
    const faults = server.faultsOfLog();
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
    expect(faults).toEqual([]);
  },
});

// The one-time codes that its log holds, in the order of its starts.
export function codesIn(log: string): string[] {
  return log
    .split("\n")
    .filter((line) => line.includes("setup_code"))
    .map((line) => (JSON.parse(line) as { setup: string }).setup);
}

export { expect };
