// Objects per kind, and how far each kind could be read.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { faultOf } from "../../api/fault";
import { kindsQuery, type FabricSnapshot } from "../../api/queries";
import type { Kind } from "../../api/types";
import { counted, notMeasured, numberText } from "../../text/numbers";
import { coverage } from "../../text/words";
import { Age } from "../../ui/age";
import { Button } from "../../ui/button";
import { FaultNote } from "../../ui/fault_note";
import { Panel } from "../../ui/panel";
import { State } from "../../ui/state";
import { Table, type Column } from "../../ui/table";

interface Row {
  group: string;
  kind: string;
  objects: number | null;
  known: Kind | undefined;
}

const keyOf = (kind: { group: string; kind: string }) => `${kind.group}/${kind.kind}`;

// Numbers come from the snapshot, so that they never contradict the headline beside them.
function rowsOf(fabric: FabricSnapshot, kinds: readonly Kind[]): Row[] {
  const counts = new Map(fabric.counts.by_kind.map((it) => [keyOf(it), it.objects]));
  const known = new Map(kinds.map((it) => [keyOf(it), it]));
  const keys = [...new Set([...counts.keys(), ...known.keys()])];
  return keys
    .map((key) => {
      const of = known.get(key);
      const [group = "", kind = ""] = splitKey(key);
      return { group, kind, objects: counts.get(key) ?? of?.objects ?? null, known: of };
    })
    .sort((a, b) => Number(isQuiet(a)) - Number(isQuiet(b)) || a.kind.localeCompare(b.kind));
}

function splitKey(key: string): [string, string] {
  const slash = key.lastIndexOf("/");
  return [key.slice(0, slash), key.slice(slash + 1)];
}

// Nothing in it and nothing wrong with it.
function isQuiet({ objects, known }: Row): boolean {
  if (objects !== null && objects > 0) return false;
  if (!known) return objects === 0;
  return known.coverage === "readable" || known.coverage === "out_of_scope";
}

export function Kinds({ fabric }: { fabric: FabricSnapshot }) {
  const query = useQuery(kindsQuery(fabric.id));
  const [all, setAll] = useState(false);
  const rows = rowsOf(fabric, query.data?.results ?? []);
  const quiet = rows.filter(isQuiet).length;
  const shown = all ? rows : rows.filter((row) => !isQuiet(row));
  return (
    <Panel
      flush
      title="Kinds"
      beside={
        <span className="muted">
          {fabric.counts.objects === null ? (
            `objects ${notMeasured}`
          ) : (
            <Link to="/fabrics/$id/objects/" params={{ id: fabric.id }}>
              {counted(fabric.counts.objects, "object")} in the record
            </Link>
          )}
        </span>
      }
    >
      {query.error && !query.data && <FaultNote fault={faultOf(query.error)} silent />}
      {shown.length > 0 && (
        <Table
          name="Objects per kind"
          columns={columnsFor(fabric.id)}
          rows={shown}
          rowKey={(row) => keyOf(row)}
        />
      )}
      {rows.length === 0 && !query.isPending && (
        <p className="empty">No kind is known yet. They are found when the cluster is read.</p>
      )}
      {quiet > 0 && (
        <p className="row quiet-kinds">
          <Button kind="quiet" onPress={() => setAll(!all)}>
            {all ? "Hide" : "Show"} {counted(quiet, "kind")} without objects
          </Button>
        </p>
      )}
    </Panel>
  );
}

function columnsFor(fabric: number): Column<Row>[] {
  return [
    {
      key: "kind",
      head: "Kind",
      cell: (row) => (
        <>
          <Link to="/fabrics/$id/objects/" params={{ id: fabric }} search={{ kind: [keyOf(row)] }}>
            {row.kind}
          </Link>{" "}
          <span className="muted small">{row.group}</span>
        </>
      ),
    },
    {
      key: "objects",
      head: "Objects",
      className: "number",
      cell: (row) =>
        row.objects === null ? (
          numberText(row.objects)
        ) : (
          <Link
            to="/fabrics/$id/objects/"
            params={{ id: fabric }}
            search={{ kind: [keyOf(row)] }}
            aria-label={`${numberText(row.objects)} of ${row.kind}: show them`}
          >
            {numberText(row.objects)}
          </Link>
        ),
    },
    {
      key: "coverage",
      head: "Reading",
      cell: (row) => (row.known ? <Coverage kind={row.known} /> : null),
    },
  ];
}

function Coverage({ kind }: { kind: Kind }) {
  return (
    <>
      <State of={coverage[kind.coverage]} /> <Age at={kind.as_of} />
      {kind.detail && <div className="wrap">{kind.detail}</div>}
    </>
  );
}
