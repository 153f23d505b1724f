// The sentences of the catalogue, where a run or an answer must speak them.
import { expect } from "@playwright/test";
import { codes, type Code } from "../../ui/src/text/codes.gen";
import type { Problem, Run } from "./types";

const known = (code: string) => {
  expect(Object.keys(codes), "a code of the catalogue").toContain(code);
  return codes[code as Code];
};

// Where the next step names what only the place of failure knows: a rule to add, a line to correct.
const sentence = /^[A-Z].{15,}[.\w]$/s;
const ownSteps: Partial<Record<Code, RegExp>> = {
  bad_credentials: /^Take the code from the server's log/,
  bad_url: sentence,
  cluster_forbidden: /^Add this rule to the role/,
  fabric_deleted: /^Send the request with a new Idempotency-Key/,
  invalid: /^(Correct the named parameter|Send either the kubeconfig or the single fields)/,
  kubeconfig_invalid: sentence,
  storage_busy: /^Try again in a moment\. If it lasts, look at the disk of the database\.$/,
};

function expectNext(code: string, said: string | null | undefined): void {
  const own = ownSteps[code as Code];
  const says = said === known(code).next || (own?.test(said ?? "") ?? false);
  expect(says, `${code} says what to do: ${said}`).toBe(true);
}

export function expectCatalogue({ code, layer, title, hint }: Problem): void {
  expect({ layer, title }, code).toEqual({ layer: known(code).layer, title: known(code).title });
  expectNext(code, hint);
}

export function expectRunSays({ code, layer, summary, next }: Run): void {
  expect(layer, code ?? "no code").toBe(known(code ?? "").layer);
  expect(summary, `${code} says what happened`).toMatch(/^\S.{10,}\.$/s);
  expectNext(code ?? "", next);
}
