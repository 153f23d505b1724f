// Changes in the record: which object, what, when, seen by which run.
import { Link } from "@tanstack/react-router";
import type { Change } from "../../api/types";
import { changeKind } from "../../text/words";
import { Point } from "../../ui/age";
import { State } from "../../ui/state";
import type { Column } from "../../ui/table";

export const objectColumn: Column<Change> = {
  key: "name",
  head: "Object",
  className: "name",
  cell: (change) => (
    <Link to="/objects/$id/" params={{ id: change.object }}>
      {change.name}
    </Link>
  ),
};

export const kindColumn: Column<Change> = {
  key: "kind",
  head: "Kind",
  cell: (change) => change.kind,
};

export const namespaceColumn: Column<Change> = {
  key: "namespace",
  head: "Namespace",
  cell: (change) => change.namespace,
};

export const whatColumn: Column<Change> = {
  key: "change",
  head: "Change",
  cell: (change) => <State of={changeKind[change.change]} />,
};

export const whenColumn: Column<Change> = {
  key: "at",
  head: "When",
  cell: (change) => <Point at={change.at} />,
};

export const runColumn: Column<Change> = {
  key: "run",
  head: "Seen by",
  cell: (change) => (
    <Link to="/runs/$id/" params={{ id: change.run }}>
      run {change.run}
    </Link>
  ),
};

export const versionColumn: Column<Change> = {
  key: "version",
  head: "resourceVersion",
  className: "name",
  cell: (change) => change.resource_version,
};
