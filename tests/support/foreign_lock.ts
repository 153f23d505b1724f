// Another program that holds the database's lock to write, until it is let go.
import { end, startTalking } from "./process";

const program = `
import sqlite3, sys
it = sqlite3.connect(sys.argv[1], isolation_level=None)
it.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
`;

export async function foreignLock(database: string): Promise<{ letGo(): Promise<void> }> {
  const { child } = await startTalking("python3", ["-c", program, database]);
  return { letGo: async () => void (await end(child)) };
}
