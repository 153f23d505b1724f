// What is being done right now, beside the headline and never instead of it.
import type { Fabric } from "../../api/types";
import { counted } from "../../text/numbers";
import { lastRun, operationName } from "../../text/words";
import { Age } from "../../ui/age";
import { Glyph } from "../../ui/state";

type Working = NonNullable<Fabric["working"]>;

export function WorkingWords({ working }: { working: Working }) {
  const { operation, state, listed, since, actor } = working;
  const queued = state === "queued";
  return (
    <>
      <Glyph of={queued ? lastRun.queued : lastRun.running} />{" "}
      <b className="busy">{queued ? "Queued" : "Working"}:</b> {operationName[operation]}
      {!queued && operation !== "test" && `, ${counted(listed, "object")} read`}{" "}
      <Age at={since} before={queued ? "asked for " : "started "} after={` by ${actor}`} />
    </>
  );
}
