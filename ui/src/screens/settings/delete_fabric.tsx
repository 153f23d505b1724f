// Deleting says what goes and wants the name typed.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { change, client } from "../../api/client";
import { faultOf } from "../../api/fault";
import { fabricQuery, type FabricSnapshot } from "../../api/queries";
import { counted } from "../../text/numbers";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { FaultNote } from "../../ui/fault_note";
import { Field } from "../../ui/field";
import { Panel } from "../../ui/panel";

export function DeleteFabric({ fabric }: { fabric: FabricSnapshot }) {
  const [open, setOpen] = useState(false);
  return (
    <Panel title="Delete">
      <div className="stack tight">
        <p className="prose">
          Deleting takes {fabric.name} out of Hedgerow with its objects and their history. Its runs
          stay in the list of runs, without their fabric. The cluster is not touched.
        </p>
        <div>
          <Button kind="danger" onPress={() => setOpen(true)}>
            Delete {fabric.name}
          </Button>
        </div>
        <Confirm fabric={fabric} open={open} onClose={() => setOpen(false)} />
      </div>
    </Panel>
  );
}

interface Props {
  fabric: FabricSnapshot;
  open: boolean;
  onClose: () => void;
}

function Confirm({ fabric, open, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const [missed, setMissed] = useState(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    networkMode: "always",
    mutationFn: () => {
      const params = { path: { id: fabric.id }, query: { name: typed } };
      return change("Delete", () => client.DELETE("/api/fabrics/{id}/", { params }));
    },
    onSuccess: async () => {
      await navigate({ to: "/fabrics/" });
      queries.removeQueries({ queryKey: fabricQuery(fabric.id).queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setMissed(typed !== fabric.name);
    if (typed === fabric.name && !remove.isPending) remove.mutate();
  };
  const { objects } = fabric.counts;
  return (
    <Dialog alert title={`Delete ${fabric.name}?`} open={open} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <p>
          This removes the record of {objects === null ? "its objects" : counted(objects, "object")}{" "}
          with their history, its settings and its stored credentials. It cannot be undone. Its runs
          stay in the list of runs, without their fabric; one that is under way is cancelled. The
          cluster is not touched.
        </p>
        <Field
          label={`Type ${fabric.name} to confirm`}
          name="confirm"
          value={typed}
          onChange={setTyped}
          refusal={missed && typed !== fabric.name ? "This is not the fabric’s name." : undefined}
          autoFocus
        />
        {remove.error && <FaultNote fault={faultOf(remove.error)} />}
        <div className="row actions">
          <Button kind="danger" type="submit">
            {remove.isPending ? "Deleting…" : "Delete this fabric"}
          </Button>
          <Button onPress={onClose}>Keep it</Button>
        </div>
      </form>
    </Dialog>
  );
}
