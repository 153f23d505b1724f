// What happened to the object, latest first.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { faultOf } from "../../api/fault";
import { changesPage, objectHistoryQuery } from "../../api/queries";
import { isBeyond } from "../../text/paging";
import { FaultNote } from "../../ui/fault_note";
import { NoSuchPage, Pages } from "../../ui/pages";
import { Missing, Panel } from "../../ui/panel";
import { Table } from "../../ui/table";
import { runColumn, versionColumn, whatColumn, whenColumn } from "../shared/change_rows";

const route = getRouteApi("/inside/objects/$id");
const columns = [whenColumn, whatColumn, runColumn, versionColumn];

export function History({ id, fabric }: { id: number; fabric: number }) {
  const { offset = 0 } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(objectHistoryQuery(id, offset, fabric));
  const list = query.data;
  if (!list)
    return query.error ? <FaultNote fault={faultOf(query.error)} /> : <Missing query={query} />;
  return (
    <div className="stack tight">
      {query.error && <FaultNote fault={faultOf(query.error)} silent />}
      <Panel flush>
        {list.results.length > 0 ? (
          <Table name="History" columns={columns} rows={list.results} rowKey={(it) => it.id} />
        ) : isBeyond(list, offset) ? (
          <NoSuchPage count={list.count} limit={changesPage} />
        ) : (
          <p className="empty">No change is kept of this object.</p>
        )}
      </Panel>
      {list.count > changesPage && (
        <Pages
          count={list.count}
          offset={offset}
          limit={changesPage}
          onMove={(to) => void navigate({ search: (old) => ({ ...old, offset: to }) })}
        />
      )}
    </div>
  );
}
