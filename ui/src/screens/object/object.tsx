// One object as the cluster had it: its fields, its document, and what changed when.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ExactObject } from "../../api/exact_json";
import { faultOf } from "../../api/fault";
import { isGone, objectQuery } from "../../api/queries";
import type { ObjectRow } from "../../api/types";
import { useTitle } from "../../app/title";
import { notMeasured } from "../../text/numbers";
import {
  authority,
  outOfScope,
  outOfScopeMeaning,
  verdict,
  verdictMeaning,
} from "../../text/words";
import { Age, Point } from "../../ui/age";
import { FaultNote } from "../../ui/fault_note";
import { Missing } from "../../ui/panel";
import { State } from "../../ui/state";
import { Tabs } from "../../ui/tabs";
import { Crumbs } from "../shared/crumbs";
import { ObjectGone } from "../shared/gone";
import { Fields } from "./fields";
import { History } from "./history";
import { Yaml } from "./yaml";

export const objectTabs = ["fields", "yaml", "history"] as const;

const route = getRouteApi("/inside/objects/$id");

export function ObjectPage() {
  const { id } = route.useParams();
  // Its fabric is known once it was read; from then on what that announces makes this page old.
  const known = useQueryClient().getQueryData(objectQuery(id).queryKey);
  const query = useQuery(objectQuery(id, known?.row.fabric));
  const object = query.data;
  useTitle(object?.row.name ?? "Object", object && verdict[object.row.verdict]);
  if (object && isGone(query))
    return (
      <ObjectGone
        name={object.row.name}
        fabric={{ id: object.row.fabric, name: object.fabric_name }}
      />
    );
  if (!object)
    return (
      <>
        <Crumbs here="Object" />
        <Missing query={query} />
      </>
    );
  const of = { id: object.row.fabric, name: object.fabric_name };
  return (
    <>
      <Crumbs here={object.row.name} fabric={of} objects />
      <div className="stack">
        {query.error && <FaultNote fault={faultOf(query.error)} silent />}
        <Top object={object} />
        <Views object={object} />
      </div>
    </>
  );
}

function Top({ object }: { object: ExactObject }) {
  const { row } = object;
  const word = row.removed
    ? ({ glyph: "−", word: "Removed", tone: "quiet" } as const)
    : row.out_of_scope
      ? outOfScope
      : verdict[row.verdict];
  return (
    <section className={`headline ${word.tone}`} aria-labelledby="object-headline">
      <div className="stack tight">
        <h1 id="object-headline">
          <State of={word} /> <span className="muted">{row.kind}</span>{" "}
          <span className="mono-name">{row.name}</span>
        </h1>
        <p>
          {row.removed ? (
            <>
              The cluster has it no more. <Age at={row.removed} before="Found " after="." /> What it
              was is kept below.
            </>
          ) : row.out_of_scope ? (
            `${outOfScopeMeaning} What it was when it was last seen is kept below.`
          ) : (
            verdictMeaning[row.verdict]
          )}
        </p>
        {row.deleting && !row.removed && (
          <p className="warn">
            The cluster is deleting it: it has a deletionTimestamp and waits for its finalizers.
          </p>
        )}
      </div>
      <Facts row={row} />
    </section>
  );
}

function Facts({ row }: { row: ObjectRow }) {
  return (
    <dl className="pairs">
      <dt>Kind</dt>
      <dd className="mono">
        {row.group}/{row.version} {row.kind}
      </dd>
      <dt>Namespace</dt>
      <dd>{row.namespace || "none; the kind has no namespaces"}</dd>
      <dt>Who decides</dt>
      <dd>{authority[row.decides]}</dd>
      <dt>Last seen</dt>
      <dd>
        {row.seen.as_of ? <Age at={row.seen.as_of} /> : notMeasured}
        {row.seen.resource_version && (
          <>
            {" "}
            at resourceVersion <span className="mono">{row.seen.resource_version}</span>
          </>
        )}
      </dd>
      <dt>Last changed</dt>
      <dd>
        <Point at={row.changed} />
      </dd>
      <dt>uid</dt>
      <dd className="mono">{row.uid}</dd>
    </dl>
  );
}

function Views({ object }: { object: ExactObject }) {
  const { tab = "fields" } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Tabs
      name="Views of the object"
      chosen={tab}
      onChoose={(id) =>
        void navigate({ search: id === "fields" ? {} : { tab: id }, replace: true })
      }
      tabs={[
        { id: "fields", label: "Fields", body: () => <Fields object={object} /> },
        {
          id: "yaml",
          label: "YAML",
          body: () => <Yaml id={object.row.id} fabric={object.row.fabric} />,
        },
        {
          id: "history",
          label: "History",
          body: () => <History id={object.row.id} fabric={object.row.fabric} />,
        },
      ]}
    />
  );
}
