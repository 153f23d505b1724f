// The cluster went back to an earlier state, as after a restored backup. What is newer in the record stays until
// somebody confirms that this is meant.
import { faultOf } from "../../api/fault";
import type { FabricSnapshot } from "../../api/queries";
import { codes } from "../../text/codes.gen";
import { permissionMeaning } from "../../text/words";
import { Age } from "../../ui/age";
import { Button, Lock } from "../../ui/button";
import { FaultNote } from "../../ui/fault_note";
import { useSaveFabric } from "./save";

export function Rewound({ fabric }: { fabric: FabricSnapshot }) {
  const save = useSaveFabric(fabric, () => undefined);
  const since = fabric.cluster?.rewound;
  if (!since) return null;
  return (
    <section className="fault" aria-labelledby="rewound">
      <h2 id="rewound" className="warn">
        {codes.cluster_rewound.title}
      </h2>
      <p className="prose">
        <Age at={since} before="Found " after="." /> {codes.cluster_rewound.meaning} If the cluster
        was restored on purpose, confirm it: then the next sync takes over what the cluster has now,
        and counts what is gone as removed.
      </p>
      {save.error && <FaultNote fault={faultOf(save.error)} />}
      {fabric.permissions.includes("fabric.credentials") ? (
        <div>
          <Button
            onPress={() => {
              if (!save.isPending) save.mutate({ accept_rewind: true });
            }}
          >
            {save.isPending ? "Confirming…" : "Confirm that it was restored"}
          </Button>
        </div>
      ) : (
        <p className="prose">
          <Lock /> To confirm it needs fabric.credentials ({permissionMeaning["fabric.credentials"]}
          ). An administrator can do it.
        </p>
      )}
    </section>
  );
}
