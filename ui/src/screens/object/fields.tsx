// Every field with its path: found by typing, compared by eye.
import { getRouteApi } from "@tanstack/react-router";
import { fieldsOf, type ExactObject, type Field } from "../../api/exact_json";
import { counted } from "../../text/numbers";
import { Panel } from "../../ui/panel";
import { Table, type Column } from "../../ui/table";
import { Search } from "../shared/search";

const route = getRouteApi("/inside/objects/$id");

const columns: Column<Field>[] = [
  { key: "path", head: "Path", className: "whole", cell: (field) => field.path },
  { key: "value", head: "Value", className: "whole", cell: (field) => field.value },
];

// What a person looks for comes first.
const order = ["spec", "status", "metadata", "apiVersion", "kind"];

function sorted(observed: Record<string, unknown>): Field[] {
  const names = Object.keys(observed);
  const rank = (name: string) => {
    const place = order.indexOf(name);
    return place < 0 ? order.length : place;
  };
  names.sort((a, b) => rank(a) - rank(b));
  return names.flatMap((name) => fieldsOf(observed[name], name));
}

export function Fields({ object }: { object: ExactObject }) {
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const all = sorted(object.observed);
  const wanted = q.toLowerCase();
  const shown = all.filter(({ path, value }) => `${path} ${value}`.toLowerCase().includes(wanted));
  return (
    <div className="stack tight">
      <div className="row">
        <Search
          label="Search fields"
          placeholder="Part of a path or value"
          value={q}
          onSearch={(text) =>
            void navigate({ search: (old) => ({ ...old, q: text || undefined }), replace: true })
          }
        />
        <span className="muted">
          {wanted
            ? `${shown.length} of ${counted(all.length, "field")}`
            : counted(all.length, "field")}
        </span>
      </div>
      <Panel flush>
        {shown.length > 0 ? (
          <Table
            name="Fields"
            className="fields"
            columns={columns}
            rows={shown}
            rowKey={(field) => field.path}
          />
        ) : (
          <p className="empty">
            <strong>No field has “{q}”</strong> in its path or value.
          </p>
        )}
      </Panel>
    </div>
  );
}
