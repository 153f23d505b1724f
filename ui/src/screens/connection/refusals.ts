// All refusals of a connection, each at its field: those of the server's answer and of the ladder.
import type { Fault } from "../../api/fault";
import { refusalsOf } from "../shared/refusals";
import { failedRung, fieldFor, type Draft, type FieldName } from "./draft";
import type { Tested } from "./use_test";

const kubeconfigParts = new Set(["server", "ca", "token", "client_cert", "client_key"]);

// A part of a kubeconfig has no field of its own.
function shownAt(draft: Draft, field: string): FieldName {
  if (draft.way === "kubeconfig" && kubeconfigParts.has(field)) return "kubeconfig";
  return field as FieldName;
}

const connectionCodes = new Set(["bad_url", "kubeconfig_invalid", "credential_required_again"]);

export function connectionRefusals(
  draft: Draft,
  tested: Tested,
  saved: Fault | undefined,
  changed: boolean,
): ReadonlyMap<FieldName, string> {
  const found = new Map<FieldName, string>();
  for (const fault of [tested.fault, saved]) {
    if (!fault) continue;
    for (const [field, detail] of refusalsOf(fault)) found.set(shownAt(draft, field), detail);
    if (fault.errors.length === 0 && connectionCodes.has(fault.code))
      found.set(fieldFor(draft, fault.code), [fault.detail, fault.hint].filter(Boolean).join(" "));
  }
  const failed = tested.test && failedRung(tested.test.rungs);
  if (failed && !changed) {
    const words = [failed.detail, failed.next].filter(Boolean).join(" ");
    const field = fieldFor(draft, failed.code, failed.rung);
    if (words && !found.has(field)) found.set(field, words);
  }
  return found;
}
