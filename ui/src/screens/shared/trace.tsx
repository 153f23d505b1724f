// The nine layers of a run, or of a click that became none, in order, each with its state, evidence and time.
import type { KindRead, TraceLayer } from "../../api/types";
import { counted, numberText } from "../../text/numbers";
import { layerState } from "../../text/words";
import { Duration } from "../../ui/age";
import { Glyph, GlyphWithWord } from "../../ui/state";

interface Props {
  trace: readonly TraceLayer[];
  kinds?: readonly KindRead[];
}

export function Trace({ trace, kinds = [] }: Props) {
  return (
    <ol className="trace" aria-label="Trace in nine layers">
      {trace.map((layer) => (
        <Layer key={layer.layer} layer={layer} kinds={layer.layer === 9 ? kinds : []} />
      ))}
    </ol>
  );
}

const isAhead = (layer: TraceLayer) =>
  layer.state === "not_reached" || layer.state === "not_applicable";

function Layer({ layer, kinds }: { layer: TraceLayer; kinds: readonly KindRead[] }) {
  return (
    <li
      className={isAhead(layer) ? "not-yet" : ""}
      data-layer={layer.layer}
      data-state={layer.state}
    >
      <span className="order">{layer.layer}</span>
      <GlyphWithWord of={layerState[layer.state]} />
      <span className="name">{layer.name}</span>
      <span className="evidence wrap">
        {layer.evidence || <span className="muted">{evidenceOfNone(layer)}</span>}
        {kinds.length > 0 && <KindsLine kinds={kinds} />}
      </span>
      <span className="time">
        <Duration ms={layer.ms} />
      </span>
    </li>
  );
}

const evidenceOfNone = (layer: TraceLayer) => layerState[layer.state].word.toLowerCase();

// Kinds that hold something or went wrong by name; the quiet rest as a number.
function KindsLine({ kinds }: { kinds: readonly KindRead[] }) {
  const told = kinds.filter((kind) => kind.listed > 0 || kind.state !== "passed");
  const reached = told.filter((kind) => kind.state !== "not_reached");
  const empty = kinds.filter((kind) => kind.listed === 0 && kind.state === "passed").length;
  const ahead = told.length - reached.length;
  return (
    <span className="kinds-line">
      {reached.map((kind) => (
        <span key={`${kind.group}/${kind.kind}`}>
          <Glyph of={layerState[kind.state]} />
          {kind.kind} {kind.state === "passed" || kind.listed > 0 ? numberText(kind.listed) : ""}
          <span className="unseen"> {layerState[kind.state].word}</span>
        </span>
      ))}
      {empty > 0 && <span className="muted">{counted(empty, "kind")} without objects</span>}
      {ahead > 0 && <span className="muted">{counted(ahead, "kind")} not reached yet</span>}
    </span>
  );
}
