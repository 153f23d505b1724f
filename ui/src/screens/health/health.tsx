// How the server and this browser find themselves, for whoever says "it does not work for me".
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { faultOf } from "../../api/fault";
import { healthQuery } from "../../api/queries";
import type { HealthCheck, SeenFault } from "../../api/types";
import { useTitle } from "../../app/title";
import { counted } from "../../text/numbers";
import { check, found } from "../../text/words";
import { Age, Point } from "../../ui/age";
import { Button } from "../../ui/button";
import { FaultNote } from "../../ui/fault_note";
import { Missing, Panel } from "../../ui/panel";
import { State } from "../../ui/state";
import { Table, type Column } from "../../ui/table";
import { useBrowserFindings, type Finding } from "./this_browser";

export function Health() {
  const query = useQuery(healthQuery);
  const report = query.data;
  const browser = useBrowserFindings(report?.page);
  const server = (report?.checks ?? []).map(findingOf);
  const wrong = [...server, ...browser].filter(({ is }) => is === "bad").length;
  const verdict = !report ? undefined : wrong === 0 ? found.good : found.bad;
  useTitle("System health", verdict);
  return (
    <div className="stack">
      <div className="row ends">
        <div className="row">
          <h1>System health</h1>
          {report && (
            <span className="muted" role="status">
              {wrong === 0 ? "no problem found now" : counted(wrong, "problem")}
              {report.faults.length > 0 &&
                `, ${counted(report.faults.length, "kind of fault", "kinds of fault")} below`}
            </span>
          )}
        </div>
        <Button onPress={() => void query.refetch()}>
          {query.isFetching ? "Checking" : "Check again"}
        </Button>
      </div>
      {query.error && report && <FaultNote fault={faultOf(query.error)} silent />}
      <Panel
        flush
        title="Server"
        beside={
          report && (
            <>
              <span className="muted">{counted(report.streams, "event stream")} open</span>
              <Age at={report.as_of} before="measured " />
            </>
          )
        }
      >
        {report ? <Findings name="Checks of the server" of={server} /> : <Missing query={query} />}
      </Panel>
      <Panel flush title="This browser">
        <Findings name="Checks of this browser" of={browser} />
      </Panel>
      {report && <Faults faults={report.faults} started={report.started} />}
    </div>
  );
}

const findingOf = ({ name, good, detail, next }: HealthCheck): Finding => ({
  name: check[name],
  is: good ? "good" : "bad",
  detail,
  next,
});

function Findings({ name, of }: { name: string; of: readonly Finding[] }) {
  return <Table name={name} columns={findingColumns} rows={of} rowKey={(row) => row.name} />;
}

const findingColumns: Column<Finding>[] = [
  { key: "name", head: "What", cell: (row) => row.name },
  { key: "is", head: "Found", cell: (row) => <State of={found[row.is]} /> },
  {
    key: "detail",
    head: "Measured",
    cell: (row) => (
      <span className="wrap">
        {row.detail} {row.next && <b>{row.next}</b>}
      </span>
    ),
  },
];

function Faults({ faults, started }: { faults: readonly SeenFault[]; started: string }) {
  return (
    <Panel flush title="Last faults of Hedgerow itself">
      {faults.length > 0 ? (
        <Table
          name="Last faults"
          columns={faultColumns}
          rows={faults}
          rowKey={(row) => `${row.request_id} ${row.place} ${row.detail} ${row.at}`}
        />
      ) : (
        <p className="empty">
          None since the server started, <Age at={started} />. What a cluster did to a run stands at
          the run.
        </p>
      )}
    </Panel>
  );
}

const faultColumns: Column<SeenFault>[] = [
  {
    key: "at",
    head: "When",
    cell: (row) => (
      <>
        <Point at={row.at} />
        {row.times > 1 && <span className="muted"> {counted(row.times, "time")}</span>}
      </>
    ),
  },
  { key: "place", head: "Where", cell: (row) => <span className="wrap">{row.place}</span> },
  { key: "code", head: "Code", cell: (row) => `${row.code}, layer ${row.layer}` },
  {
    key: "request",
    head: "Request or run",
    cell: (row) =>
      row.run === null ? (
        <span className="nowrap">{row.request_id}</span>
      ) : (
        <Link to="/runs/$id/" params={{ id: row.run }}>
          Run {row.run}
        </Link>
      ),
  },
  { key: "detail", head: "What", cell: (row) => <span className="wrap">{row.detail}</span> },
];
