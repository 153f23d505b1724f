// The record as it lies on the disk, seen from outside of Hedgerow with the sqlite3 program.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { mustRun } from "./process";

// A place in the write-ahead log: which of its lives, and how many frames it had.
export interface WalMark {
  life: number;
  frames: number;
}

const headerBytes = 32;
const frameHeaderBytes = 24;

// Takes back what the version before did not have, for a database that no server holds.
export const asVersionBefore =
  "ALTER TABLE sessions DROP COLUMN replaced_by; ALTER TABLE users DROP COLUMN revision; " +
  "DROP INDEX runs_last_of; DROP INDEX runs_at_work; ALTER TABLE instance DROP COLUMN probes; DROP TABLE lost_clicks; " +
  "ALTER TABLE kinds DROP COLUMN read_by; ALTER TABLE kinds DROP COLUMN read_tick; " +
  "DROP TABLE devices; DROP TABLE stranger_tries; ALTER TABLE instance DROP COLUMN kept_now; ALTER TABLE instance DROP COLUMN kept_tick; " +
  "DELETE FROM migrations WHERE number >= 2";

export class RecordOnDisk {
  constructor(private readonly file: string) {}

  async rows<T = { [column: string]: unknown }>(sql: string): Promise<T[]> {
    const text = await mustRun("sqlite3", ["-readonly", "-json", this.file, sql]);
    return text.trim() === "" ? [] : (JSON.parse(text) as T[]);
  }

  // The runs that are on record as going on.
  async running(): Promise<number[]> {
    const rows = await this.rows<{ id: number }>("SELECT id FROM runs WHERE state = 'running'");
    return rows.map(({ id }) => id);
  }

  // Those of them whose lease is over: between a start and its first look there may be some.
  async runningWithoutLease(): Promise<number[]> {
    const rows = await this.rows<{ id: number }>(
      "SELECT r.id FROM runs r LEFT JOIN ownership o ON o.fabric_id = r.fabric_id " +
        "AND o.epoch = r.epoch WHERE r.state = 'running' AND o.fabric_id IS NULL",
    );
    return rows.map(({ id }) => id);
  }

  // Beside a server, if one runs, which does not know of it.
  async change(sql: string): Promise<void> {
    await mustRun("sqlite3", ["-cmd", ".timeout 5000", this.file, sql]);
  }

  // A whole database in the place of this one.
  async putBack(copy: string): Promise<void> {
    for (const ending of ["-wal", "-shm"]) rmSync(this.file + ending, { force: true });
    await copyFile(copy, this.file);
  }

  // Every column of every row.
  objects(): Promise<string> {
    return mustRun("sqlite3", ["-readonly", this.file, "SELECT * FROM objects ORDER BY id"]);
  }

  // Where the write-ahead log ends now.
  mark(): WalMark {
    const { life, pages } = this.frames();
    return { life, frames: pages.length };
  }

  // The page number of each frame, and which life of the log they belong to: each time it is begun anew, the
  // first salt of its header grows by one, and frames of the life before lie behind the last of this one.
  private frames(): { life: number; pages: number[] } {
    const file = `${this.file}-wal`;
    const wal = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    if (wal.length < headerBytes) return { life: 0, pages: [] };
    const salts = wal.subarray(16, 24);
    const frame = frameHeaderBytes + wal.readUInt32BE(8);
    const pages: number[] = [];
    for (let at = headerBytes; at + frame <= wal.length; at += frame) {
      if (!wal.subarray(at + 8, at + 16).equals(salts)) break;
      pages.push(wal.readUInt32BE(at));
    }
    return { life: wal.readUInt32BE(16), pages };
  }

  // How many pages of a table and its indexes were written since, counted in the write-ahead log itself: a
  // row that was written with what it held before counts as well.
  async pagesWritten(table: string, since: WalMark): Promise<number> {
    const { life, pages } = this.frames();
    const begunAnew = life !== since.life;
    if (begunAnew && since.life !== 0 && life !== since.life + 1)
      throw new Error("The write-ahead log was begun anew twice since, so nothing can be said.");
    const rows = await this.rows<{ pageno: number }>(
      "SELECT pageno FROM dbstat WHERE name IN " +
        `(SELECT name FROM sqlite_master WHERE tbl_name = '${table}')`,
    );
    const own = new Set(rows.map(({ pageno }) => pageno));
    return pages.slice(begunAnew ? 0 : since.frames).filter((page) => own.has(page)).length;
  }
}
