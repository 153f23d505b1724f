// Another cluster answers at this fabric's address. Nothing is removed from the record until somebody
// confirms, by typing its identity, that it is meant.
import { useState, type FormEvent } from "react";
import { faultOf } from "../../api/fault";
import type { FabricSnapshot } from "../../api/queries";
import { Button } from "../../ui/button";
import { FaultNote } from "../../ui/fault_note";
import { Field } from "../../ui/field";
import { useSaveFabric } from "./save";

export function OtherCluster({ fabric }: { fabric: FabricSnapshot }) {
  const [typed, setTyped] = useState("");
  const save = useSaveFabric(fabric, () => setTyped(""));
  const identity = fabric.cluster?.new_identity;
  if (!identity) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate({ accept_identity: typed.trim() });
  };
  return (
    <form className="fault" onSubmit={submit}>
      <h2 className="warn">Another cluster answers at this address</h2>
      <p className="prose">
        The record was read from cluster <span className="mono">{fabric.cluster?.identity}</span>;
        now <span className="mono">{identity}</span> answers. Nothing is read or removed until this
        is settled: correct the address below, or confirm that this fabric has moved to the other
        cluster.
      </p>
      <div className="form stack tight">
        <Field
          label="Identity of the new cluster, typed to confirm"
          name="accept_identity"
          value={typed}
          onChange={setTyped}
        />
        {save.error && <FaultNote fault={faultOf(save.error)} />}
        <div>
          <Button type="submit">
            {save.isPending ? "Confirming…" : "Confirm the new cluster"}
          </Button>
        </div>
      </div>
    </form>
  );
}
