// Why a run that has ended is not a success, what to do, and by which code it is looked up.
import type { Run } from "../../api/types";
import { LayerLine } from "../../ui/fault_note";
import { titleOf } from "../../text/faults";
import { isOver } from "./run_words";

export function RunFault({ run }: { run: Run }) {
  if (!isOver(run) || run.outcome === "succeeded") return null;
  const title = titleOf(run.code);
  return (
    <div>
      {title && (
        <p>
          <strong>{title}</strong>
        </p>
      )}
      <p className="prose wrap">
        {run.summary} {run.next}
      </p>
      {run.code && run.layer !== undefined && (
        <LayerLine fault={{ code: run.code, layer: run.layer }} />
      )}
    </div>
  );
}
