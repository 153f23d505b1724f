// Settings of one fabric: change it, confirm another cluster, delete it.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { fabricQuery, isGone, type FabricSnapshot } from "../../api/queries";
import { Boundary } from "../../app/boundary";
import { usePerson } from "../../app/person";
import { useTitle } from "../../app/title";
import { codes } from "../../text/codes.gen";
import { permissionMeaning } from "../../text/words";
import { LayerLine } from "../../ui/fault_note";
import { Missing, Panel } from "../../ui/panel";
import { Lock } from "../../ui/button";
import { Crumbs } from "../shared/crumbs";
import { FabricGone } from "../shared/gone";
import { DeleteFabric } from "./delete_fabric";
import { EditFabric } from "./edit_fabric";
import { OtherCluster } from "./other_cluster";
import { Rewound } from "./rewound";

const route = getRouteApi("/inside/fabrics/$id/settings");

export function FabricSettings() {
  const { id } = route.useParams();
  const query = useQuery(fabricQuery(id));
  const fabric = query.data;
  useTitle(fabric ? `Settings of ${fabric.name}` : "Settings");
  if (fabric && isGone(query)) return <FabricGone fabric={fabric} />;
  return (
    <>
      <Crumbs here="Settings" fabric={{ id, name: fabric?.name ?? `Fabric ${id}` }} />
      {fabric ? <Parts fabric={fabric} /> : <Missing query={query} />}
    </>
  );
}

function Parts({ fabric }: { fabric: FabricSnapshot }) {
  // What one person typed is no other person's business.
  const person = usePerson();
  if (!fabric.permissions.includes("fabric.edit"))
    return (
      <Panel title="Settings are locked">
        <p className="prose">
          <Lock /> You may not change {fabric.name}. It needs fabric.edit (
          {permissionMeaning["fabric.edit"]}); you have{" "}
          {fabric.permissions.join(", ") || "no permission here"}. An administrator can grant it.
        </p>
        <LayerLine fault={{ layer: codes.forbidden.layer, code: "forbidden" }} />
      </Panel>
    );
  return (
    <div className="stack wide">
      <Boundary view="another cluster">
        <OtherCluster fabric={fabric} />
      </Boundary>
      <Boundary view="restored cluster">
        <Rewound fabric={fabric} />
      </Boundary>
      <Boundary view="settings">
        <EditFabric key={`${fabric.id} ${person}`} fabric={fabric} person={person} />
      </Boundary>
      <Boundary view="delete">
        <DeleteFabric fabric={fabric} />
      </Boundary>
    </div>
  );
}
