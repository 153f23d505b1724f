// One run: in words, layer by layer, kind by kind, and what it changed in the record.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { faultOf } from "../../api/fault";
import { runQuery } from "../../api/queries";
import type { Run } from "../../api/types";
import { Boundary } from "../../app/boundary";
import { useTitle } from "../../app/title";
import { titleOf } from "../../text/faults";
import { numberText } from "../../text/numbers";
import { operationName, direction } from "../../text/words";
import { Duration, Point, Stopwatch } from "../../ui/age";
import { FaultNote } from "../../ui/fault_note";
import { Missing, Panel } from "../../ui/panel";
import { State } from "../../ui/state";
import { CancelButton } from "../shared/cancel";
import { Crumbs } from "../shared/crumbs";
import { byWhom, isOver, runSentence, wordOf } from "../shared/run_words";
import { Trace } from "../shared/trace";
import { Changes } from "./changes";
import { KindsRead } from "./kinds_read";
import { Tally } from "./tally";

const route = getRouteApi("/inside/runs/$id");

export function RunPage() {
  const { id } = route.useParams();
  const query = useQuery(runQuery(id));
  const run = query.data;
  useTitle(run ? `Run ${run.id} on ${run.fabric_name}` : `Run ${id}`, run && wordOf(run));
  const of = run && run.fabric !== null ? { id: run.fabric, name: run.fabric_name } : undefined;
  return (
    <>
      <Crumbs here={`Run ${id}`} fabric={of} />
      {run ? (
        <div className="stack">
          {query.error && <FaultNote fault={faultOf(query.error)} silent />}
          <RunParts run={run} />
        </div>
      ) : (
        <Missing query={query} />
      )}
    </>
  );
}

function RunParts({ run }: { run: Run }) {
  const word = wordOf(run);
  const title = titleOf(run.code);
  return (
    <>
      <section className={`headline ${word.tone}`} aria-labelledby="run-headline">
        <h1 id="run-headline">
          <State of={word} /> {operationName[run.operation]}{" "}
          <span className="muted small">{direction[run.operation]}</span>
        </h1>
        {title && isOver(run) && (
          <p>
            <strong>{title}</strong>
          </p>
        )}
        <p className="prose wrap" role="status">
          {run.summary || runSentence(run)}
        </p>
        {run.next && <p className="prose wrap">{run.next}</p>}
        <Facts run={run} />
        {!isOver(run) && (
          <div className="row actions">
            <CancelButton run={run} />
          </div>
        )}
      </section>
      {run.operation !== "test" && <Tally run={run} />}
      <Panel title="Trace">
        <Boundary view="trace">
          <Trace trace={run.trace} kinds={run.kinds} />
        </Boundary>
      </Panel>
      {run.kinds.length > 0 && (
        <Boundary view="kinds">
          <KindsRead kinds={run.kinds} />
        </Boundary>
      )}
      {run.operation !== "test" && (
        <Boundary view="changes">
          <Changes run={run} />
        </Boundary>
      )}
    </>
  );
}

function Facts({ run }: { run: Run }) {
  return (
    <dl className="pairs">
      {run.fabric === null && (
        <>
          <dt>Fabric</dt>
          <dd>{run.fabric_name}, which was deleted</dd>
        </>
      )}
      <dt>Asked for</dt>
      <dd>
        <Point at={run.created} /> {byWhom(run)}
      </dd>
      {run.started && (
        <>
          <dt>Started</dt>
          <dd>
            <Point at={run.started} />
          </dd>
        </>
      )}
      <dt>Took</dt>
      <dd>
        {run.state === "running" && <Stopwatch since={run.started ?? run.created} />}
        {run.state === "queued" && "not started"}
        {run.state === "ended" &&
          (run.ms === undefined ? "not measured" : <Duration ms={run.ms} />)}
      </dd>
      {run.code && (
        <>
          <dt>Code</dt>
          <dd>
            <span className="mono">{run.code}</span>
            {run.layer !== undefined && `, layer ${run.layer}`}
          </dd>
        </>
      )}
      {run.waits_for !== undefined && run.state === "queued" && (
        <RunPair name="Waits for" id={run.waits_for} />
      )}
      {run.place !== undefined && (
        <>
          <dt>Place in the queue</dt>
          <dd>{numberText(run.place)}</dd>
        </>
      )}
      {run.retry_of !== undefined && <RunPair name="Repeats" id={run.retry_of} />}
    </dl>
  );
}

function RunPair({ name, id }: { name: string; id: number }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Link to="/runs/$id/" params={{ id }}>
          run {id}
        </Link>
      </dd>
    </>
  );
}
