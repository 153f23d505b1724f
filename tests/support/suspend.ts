// A machine that is suspended: nothing of the program goes on, and of its clocks only those that count sleep.
import { mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun } from "./process";
import { inTree } from "./tree";

export class Suspended {
  private constructor(private readonly dir: string) {}

  static async make(): Promise<Suspended> {
    const machine = new Suspended(mkdtempSync(join(tmpdir(), "hedgerow-suspended-")));
    const source = inTree("tests", "support", "suspend", "suspend.c");
    await mustRun("gcc", ["-shared", "-fPIC", "-O1", "-o", machine.library, source]);
    return machine;
  }

  private get library(): string {
    return join(this.dir, "suspend.so");
  }

  private get file(): string {
    return join(this.dir, "seconds");
  }

  // What starts a program on this machine.
  get through(): readonly string[] {
    return ["/usr/bin/env", `LD_PRELOAD=${this.library}`, `SUSPENDED_FILE=${this.file}`];
  }

  // It has slept for so long, in all.
  slept(seconds: number): void {
    writeFileSync(`${this.file}.next`, String(seconds));
    renameSync(`${this.file}.next`, this.file);
  }
}
