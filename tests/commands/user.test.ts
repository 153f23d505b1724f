// What a person meets who makes users and keys at the terminal.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "../support/fixtures";
import { run } from "../support/process";
import { keep } from "../support/secrets";
import { hedgerowProgram } from "../support/tree";

const good = keep("a password from the terminal", "nine jars on the cellar shelf");

test("a user that cannot be made is refused at what is wrong, in whole sentences, and the right one signs in", async ({
  hedgerow,
}) => {
  const { server } = hedgerow;
  await server.stop();
  const create = (name: string, password: string, role = "viewer") =>
    server.command(["user", "create", name, "--role", role, "--password-stdin"], `${password}\n`);
  for (const [wrong, says] of [
    [create("alice", "too short"), /password: It must have at least 15 characters/],
    [create("alice", ""), /password: It must have at least 15 characters/],
    [create("VIEWER", good), /username: .*(taken|exists)/i],
    [create("alice", good, "owner"), /--role must be viewer, operator or administrator/],
  ] as const) {
    const { code, complaints } = await wrong;
    expect(complaints).toMatch(says);
    expect(complaints).not.toContain("[removed]");
    expect(code, complaints).toBe(2);
  }
  expect((await create("alice", good)).code).toBe(0);
  await server.begin();
  const { user } = await server.stranger().signIn("alice", good);
  expect(user).toMatchObject({ username: "alice", role: "viewer" });
});

test("a key file that is not there, or that others may read, is answered with what to do", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hedgerow-key-"));
  const key = join(folder, "hedgerow.key");
  const serve = () =>
    run(hedgerowProgram, [
      "serve",
      ...["--set", `security.key_file=${key}`, "--set", `database.path=${join(folder, "h.db")}`],
    ]);
  const missing = await serve();
  expect(missing.code).toBe(2);
  expect(missing.complaints).toContain(`hedgerow key create ${key}`);
  expect((await run(hedgerowProgram, ["key", "create", key])).code).toBe(0);
  chmodSync(key, 0o640);
  const open = await serve();
  expect(open.code).toBe(2);
  expect(open.complaints).toContain(`chmod 600 ${key}`);
  rmSync(folder, { recursive: true });
});
