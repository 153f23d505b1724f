// The sentences of the catalogue, where a run or an answer must speak them.
import { expect } from "@playwright/test";
import { codes, type Code } from "../../ui/src/text/codes.gen";
import type { Problem, Run } from "./types";

const known = (code: string) => {
  expect(Object.keys(codes), "a code of the catalogue").toContain(code);
  return codes[code as Code];
};

// Codes whose next step names what only the place of failure knows: a rule to add, a line to correct.
const ownSteps = [
  "cluster_forbidden",
  "kubeconfig_invalid",
  "bad_credentials",
  "bad_url",
  "storage_error",
  "setup_required",
];

function expectNext(code: string, said: string | null | undefined): void {
  if (ownSteps.includes(code)) expect(said, `${code} says what to do`).toBeTruthy();
  else expect(said, `${code} says what to do`).toBe(known(code).next);
}

export function expectCatalogue({ code, layer, title, hint }: Problem): void {
  expect({ layer, title }, code).toEqual({ layer: known(code).layer, title: known(code).title });
  expectNext(code, hint);
}

export function expectRunSays({ code, layer, summary, next }: Run): void {
  expect(layer, code ?? "no code").toBe(known(code ?? "").layer);
  expect(summary, `${code} says what happened`).not.toBe("");
  expectNext(code ?? "", next);
}
