// Add a fabric: a name, a connection, a test that may be looked at before saving.
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { bodyOf, change, client, freshKey } from "../../api/client";
import { faultOf } from "../../api/fault";
import type { FabricWanted } from "../../api/types";
import { usePerson } from "../../app/person";
import { useTitle } from "../../app/title";
import { Button } from "../../ui/button";
import { emptyDraft, wholeOf } from "../connection/draft";
import { FabricForm } from "../connection/fabric_form";
import { keptOf, typedFrom, type Typed } from "../connection/kept";
import { useKept } from "../connection/use_kept";
import { useTest } from "../connection/use_test";
import { Crumbs } from "../shared/crumbs";

const nothingTyped: Typed = {
  name: "",
  site: "",
  description: "",
  shares: false,
  draft: emptyDraft,
};

const sameForm = "add fabric";
const revive = (kept: unknown) => typedFrom(kept, nothingTyped);
const isTyped = (typed: Typed) =>
  JSON.stringify(keptOf(typed)) !== JSON.stringify(keptOf(nothingTyped));

export function AddFabric() {
  useTitle("Add fabric");
  const person = usePerson();
  // What one person typed is no other person's business.
  return <AddForm key={person} person={person} />;
}

function AddForm({ person }: { person: string }) {
  const kept = useKept(person, sameForm, revive);
  const [typed, setTyped] = useState(kept.value ?? nothingTyped);
  const tested = useTest();
  const save = useSave(kept.drop);
  const type = (next: Typed) => {
    setTyped(next);
    if (isTyped(next)) kept.keep(keptOf(next));
    else kept.drop();
  };
  const discard = () => {
    setTyped(nothingTyped);
    kept.drop();
    save.reset();
  };
  const does = typed.draft.way === "later" ? "Add fabric without a connection" : "Add fabric";
  const submit = () => {
    if (!save.isPending) save.mutate(fabricOf(typed));
  };
  return (
    <>
      <Crumbs here="Add fabric" />
      <FabricForm
        title="Add a fabric"
        typed={typed}
        onType={type}
        tested={tested}
        fault={save.error ? faultOf(save.error) : undefined}
        mayWait
        kept={isTyped(typed) ? { since: kept.since, onDiscard: discard } : undefined}
        onSubmit={submit}
        actions={
          <Button kind="primary" type="submit">
            {save.isPending ? "Adding…" : does}
          </Button>
        }
      />
    </>
  );
}

function fabricOf({ name, site, description, shares, draft }: Typed): FabricWanted {
  return {
    name,
    site,
    description,
    ...(draft.way !== "later" && { cluster: wholeOf(draft) }),
    ...(draft.way !== "later" && shares && { shares_cluster: true }),
  };
}

// The same form sent again is the same request: it makes one fabric, however often the way is cut.
function useSave(onSaved: () => void) {
  const navigate = useNavigate();
  const last = useRef({ body: "", key: "" });
  return useMutation({
    networkMode: "always",
    mutationFn: (body: FabricWanted) => {
      const words = JSON.stringify(body);
      if (last.current.body !== words) last.current = { body: words, key: freshKey() };
      const header = { "Idempotency-Key": last.current.key };
      return change("Add fabric", () =>
        bodyOf(client.POST("/api/fabrics/", { params: { header }, body })),
      );
    },
    onSuccess: (fabric) => {
      onSaved();
      return navigate({ to: "/fabrics/$id/", params: { id: fabric.id } });
    },
  });
}
