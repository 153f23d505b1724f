// Kind by kind: what was listed, how long it took, and why not, with the text that cures it.
import { useState } from "react";
import type { KindRead } from "../../api/types";
import { counted, numberText } from "../../text/numbers";
import { layerState } from "../../text/words";
import { Duration } from "../../ui/age";
import { Button } from "../../ui/button";
import { CopyBlock } from "../../ui/copy";
import { Panel } from "../../ui/panel";
import { State } from "../../ui/state";
import { Table, type Column } from "../../ui/table";

const columns: Column<KindRead>[] = [
  {
    key: "kind",
    head: "Kind",
    cell: (kind) => (
      <>
        {kind.kind} <span className="muted small">{kind.group}</span>
      </>
    ),
  },
  {
    key: "state",
    head: "State",
    cell: (kind) => <State of={layerState[kind.state]} />,
  },
  {
    key: "listed",
    head: "Objects",
    className: "number",
    cell: (kind) =>
      kind.state === "passed" || kind.listed > 0 ? numberText(kind.listed) : "not read",
  },
  { key: "pages", head: "Pages", className: "number", cell: (kind) => numberText(kind.pages) },
  {
    key: "ms",
    head: "Took",
    className: "number",
    cell: (kind) => (
      <>
        <Duration ms={kind.ms} />
        {kind.tries && (
          <span className="muted small"> in {counted(kind.tries, "try", "tries")}</span>
        )}
      </>
    ),
  },
];

const hasReason = (kind: KindRead) => Boolean(kind.detail ?? kind.remedy ?? kind.code);
const isQuiet = (kind: KindRead) =>
  kind.state === "passed" && kind.listed === 0 && !kind.tries && !hasReason(kind);

export function KindsRead({ kinds }: { kinds: readonly KindRead[] }) {
  const [all, setAll] = useState(false);
  const quiet = kinds.filter(isQuiet).length;
  const told = kinds.filter(hasReason);
  const shown = all ? kinds : kinds.filter((kind) => !isQuiet(kind));
  return (
    <>
      {told.length > 0 && (
        <Panel title="What could not be read, and why">
          <ul className="stack">
            {told.map((kind) => (
              <Reason key={`${kind.group}/${kind.kind}`} kind={kind} />
            ))}
          </ul>
        </Panel>
      )}
      <Panel
        flush
        title="Kinds"
        beside={<span className="muted">{counted(kinds.length, "kind")}</span>}
      >
        {shown.length > 0 && (
          <Table
            name="Kinds"
            columns={columns}
            rows={shown}
            rowKey={(kind) => `${kind.group}/${kind.kind}`}
          />
        )}
        {quiet > 0 && (
          <p className="row quiet-kinds">
            <Button kind="quiet" onPress={() => setAll(!all)}>
              {all ? "Hide" : "Show"} {counted(quiet, "kind")} without objects
            </Button>
          </p>
        )}
      </Panel>
    </>
  );
}

function Reason({ kind }: { kind: KindRead }) {
  return (
    <li className="stack tight">
      <p>
        <State of={layerState[kind.state]} /> <b>{kind.kind}</b>{" "}
        <span className="muted small">{kind.group}</span>
        {kind.code && <span className="muted small"> · {kind.code}</span>}
      </p>
      {kind.detail && <p className="prose wrap">{kind.detail}</p>}
      {kind.remedy && <CopyBlock text={kind.remedy} name={`rule for ${kind.kind}`} />}
    </li>
  );
}
