// What this run changed in the record.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { faultOf } from "../../api/fault";
import { changesPage, runChangesQuery } from "../../api/queries";
import type { Run } from "../../api/types";
import { counted } from "../../text/numbers";
import { isBeyond } from "../../text/paging";
import { FaultNote } from "../../ui/fault_note";
import { NoSuchPage, Pages } from "../../ui/pages";
import { Panel } from "../../ui/panel";
import { Table } from "../../ui/table";
import { kindColumn, namespaceColumn, objectColumn, whatColumn } from "../shared/change_rows";
import { isOver } from "../shared/run_words";

const route = getRouteApi("/inside/runs/$id");
const columns = [objectColumn, kindColumn, namespaceColumn, whatColumn];

// Why there is nothing to list: the counts of a run outlive what they count.
function nothingOf(run: Run): string {
  const { created, changed, removed } = run.counts;
  if (!isOver(run)) return "This run has changed nothing in the record so far.";
  if (created + changed + removed === 0) return "This run changed nothing in the record.";
  if (run.fabric === null)
    return "What this run had changed went with the fabric when it was deleted.";
  return "What this run had changed is older than the history that is kept.";
}

export function Changes({ run }: { run: Run }) {
  const { offset = 0 } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(runChangesQuery(run.id, offset));
  const list = query.data;
  return (
    <Panel
      flush
      title="Changes in the record"
      beside={list && <span className="muted">{counted(list.count, "object")}</span>}
    >
      {query.error && <FaultNote fault={faultOf(query.error)} silent />}
      {list && list.results.length > 0 && (
        <Table name="Changes" columns={columns} rows={list.results} rowKey={(it) => it.id} />
      )}
      {list && isBeyond(list, offset) && <NoSuchPage count={list.count} limit={changesPage} />}
      {list?.count === 0 && <p className="empty">{nothingOf(run)}</p>}
      {list && list.count > changesPage && !isBeyond(list, offset) && (
        <div className="panel-foot">
          <Pages
            count={list.count}
            offset={offset}
            limit={changesPage}
            onMove={(to) => void navigate({ search: { offset: to } })}
          />
        </div>
      )}
    </Panel>
  );
}
