// The latest runs, newest first.
import { Link } from "@tanstack/react-router";
import type { FabricSnapshot } from "../../api/queries";
import type { Run } from "../../api/types";
import { operationName } from "../../text/words";
import { Age, Duration } from "../../ui/age";
import { Panel } from "../../ui/panel";
import { State } from "../../ui/state";
import { Table, type Column } from "../../ui/table";
import { byWhom, wordOf } from "../shared/run_words";

const columns: Column<Run>[] = [
  {
    key: "run",
    head: "Run",
    cell: (run) => (
      <>
        <Link to="/runs/$id/" params={{ id: run.id }}>
          {run.id}
        </Link>{" "}
        {operationName[run.operation]}
      </>
    ),
  },
  { key: "outcome", head: "Outcome", cell: (run) => <State of={wordOf(run)} /> },
  {
    key: "when",
    head: "When",
    cell: (run) => <Age at={run.ended ?? run.started ?? run.created} after={` ${byWhom(run)}`} />,
  },
  { key: "took", head: "Took", className: "number", cell: (run) => <Duration ms={run.ms} /> },
];

export function RecentRuns({ fabric }: { fabric: FabricSnapshot }) {
  return (
    <Panel flush title="Recent runs">
      {fabric.recent_runs.length > 0 ? (
        <Table
          name="Recent runs"
          columns={columns}
          rows={fabric.recent_runs}
          rowKey={(run) => run.id}
        />
      ) : (
        <p className="empty">No run yet.</p>
      )}
    </Panel>
  );
}
