// What a person meets who makes users and keys at the terminal.
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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

test("a key is made with its folder, for its owner alone, and is never written over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hedgerow-key-"));
  const create = (...path: string[]) =>
    run(hedgerowProgram, ["key", "create", join(folder, ...path)]);
  const key = join(folder, "etc", "hedgerow.key");
  expect(await create("etc", "hedgerow.key")).toMatchObject({ code: 0, complaints: "" });
  expect(statSync(join(folder, "etc")).mode & 0o777).toBe(0o700);
  expect(statSync(key)).toMatchObject({ uid: process.getuid?.(), mode: 0o100600 });
  const made = readFileSync(key, "utf8");
  const again = await create("etc", "hedgerow.key");
  expect(again.code).toBe(2);
  expect(again.complaints).toMatch(/File exists.*never written over/s);
  expect(readFileSync(key, "utf8")).toBe(made);
  // Each with what to do about it, and never with another cure.
  writeFileSync(join(folder, "file"), "");
  for (const [path, says] of [
    [["no", "such", "hedgerow.key"], /folder .* cannot be made: No such file.*install -d -m 700/s],
    [["file", "hedgerow.key"], /cannot be made: Not a directory.*a folder that you may write to/s],
  ] as const) {
    const { code, complaints } = await create(...path);
    expect(code).toBe(2);
    expect(complaints).toMatch(says);
    expect(complaints).not.toMatch(/old key file|enter the credentials/);
  }
  rmSync(folder, { recursive: true });
});

test("who names no database, or no key, is told how to, whatever the command", async () => {
  for (const words of [["check"], ["migrate"], ["recover", "--to", "/nowhere"], ["serve"]]) {
    const { code, complaints } = await run(hedgerowProgram, words);
    expect(code, words[0]).toBe(2);
    expect(complaints).toMatch(
      /database\.path is not set.*--config FILE.*--set database\.path=FILE/s,
    );
    expect(complaints).not.toContain("There is no database");
  }
  const keyless = await run(hedgerowProgram, ["serve", "--set", "database.path=/nowhere/h.db"]);
  expect(keyless.code).toBe(2);
  expect(keyless.complaints).toMatch(/security\.key_file is not set.*hedgerow key create/s);
});
