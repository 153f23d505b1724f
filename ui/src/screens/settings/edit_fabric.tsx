// Name, description, site and connection of a fabric. What others changed meanwhile is shown before
// anything is overwritten.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { faultOf } from "../../api/fault";
import type { FabricSnapshot } from "../../api/queries";
import type { FabricEdit } from "../../api/types";
import { Button } from "../../ui/button";
import { changesOf, draftOf } from "../connection/draft";
import { FabricForm } from "../connection/fabric_form";
import { keptOf, typedFrom, type Typed } from "../connection/kept";
import { useKept } from "../connection/use_kept";
import { useTest } from "../connection/use_test";
import { baseFrom, baseOf, sameSettings, useSaveFabric, type Base } from "./save";

const typedOf = (fabric: Base): Typed => ({
  name: fabric.name,
  site: fabric.site,
  description: fabric.description,
  shares: fabric.shares_cluster,
  draft: draftOf(fabric.cluster),
});

interface Begun {
  base: Base;
  typed: Typed;
}

function begunFrom(kept: unknown, id: number): Begun | undefined {
  const { base, typed } = (kept ?? {}) as Record<string, unknown>;
  const seen = baseFrom(base, id);
  return seen && { base: seen, typed: typedFrom(typed, typedOf(seen)) };
}

const isTyped = (base: Base, typed: Typed) =>
  JSON.stringify(keptOf(typed)) !== JSON.stringify(keptOf(typedOf(base)));

interface Props {
  fabric: FabricSnapshot;
  person: string;
}

export function EditFabric({ fabric, person }: Props) {
  const kept = useKept(person, `settings of ${fabric.id}`, (it) => begunFrom(it, fabric.id));
  // What the person saw when editing began.
  const [base, setBase] = useState<Base>(kept.value?.base ?? baseOf(fabric));
  const [typed, setTyped] = useState(kept.value?.typed ?? typedOf(base));
  const navigate = useNavigate();
  const tested = useTest();
  const open = () => void navigate({ to: "/fabrics/$id/", params: { id: base.id } });
  const save = useSaveFabric(base, () => {
    kept.drop();
    open();
  });
  const edit = editOf(base, typed);

  const type = (next: Typed) => {
    setTyped(next);
    if (isTyped(base, next)) kept.keep({ base, typed: keptOf(next) });
    else kept.drop();
  };
  const restart = () => {
    setBase(baseOf(fabric));
    setTyped(typedOf(fabric));
    kept.drop();
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
      onType={type}
      tested={tested}
      fault={save.error ? faultOf(save.error) : undefined}
      mayWait={base.cluster === null}
      kept={edit ? { since: kept.since, onDiscard: restart } : undefined}
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
function editOf(base: Base, typed: Typed): FabricEdit | undefined {
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
