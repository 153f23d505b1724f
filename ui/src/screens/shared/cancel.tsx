// Asks a run to stop. The answer is the run as it is; that it has stopped shows in its state.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { bodyOf, change, client } from "../../api/client";
import { faultOf } from "../../api/fault";
import { runQuery } from "../../api/queries";
import { mayHere, sessionStore } from "../../api/session";
import { useStore } from "../../api/store";
import type { Run } from "../../api/types";
import { operationName, permissionFor, permissionMeaning } from "../../text/words";
import { Button, LockedButton } from "../../ui/button";
import { FaultNote } from "../../ui/fault_note";

export function CancelButton({ run }: { run: Run }) {
  useStore(sessionStore);
  const queries = useQueryClient();
  const cancel = useMutation({
    networkMode: "always",
    mutationFn: () =>
      change("Cancel", () =>
        bodyOf(client.POST("/api/runs/{id}/cancel/", { params: { path: { id: run.id } } })),
      ),
    onSuccess: (fresh) => {
      queries.setQueryData(runQuery(run.id).queryKey, fresh);
      // The run goes on to its end after this answer: whoever looks at it next reads it anew.
      void queries.invalidateQueries({ queryKey: runQuery(run.id).queryKey });
    },
  });
  if (run.cancel_requested) return <span className="muted">Stopping was asked for</span>;
  const permission = permissionFor[run.operation];
  if (!mayHere(permission))
    return (
      <LockedButton
        name="Cancel run"
        permission={permission}
        why={
          `You may not stop ${operationName[run.operation]} of ${run.fabric_name}. It needs ` +
          `${permission} (${permissionMeaning[permission]}); an administrator can grant it.`
        }
      />
    );
  return (
    <>
      <Button onPress={() => cancel.mutate()}>
        {cancel.isPending ? "Cancelling…" : "Cancel run"}
      </Button>
      {cancel.error && <FaultNote fault={faultOf(cancel.error)} />}
    </>
  );
}
