// What this run changed in the record.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { faultOf } from "../../api/fault";
import { changesPage, runChangesQuery } from "../../api/queries";
import type { ChangeKind, Run } from "../../api/types";
import { counted } from "../../text/numbers";
import { changeKind } from "../../text/words";
import { Age } from "../../ui/age";
import { isBeyond } from "../../text/paging";
import { FaultNote } from "../../ui/fault_note";
import { NoSuchPage, Pages } from "../../ui/pages";
import { Panel } from "../../ui/panel";
import { Table } from "../../ui/table";
import { kindColumn, namespaceColumn, objectColumn, whatColumn } from "../shared/change_rows";
import { isOver } from "../shared/run_words";

export const changeKinds = [
  "created",
  "changed",
  "removed",
] as const satisfies readonly ChangeKind[];

const route = getRouteApi("/inside/runs/$id");
const columns = [objectColumn, kindColumn, namespaceColumn, whatColumn];

// Why there is nothing to list: the counts of a run outlive what they count.
function nothingOf(run: Run, only: ChangeKind | undefined): string {
  const { created, changed, removed } = run.counts;
  const what = only ? `${only} nothing` : "changed nothing";
  if (!isOver(run)) return `This run has ${what} in the record so far.`;
  const count = only ? run.counts[only] : created + changed + removed;
  if (count === 0) return `This run ${what} in the record.`;
  if (run.fabric === null)
    return "What this run had changed went with the fabric when it was deleted.";
  return "What this run had changed is older than the history that is kept.";
}

export function Changes({ run }: { run: Run }) {
  const search = route.useSearch();
  const { offset = 0, change } = search;
  const navigate = route.useNavigate();
  const query = useQuery(runChangesQuery(run.id, search));
  const list = query.data;
  return (
    <Panel
      flush
      title="Changes in the record"
      beside={
        <span className="row">
          {list && <span className="muted">{counted(list.count, "object")}</span>}
          {change && (
            <>
              <span>only {changeKind[change].word.toLowerCase()}</span>
              <Link to="/runs/$id/" params={{ id: run.id }} hash="changes">
                Show all
              </Link>
            </>
          )}
        </span>
      }
    >
      <span id="changes" />
      {query.error && <FaultNote fault={faultOf(query.error)} silent />}
      {list && list.results.length > 0 && (
        <Table name="Changes" columns={columns} rows={list.results} rowKey={(it) => it.id} />
      )}
      {list && isBeyond(list, offset) && <NoSuchPage count={list.count} limit={changesPage} />}
      {list?.count === 0 && (
        <p className="empty">
          {nothingOf(run, change)} {run.ended && <Age at={run.ended} before="As of " after="." />}
        </p>
      )}
      {list && list.count > changesPage && !isBeyond(list, offset) && (
        <div className="panel-foot">
          <Pages
            count={list.count}
            offset={offset}
            limit={changesPage}
            onMove={(to) => void navigate({ search: (old) => ({ ...old, offset: to }) })}
          />
        </div>
      )}
    </Panel>
  );
}
