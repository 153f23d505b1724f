// Where things lie in this clone, and what the tests run on.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..", "..");

export const inTree = (...path: string[]) => join(root, ...path);

// The server under test. Sanitized and other builds are chosen by the environment.
export const hedgerowProgram =
  process.env.HEDGEROW_PROGRAM ?? inTree("build", "release", "src", "app", "hedgerow");

// The definitions and objects of a real fabric, which are other people's and not part of this repository.
const beside = process.env.HEDGEROW_REAL_FABRIC ?? resolve(root, "..", "shared", "hedgehog");
export const realFabric = existsSync(join(beside, "crds")) ? beside : undefined;

// Whether everything is counted and timed in full numbers: ./test --long.
export const inFull = process.env.HEDGEROW_LONG === "true";

// Whether everybody comes by host name, to whom the browser denies what it keeps for secure pages.
export const allByName = process.env.HEDGEROW_BY_NAME === "true";

// What would take hours in one go, in parts that several workers take.
export function partsOf(
  all: number,
  atOnce: number,
): { part: number; of: number; words: string }[] {
  const of = Math.ceil(all / atOnce);
  return Array.from({ length: of }, (_, part) => ({
    part,
    of,
    words: of > 1 ? ` (part ${part + 1} of ${of})` : "",
  }));
}

// CI and --long have time for what takes long and seldom breaks; elsewhere a sample of it is looked at.
export const thorough = inFull || process.env.CI === "true";

export type Wiring = "sample" | "real";

export function wiringFiles(wiring: Wiring): { crds: string; objects: string } {
  if (wiring === "sample")
    return {
      crds: inTree("examples", "fabric", "crds"),
      objects: inTree("examples", "fabric", "objects"),
    };
  if (!realFabric) throw new Error("No real fabric lies beside this clone.");
  return { crds: join(realFabric, "crds"), objects: join(realFabric, "wiring", "vlab-48.yaml") };
}
