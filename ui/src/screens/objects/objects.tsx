// The objects of a fabric. The server filters, sorts and pages; the URL holds all of it.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { faultOf } from "../../api/fault";
import {
  fabricQuery,
  isGone,
  objectsQuery,
  type FabricSnapshot,
  type ObjectOrdering,
  type ObjectsSearch,
} from "../../api/queries";
import type { ObjectRow, Presence } from "../../api/types";
import { useTitle } from "../../app/title";
import { numberText } from "../../text/numbers";
import { isBeyond } from "../../text/paging";
import { outOfScope, outOfScopeMeaning, verdict, verdictMeaning } from "../../text/words";
import { Age } from "../../ui/age";
import { Button } from "../../ui/button";
import { FaultNote } from "../../ui/fault_note";
import { NoSuchPage, Pages } from "../../ui/pages";
import { Missing, Panel } from "../../ui/panel";
import { State } from "../../ui/state";
import { Table, type Column } from "../../ui/table";
import { Crumbs } from "../shared/crumbs";
import { FabricGone } from "../shared/gone";
import { Filters } from "./filters";

export const presences = [
  "present",
  "out_of_scope",
  "removed",
  "any",
] as const satisfies readonly Presence[];
export const objectOrderings = [
  "name",
  "-name",
  "kind",
  "-kind",
  "namespace",
  "-namespace",
  "changed",
  "-changed",
] as const satisfies readonly ObjectOrdering[];

const route = getRouteApi("/inside/fabrics/$id/objects");
const pageSize = 50;

export function Objects() {
  const { id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const read = useQuery(fabricQuery(id));
  const fabric = read.data;
  const query = useQuery({ ...objectsQuery(id, search), enabled: !isGone(read) });
  const list = query.data;
  const limit = search.limit ?? pageSize;
  useTitle(fabric ? `Objects of ${fabric.name}` : "Objects");

  if (fabric && isGone(read)) return <FabricGone fabric={fabric} />;

  // A new question starts on its first page.
  const ask = (change: ObjectsSearch) =>
    void navigate({
      search: (old) => {
        const { offset, ...rest } = { ...old, ...change };
        return rest;
      },
    });
  return (
    <>
      <Crumbs here="Objects" fabric={{ id, name: fabric?.name ?? `Fabric ${id}` }} />
      <div className="stack">
        <div className="row">
          <h1>Objects</h1>
          {list && (
            <span className="muted">
              {numberText(list.count)} {isFiltered(search) ? "match" : "in the record"}
            </span>
          )}
        </div>
        <Filters fabric={fabric} search={search} onAsk={ask} />
        {query.error && <FaultNote fault={faultOf(query.error)} silent />}
        {list && isBeyond(list, search.offset ?? 0) && (
          <Panel flush>
            <NoSuchPage count={list.count} limit={limit} />
          </Panel>
        )}
        {list && !isBeyond(list, search.offset ?? 0) && (
          <Rows
            fabric={fabric}
            search={search}
            rows={list.results}
            onOrder={(ordering) => ask({ ordering })}
            onClear={() => void navigate({ search: {} })}
          />
        )}
        {!list && !query.error && <Missing query={query} />}
        {list && (
          <Pages
            count={list.count}
            offset={search.offset ?? 0}
            limit={limit}
            onMove={(offset) => void navigate({ search: (old) => ({ ...old, offset }) })}
          />
        )}
      </div>
    </>
  );
}

interface RowsProps {
  fabric: FabricSnapshot | undefined;
  search: ObjectsSearch;
  rows: readonly ObjectRow[];
  onOrder: (ordering: ObjectOrdering) => void;
  onClear: () => void;
}

function Rows({ fabric, search, rows, onOrder, onClear }: RowsProps) {
  return (
    <Panel flush>
      {rows.length > 0 ? (
        <Table
          name="Objects"
          columns={columnsFor(fabric)}
          rows={rows}
          rowKey={(row) => row.id}
          ordering={search.ordering ?? "name"}
          onOrder={(ordering) => onOrder(ordering as ObjectOrdering)}
        />
      ) : (
        <NoObjects fabric={fabric} search={search} onClear={onClear} />
      )}
    </Panel>
  );
}

const isFiltered = (search: ObjectsSearch) =>
  Boolean(search.q ?? search.kind ?? search.namespace ?? search.presence);

// Kinds that have their name from two groups are told apart by it.
function columnsFor(fabric: FabricSnapshot | undefined): Column<ObjectRow>[] {
  const kinds = fabric?.counts.by_kind.map(({ kind }) => kind) ?? [];
  const doubled = new Set(kinds.filter((kind, at) => kinds.indexOf(kind) !== at));
  const withGroup = ({ kind, group }: ObjectRow) => (
    <>
      {kind}
      {doubled.has(kind) && <span className="muted"> of {group}</span>}
    </>
  );
  return columns.map((column) => (column.key === "kind" ? { ...column, cell: withGroup } : column));
}

const columns: Column<ObjectRow>[] = [
  {
    key: "name",
    head: "Name",
    order: "name",
    className: "name",
    cell: (row) => (
      <Link to="/objects/$id/" params={{ id: row.id }}>
        {row.name}
      </Link>
    ),
  },
  { key: "kind", head: "Kind", order: "kind", cell: (row) => row.kind },
  { key: "namespace", head: "Namespace", order: "namespace", cell: (row) => row.namespace },
  { key: "verdict", head: "Verdict", cell: (row) => <Verdict row={row} /> },
  {
    key: "changed",
    head: "Changed",
    order: "changed",
    cell: (row) => <Age at={row.changed} />,
  },
  { key: "seen", head: "Seen", cell: (row) => <Age at={row.seen.as_of} /> },
];

function Verdict({ row }: { row: ObjectRow }) {
  if (row.removed)
    return (
      <>
        <State of={{ glyph: "−", word: "Removed", tone: "quiet" }} /> <Age at={row.removed} />
      </>
    );
  if (row.out_of_scope)
    return (
      <span title={outOfScopeMeaning}>
        <State of={outOfScope} />
      </span>
    );
  return (
    <span title={verdictMeaning[row.verdict]}>
      <State of={verdict[row.verdict]} />
      {row.deleting && <span className="warn"> · being deleted</span>}
    </span>
  );
}

interface NoneProps {
  fabric: FabricSnapshot | undefined;
  search: ObjectsSearch;
  onClear: () => void;
}

// Why nothing is listed, and what to do.
function NoObjects({ fabric, search, onClear }: NoneProps) {
  if (isFiltered(search))
    return (
      <div className="empty stack tight">
        <p>
          <strong>No match{search.q && ` for “${search.q}”`}</strong>
          {typeof fabric?.counts.objects === "number" &&
            ` among the ${numberText(fabric.counts.objects)} objects of this fabric`}
          .
        </p>
        <div>
          <Button onPress={onClear}>Clear all filters</Button>
        </div>
      </div>
    );
  return (
    <div className="empty stack tight">
      <p>
        <strong>No object in the record.</strong>{" "}
        {fabric?.counts.objects === null
          ? "The cluster has not been read yet."
          : "The last complete reading found none."}
      </p>
      {fabric && (
        <p>
          <Link to="/fabrics/$id/" params={{ id: fabric.id }}>
            Go to {fabric.name}
          </Link>{" "}
          to sync from the fabric.
        </p>
      )}
    </div>
  );
}
