// Name, description, site and connection of a fabric. What others changed meanwhile is shown before
// anything is overwritten.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { faultOf } from "../../api/fault";
import type { FabricSnapshot } from "../../api/queries";
import type { FabricEdit } from "../../api/types";
import { Button } from "../../ui/button";
import { changesOf, draftOf } from "../connection/draft";
import { FabricForm, type Typed } from "../connection/fabric_form";
import { useTest } from "../connection/use_test";
import { sameSettings, useSaveFabric } from "./save";

const typedOf = (fabric: FabricSnapshot): Typed => ({
  name: fabric.name,
  site: fabric.site,
  description: fabric.description,
  shares: fabric.shares_cluster,
  draft: draftOf(fabric.cluster),
});

export function EditFabric({ fabric }: { fabric: FabricSnapshot }) {
  // What the person saw when editing began.
  const [base, setBase] = useState(fabric);
  const [typed, setTyped] = useState(typedOf(base));
  const navigate = useNavigate();
  const tested = useTest();
  const open = () => void navigate({ to: "/fabrics/$id/", params: { id: base.id } });
  const save = useSaveFabric(base, open);
  const edit = editOf(base, typed);

  const restart = () => {
    setBase(fabric);
    setTyped(typedOf(fabric));
    save.reset();
  };
  const submit = () => {
    if (!save.isPending && edit) save.mutate(edit);
  };
  return (
    <FabricForm
      title={`Settings of ${fabric.name}`}
      notice={
        sameSettings(fabric, base) ? null : <ChangedMeanwhile fabric={fabric} onRestart={restart} />
      }
      typed={typed}
      onType={setTyped}
      tested={tested}
      fault={save.error ? faultOf(save.error) : undefined}
      mayWait={base.cluster === null}
      stored={{
        token: base.cluster?.has_token ?? false,
        certificate: base.cluster?.has_client_certificate ?? false,
      }}
      onSubmit={submit}
      actions={
        <>
          <Button kind="primary" type="submit">
            {save.isPending ? "Saving…" : "Save"}
          </Button>
          <span className="muted">
            {edit
              ? "Not saved yet. A run that reads with the old connection ends when a new one is saved."
              : "Nothing is changed."}
          </span>
        </>
      }
    />
  );
}

// Only what differs; nothing when nothing does.
function editOf(base: FabricSnapshot, typed: Typed): FabricEdit | undefined {
  const edit: FabricEdit = {};
  for (const name of ["name", "site", "description"] as const)
    if (typed[name] !== base[name]) edit[name] = typed[name];
  if (typed.shares !== base.shares_cluster) edit.shares_cluster = typed.shares;
  const cluster = changesOf(typed.draft, base.cluster);
  if (cluster) edit.cluster = cluster;
  return Object.keys(edit).length > 0 ? edit : undefined;
}

interface ChangedProps {
  fabric: FabricSnapshot;
  onRestart: () => void;
}

function ChangedMeanwhile({ fabric, onRestart }: ChangedProps) {
  return (
    <div className="fault" role="alert">
      <p>
        <strong className="warn">
          Somebody else changed these settings while you were editing.
        </strong>
      </p>
      <p className="prose">
        They are now: name {fabric.name}, site {fabric.site || "none"}, server{" "}
        {fabric.cluster?.server ?? "none"}, namespaces{" "}
        {fabric.cluster?.namespaces.join(", ") || "all"}. Nothing of yours was saved.
      </p>
      <div className="row">
        <Button onPress={onRestart}>Discard mine and edit theirs</Button>
      </div>
    </div>
  );
}
