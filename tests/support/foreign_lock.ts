// Another program that holds the database's lock to write, or a snapshot of it to read, until it is let go.
import { end, startTalking } from "./process";

const program = `
import sqlite3, sys
it = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    it.execute(statement).fetchall()
print("it is held", flush=True)
sys.stdin.read()
`;

export interface Hold {
  letGo(): Promise<void>;
}

async function held(database: string, statements: readonly string[]): Promise<Hold> {
  const { child } = await startTalking("python3", ["-c", program, database, ...statements]);
  return { letGo: async () => void (await end(child)) };
}

export const foreignLock = (database: string) => held(database, ["BEGIN IMMEDIATE"]);

export const foreignReader = (database: string) =>
  held(database, ["BEGIN", "SELECT count(*) FROM objects"]);
