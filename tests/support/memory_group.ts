// A memory control group of a test's own (cgroups(7), of either version): what runs in it is killed by the kernel when it
// takes more than the group may have.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { mustRun } from "./process";

// Groups are root's.
const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];

const must = (...words: string[]) => {
  const [program = "", ...rest] = [...asRoot, ...words];
  return mustRun(program, rest);
};

// With what it is limited and asked, and what stands there instead of a number that limits nothing.
const versions = {
  1: {
    limits: ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
    used: "memory.usage_in_bytes",
    events: "memory.oom_control",
    unlimited: "-1",
  },
  2: {
    limits: ["memory.max"],
    used: "memory.current",
    events: "memory.events",
    unlimited: "max",
  },
} as const;

type Version = keyof typeof versions;

interface Place {
  folder: string;
  version: Version;
}

const read = (...path: string[]) => readFileSync(join(...path), "utf8").trim();

// Where this process itself is, in the hierarchy of a version.
function ownPlace(version: Version): (Place & { top: string }) | undefined {
  const isOurs = (type: string, options: string) =>
    version === 2 ? type === "cgroup2" : type === "cgroup" && options.split(",").includes("memory");
  const mounted = read("/proc/self/mountinfo")
    .split("\n")
    .map((line) => line.split(" "))
    .find((words) => isOurs(words.at(-3) ?? "", words.at(-1) ?? ""));
  const own = read("/proc/self/cgroup")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([, names = ""]) => (version === 2 ? names === "" : names.split(",").includes("memory")));
  const [, , , root = "/", top] = mounted ?? [];
  if (top === undefined || own === undefined) return undefined;
  return { version, top, folder: join(top, relative(root, own.slice(2).join(":"))) };
}

// Of version 1 in the own group; of version 2 in the nearest that hands memory down, for one with processes of its own
// cannot.
function placeForGroups(): Place {
  const first = ownPlace(1);
  if (first) return first;
  const second = ownPlace(2);
  for (let at = second?.folder ?? ""; second && at.startsWith(second.top); at = dirname(at)) {
    const handedDown = join(at, "cgroup.subtree_control");
    if (existsSync(handedDown) && read(handedDown).split(" ").includes("memory"))
      return { version: 2, folder: at };
  }
  throw new Error(
    "No memory control group can be had here, so a kill by the kernel is not shown: it wants cgroups of version 1 with " +
      "the memory controller, or a group of version 2 above this process that hands memory down " +
      "(cgroup.subtree_control), writable by root.",
  );
}

let groups = 0;

export class MemoryGroup {
  private constructor(
    private readonly folder: string,
    private readonly version: Version,
  ) {}

  static async make(): Promise<MemoryGroup> {
    const { folder, version } = placeForGroups();
    groups += 1;
    const own = join(folder, `hedgerow-test-${process.pid}-${groups}`);
    await must("mkdir", own);
    return new MemoryGroup(own, version);
  }

  // What starts a program within it.
  get through(): string[] {
    const enter = [...asRoot, "tee", '"$0/cgroup.procs"'].join(" ");
    return ["sh", "-c", `echo $$ | ${enter} >/dev/null && exec "$@"`, this.folder];
  }

  get used(): number {
    return Number(read(this.folder, versions[this.version].used));
  }

  // How many of it the kernel has killed for want of memory.
  get killed(): number {
    const events = read(this.folder, versions[this.version].events);
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1]);
  }

  // Of memory, and of none that is swapped out.
  async mayHave(bytes: number | "all"): Promise<void> {
    const { limits, unlimited } = versions[this.version];
    if (this.version === 2) await this.write("memory.swap.max", bytes === "all" ? unlimited : "0");
    // The first of version 1 may never be the higher one.
    for (const name of bytes === "all" ? limits.toReversed() : limits)
      await this.write(name, bytes === "all" ? unlimited : String(bytes));
  }

  private async write(name: string, value: string): Promise<void> {
    const file = join(this.folder, name);
    // A kernel without swap has no limits of it.
    if (existsSync(file)) await must("sh", "-c", 'echo "$1" >"$0"', file, value);
  }

  // Once nothing runs in it.
  async remove(): Promise<void> {
    await must("rmdir", this.folder);
  }
}
