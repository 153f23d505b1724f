// One fabric in the list: its headline first, then what stands behind it.
import { Link } from "@tanstack/react-router";
import type { Fabric } from "../../api/types";
import { numberText } from "../../text/numbers";
import { sentenceOf } from "../../text/headline";
import { headline, lastRun, reach } from "../../text/words";
import { durationText } from "../../text/time";
import { Age } from "../../ui/age";
import { Glyph, State } from "../../ui/state";
import { WorkingWords } from "../shared/working";

export function FabricTile({ fabric }: { fabric: Fabric }) {
  const { facts, counts, working } = fabric;
  const word = headline[fabric.headline.state];
  return (
    <article className={`tile ${word.tone}`} aria-label={fabric.name}>
      <State of={word} />
      <h2 className="name">
        <Link to="/fabrics/$id/" params={{ id: fabric.id }}>
          {fabric.name}
        </Link>
        {fabric.site && <span className="site">{fabric.site}</span>}
      </h2>
      <p className="sentence">
        {sentenceOf(fabric.headline.state, fabric.headline.text)}
        {fabric.headline.as_of && (
          <>
            {" "}
            <Age at={fabric.headline.as_of} />
          </>
        )}
      </p>
      <div className="side">
        <p>
          <Glyph of={reach[facts.reach.state]} /> {reach[facts.reach.state].word}
          {facts.reach.ms !== undefined && ` · ${durationText(facts.reach.ms)}`}
        </p>
        <p>
          <Glyph of={lastRun[facts.last_run.state]} /> Last run:{" "}
          {lastRun[facts.last_run.state].word.toLowerCase()}{" "}
          {facts.last_run.as_of && <Age at={facts.last_run.as_of} />}
        </p>
      </div>
      <p className="amount">
        {counts.objects === null ? (
          <span className="muted small">objects not measured</span>
        ) : (
          <>
            <b>{numberText(counts.objects)}</b>
            <span className="muted small">{counts.objects === 1 ? "object" : "objects"}</span>
          </>
        )}
      </p>
      {working && (
        <p className="overlay">
          <WorkingWords working={working} />
        </p>
      )}
    </article>
  );
}
