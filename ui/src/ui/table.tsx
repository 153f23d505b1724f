/* eslint-disable jsx-a11y/no-redundant-roles, jsx-a11y/no-interactive-element-to-noninteractive-role --
   drawn as cards, an element loses what it meant; the roles keep it */
// A table; on small screens each row becomes a card. Sorting happens on the server.
import type { ReactNode } from "react";
import { Button } from "./button";

export interface Column<Row> {
  key: string;
  head: string;
  cell: (row: Row) => ReactNode;
  className?: string;
  // The name by which the server sorts.
  order?: string;
}

interface Props<Row> {
  name: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
  ordering?: string | undefined;
  onOrder?: (ordering: string) => void;
  className?: string;
}

export function Table<Row>(props: Props<Row>) {
  const { name, columns, rows, rowKey, ordering, onOrder, className = "" } = props;
  return (
    <table className={`table ${className}`} role="table" aria-label={name}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <Head key={column.key} column={column} ordering={ordering} onOrder={onOrder} />
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={rowKey(row)}>
            {columns.map((column) => (
              <td
                role="cell"
                key={column.key}
                data-label={column.head}
                className={column.className ?? ""}
              >
                <div>{column.cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface HeadProps<Row> {
  column: Column<Row>;
  ordering: string | undefined;
  onOrder: ((ordering: string) => void) | undefined;
}

function Head<Row>({ column, ordering, onOrder }: HeadProps<Row>) {
  const { order, head, className = "" } = column;
  const up = order !== undefined && ordering === order;
  const down = order !== undefined && ordering === `-${order}`;
  const sorted = up ? "ascending" : down ? "descending" : undefined;
  return (
    <th
      role="columnheader"
      scope="col"
      className={className}
      {...(sorted && { "aria-sort": sorted })}
    >
      {order && onOrder ? (
        <Button kind="quiet" onPress={() => onOrder(up ? `-${order}` : order)}>
          {head}
          <span className="sort" aria-hidden="true">
            {up ? "↑" : down ? "↓" : ""}
          </span>
        </Button>
      ) : (
        head
      )}
    </th>
  );
}
