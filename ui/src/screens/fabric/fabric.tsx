// One fabric: headline with its next step, three facts, the run that matters now, kinds, recent runs.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { faultOf } from "../../api/fault";
import { fabricQuery, isGone, type FabricSnapshot } from "../../api/queries";
import { Boundary } from "../../app/boundary";
import { useTitle } from "../../app/title";
import { headline } from "../../text/words";
import { FaultNote } from "../../ui/fault_note";
import { Missing } from "../../ui/panel";
import { Crumbs } from "../shared/crumbs";
import { FabricGone } from "../shared/gone";
import { useRefetchAt } from "../shared/refetch_at";
import { Facts } from "./facts";
import { Headline } from "./headline";
import { Kinds } from "./kinds";
import { RecentRuns } from "./recent_runs";
import { WatchedRun } from "./watched_run";

const route = getRouteApi("/inside/fabrics/$id");

export function FabricPage() {
  const { id } = route.useParams();
  const query = useQuery(fabricQuery(id));
  const fabric = query.data;
  useTitle(fabric?.name, fabric && headline[fabric.headline.state]);
  const gone = isGone(query);
  useRefetchAt(gone ? null : fabric?.headline.valid_until, () => void query.refetch());

  if (fabric && gone) return <FabricGone fabric={fabric} />;
  if (!fabric)
    return (
      <>
        <Crumbs here="Fabric" />
        <Missing query={query} />
      </>
    );
  return (
    <>
      <Crumbs here={fabric.name}>
        <span className="push" />
        <Link to="/fabrics/$id/objects/" params={{ id }}>
          Objects
        </Link>
        <Link to="/fabrics/$id/settings/" params={{ id }}>
          Settings
        </Link>
      </Crumbs>
      <div className="stack">
        {query.error && <FaultNote fault={faultOf(query.error)} silent />}
        <FabricParts fabric={fabric} />
      </div>
    </>
  );
}

function FabricParts({ fabric }: { fabric: FabricSnapshot }) {
  return (
    <>
      <Boundary view="headline">
        <Headline fabric={fabric} />
      </Boundary>
      <Boundary view="facts">
        <Facts fabric={fabric} />
      </Boundary>
      <Boundary view="run">
        <WatchedRun fabric={fabric} />
      </Boundary>
      <div className="columns">
        <Boundary view="kinds">
          <Kinds fabric={fabric} />
        </Boundary>
        <Boundary view="recent runs">
          <RecentRuns fabric={fabric} />
        </Boundary>
      </div>
    </>
  );
}
