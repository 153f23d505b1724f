// Ends a pause, also one that Hedgerow made because a fabric took its worker down again and again.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { bodyOf, change, client } from "../../api/client";
import { faultOf } from "../../api/fault";
import { fabricQuery, type FabricSnapshot } from "../../api/queries";
import { permissionMeaning } from "../../text/words";
import { ActionButton, LockedButton } from "../../ui/button";
import { FaultNote } from "../../ui/fault_note";

export function ResumeButton({ fabric }: { fabric: FabricSnapshot }) {
  const queries = useQueryClient();
  const params = { path: { id: fabric.id } };
  const resume = useMutation({
    networkMode: "always",
    mutationFn: () =>
      change("Resume", () => bodyOf(client.POST("/api/fabrics/{id}/resume/", { params }))),
    onSuccess: () => queries.invalidateQueries({ queryKey: fabricQuery(fabric.id).queryKey }),
  });
  if (!fabric.permissions.includes("fabric.edit"))
    return (
      <LockedButton
        name="Resume"
        permission="fabric.edit"
        why={
          `You may not resume ${fabric.name}. It needs fabric.edit ` +
          `(${permissionMeaning["fabric.edit"]}); an administrator can do it or grant it.`
        }
      />
    );
  return (
    <>
      <ActionButton
        name={resume.isPending ? "Resuming…" : "Resume"}
        line="runs may start again"
        primary
        onPress={() => {
          if (!resume.isPending) resume.mutate();
        }}
      />
      {resume.error && <FaultNote fault={faultOf(resume.error)} />}
    </>
  );
}
