// What was shown and is there no more: one calm page instead of parts that would go on saying what was.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useStore } from "../../api/store";
import { outboxStore } from "../../api/outbox";
import { fabricQuery, isMissing, runQuery, type FabricSnapshot } from "../../api/queries";
import { faultOf } from "../../api/fault";
import type { Run } from "../../api/types";
import { useTitle } from "../../app/title";
import { Missing, Panel } from "../../ui/panel";
import { FaultNote } from "../../ui/fault_note";
import { Glyph } from "../../ui/state";
import { Crumbs } from "./crumbs";
import { RunFault } from "./run_fault";
import { runSentence, watchedOf, wordOf } from "./run_words";
import { Trace } from "./trace";

export function FabricGone({ fabric }: { fabric: FabricSnapshot }) {
  const clicks = useStore(outboxStore).filter((click) => click.fabric.id === fabric.id);
  return <Deleted name={fabric.name} run={watchedOf(fabric, clicks)} />;
}

function Deleted({ name, run }: { name: string; run: Run | undefined }) {
  useTitle(`${name} was deleted`);
  return (
    <>
      <Crumbs here={name} />
      <div className="stack">
        <GoneWords
          what={`${name} was deleted.`}
          about="Its objects and their history went with it. Its runs are kept, without their fabric. The cluster was not touched."
        >
          <Link to="/fabrics/" className="button primary">
            Go to the fabrics
          </Link>
          {run && (
            <Link to="/runs/$id/" params={{ id: run.id }} className="button plain">
              Open run {run.id}
            </Link>
          )}
        </GoneWords>
        {run && <LastRun run={run} />}
      </div>
    </>
  );
}

// No fabric announces its run any more: it is read by itself, to its end.
function LastRun({ run: known }: { run: Run }) {
  const query = useQuery({ ...runQuery(known.id), placeholderData: known });
  const run = query.data ?? known;
  return (
    <Panel>
      <div className="stack">
        <div role="status">
          <h2>
            <Glyph of={wordOf(run)} /> {runSentence(run)}
          </h2>
        </div>
        {query.error && <FaultNote fault={faultOf(query.error)} silent />}
        <RunFault run={run} />
        <Trace trace={run.trace} kinds={run.kinds} />
      </div>
    </Panel>
  );
}

interface ObjectProps {
  name: string;
  fabric: { id: number; name: string };
}

// An object goes with its fabric, or when it was removed so long ago that it is not kept any more.
export function ObjectGone({ name, fabric }: ObjectProps) {
  const query = useQuery({
    ...fabricQuery(fabric.id),
    enabled: ({ state }) => !isMissing(state.error),
  });
  const clicks = useStore(outboxStore).filter((click) => click.fabric.id === fabric.id);
  if (isMissing(query.error)) {
    const run = query.data && watchedOf(query.data, clicks);
    return <Deleted name={fabric.name} run={run} />;
  }
  if (!query.data) return <Missing query={query} />;
  return (
    <>
      <Crumbs here={name} fabric={fabric} objects />
      <GoneWords
        what={`${name} is not kept any more.`}
        about="The cluster has had it no more for so long that the record has let it go."
      >
        <Link to="/fabrics/$id/objects/" params={{ id: fabric.id }} className="button primary">
          Go to the objects of {fabric.name}
        </Link>
      </GoneWords>
    </>
  );
}

interface WordsProps {
  what: string;
  about: string;
  children: ReactNode;
}

function GoneWords({ what, about, children }: WordsProps) {
  return (
    <section className="headline quiet" aria-labelledby="gone">
      <div className="stack tight">
        <h1 id="gone" aria-live="polite">
          {what}
        </h1>
        <p className="prose">{about}</p>
      </div>
      <div className="row actions">{children}</div>
    </section>
  );
}
