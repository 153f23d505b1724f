// The latest runs, newest first.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { FabricSnapshot } from "../../api/queries";
import type { LostClick, Run } from "../../api/types";
import { titleOf } from "../../text/faults";
import { counted } from "../../text/numbers";
import { clockText } from "../../text/time";
import { operationName } from "../../text/words";
import { Age, Duration } from "../../ui/age";
import { Panel } from "../../ui/panel";
import { State } from "../../ui/state";
import { Table, type Column } from "../../ui/table";
import { ClickTrace, LayersButton } from "../shared/click_trace";
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

// A click that never became a run, as its page told later.
function Lost({ click }: { click: LostClick }) {
  const [open, setOpen] = useState(false);
  const name = `${operationName[click.operation]} by ${click.actor}`;
  return (
    <div className="stack tight">
      <p>
        {name}, clicked <Age at={click.clicked_at} />: {titleOf(click.code) || click.code}{" "}
        <span className="muted">
          {counted(click.tries, "try", "tries")}, then given up; told <Age at={click.told_at} />.
        </span>{" "}
        <LayersButton
          open={open}
          of={`the click at ${clockText(Date.parse(click.clicked_at))}`}
          onPress={() => setOpen(!open)}
        />
      </p>
      {open && <ClickTrace fault={click} />}
    </div>
  );
}

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
      {fabric.lost_clicks.length > 0 && (
        <div className="panel-foot stack tight">
          <h3>Clicks that never arrived</h3>
          {fabric.lost_clicks.map((click) => (
            <Lost key={`${click.clicked_at} ${click.tab}`} click={click} />
          ))}
        </div>
      )}
    </Panel>
  );
}
