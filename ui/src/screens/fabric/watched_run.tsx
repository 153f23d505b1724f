// The run that matters now: the one this person started or joined, else the one that runs, else the
// latest. Its words are announced; its numbers and ages are only shown.
import { Link } from "@tanstack/react-router";
import { discard, outboxStore, press } from "../../api/outbox";
import type { Click } from "../../api/outbox_rules";
import type { FabricSnapshot } from "../../api/queries";
import { sessionStore } from "../../api/session";
import { useStore } from "../../api/store";
import type { Run } from "../../api/types";
import { numberText } from "../../text/numbers";
import { lastRun, layerState, operationName } from "../../text/words";
import { Age, Duration, Point, Stopwatch } from "../../ui/age";
import { Button } from "../../ui/button";
import { LayerLine } from "../../ui/fault_note";
import { Panel } from "../../ui/panel";
import { Glyph } from "../../ui/state";
import { byWhom, isOver, runSentence, watchedOf, wordOf } from "../shared/run_words";
import { CancelButton } from "../shared/cancel";
import { ClickTrace, useStandingClick, type Standing } from "../shared/click_trace";
import { RunFault } from "../shared/run_fault";
import { Trace } from "../shared/trace";

export function WatchedRun({ fabric }: { fabric: FabricSnapshot }) {
  const clicks = useStore(outboxStore).filter((click) => click.fabric.id === fabric.id);
  const run = watchedOf(fabric, clicks);
  const sending = clicks.some((click) => click.stage.at === "sending");
  const standing = useStandingClick(fabric.id);
  const asking = useStore(sessionStore);
  // Over the page the dialog says it.
  const dialog = asking.phase === "ended" && asking.asked;
  return (
    <>
      {standing && <StandingClick standing={standing} bare={dialog} />}
      <Panel>
        <div className="stack">
          <div className="split">
            <div className="row">
              <div role="status">
                <h2>
                  {run ? (
                    <>
                      <Glyph of={wordOf(run)} /> {runSentence(run)}
                    </>
                  ) : (
                    "No run yet"
                  )}
                </h2>
              </div>
              {run && <Times run={run} />}
              {sending && <span className="muted">Sending your click</span>}
            </div>
            {run && <RunDoors run={run} />}
          </div>
          {run ? (
            <RunParts run={run} fabric={fabric} clicks={clicks} bare={standing !== undefined} />
          ) : (
            <NoRun fabric={fabric} />
          )}
        </div>
      </Panel>
    </>
  );
}

// A click that is no run: how far it came. What to do about it is said above the page.
function StandingClick({ standing, bare }: { standing: Standing; bare: boolean }) {
  const { click, fault } = standing;
  const refused = click.stage.at === "refused";
  const name = operationName[click.operation];
  return (
    <section className="panel" aria-label={`Your click on ${name}`}>
      <div className="stack">
        <div>
          <h2>
            <Glyph of={refused ? layerState.failed : lastRun.queued} /> {name}{" "}
            {refused ? "was refused" : "has not started; your click is kept"}
          </h2>
          <LayerLine fault={fault} />
        </div>
        {!bare && <ClickTrace fault={fault} />}
      </div>
    </section>
  );
}

function NoRun({ fabric }: { fabric: FabricSnapshot }) {
  return (
    <p className="muted prose">
      {fabric.cluster
        ? "Nothing has been read from the cluster. Sync from Fabric reads all Hedgehog kinds into the " +
          "record; the cluster is not changed."
        : "This fabric has no cluster connection yet, so there is nothing to read."}
    </p>
  );
}

function Times({ run }: { run: Run }) {
  return (
    <>
      {run.state === "running" && (
        <span className="muted">
          <Stopwatch since={run.started ?? run.created} />
        </span>
      )}
      {isOver(run) && (
        <span className="muted">
          <Duration ms={run.ms} />, <Age at={run.ended} before="ended " after={` ${byWhom(run)}`} />
        </span>
      )}
    </>
  );
}

function RunDoors({ run }: { run: Run }) {
  return (
    <div className="row">
      {!isOver(run) && <CancelButton run={run} />}
      <Link to="/runs/$id/" params={{ id: run.id }} className="button plain">
        Open run {run.id}
      </Link>
    </div>
  );
}

interface PartsProps {
  run: Run;
  fabric: FabricSnapshot;
  clicks: readonly Click[];
  // Beside a click of which more has to be said, a run that has ended is told without its trace.
  bare: boolean;
}

function RunParts({ run, fabric, clicks, bare }: PartsProps) {
  const joined = clicks.find(
    (click) => click.stage.at === "started" && click.stage.joined && click.stage.run.id === run.id,
  );
  return (
    <>
      {joined && <Joined run={run} click={joined} fabric={fabric} />}
      <RunFault run={run} />
      {run.state === "queued" && run.waits_for !== undefined && (
        <p className="muted">
          It waits for{" "}
          <Link to="/runs/$id/" params={{ id: run.waits_for }}>
            run {run.waits_for}
          </Link>{" "}
          of this fabric.
        </p>
      )}
      {run.place !== undefined && (
        <p className="muted">Place {numberText(run.place)} in the queue.</p>
      )}
      {!(bare && isOver(run)) && <Trace trace={run.trace} kinds={run.kinds} />}
    </>
  );
}

// The click found a run that was under way; one more can be asked for, since that one may have read
// before the latest change.
function Joined({ run, click, fabric }: { run: Run; click: Click; fabric: FabricSnapshot }) {
  const asked = useStore(outboxStore).find(
    (it) => it.followUp && it.fabric.id === fabric.id && it.operation === click.operation,
  );
  return (
    <div className="row" aria-live="polite">
      <span>
        {operationName[run.operation]} by {run.actor} was already under way since{" "}
        <Point at={run.started ?? run.created} />, so no second run was started. You are watching
        it.
      </span>
      {asked?.stage.at === "started" ? (
        <span>Run {numberText(asked.stage.run.id)} follows after this one.</span>
      ) : (
        <Button onPress={() => press({ fabric, operation: click.operation, followUp: true })}>
          Run once more after this one
        </Button>
      )}
      <Button kind="quiet" onPress={() => discard(click.key)}>
        Put away
      </Button>
    </div>
  );
}
