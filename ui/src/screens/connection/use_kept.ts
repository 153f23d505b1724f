// What was half typed into a form when it was last open in this tab, and how to keep what is typed now.
import { useState } from "react";
import { keepDraft, keptDraft } from "../../api/drafts";

interface Kept<T> {
  // As it was found when the form was opened.
  value: T | undefined;
  since: number | undefined;
  keep: (value: unknown) => void;
  drop: () => void;
}

export function useKept<T>(
  person: string,
  form: string,
  revive: (value: unknown) => T | undefined,
): Kept<T> {
  const [found, setFound] = useState(() => {
    const draft = keptDraft(person, form);
    const value = draft && revive(draft.value);
    return value === undefined ? undefined : { value, since: draft?.at };
  });
  return {
    value: found?.value,
    since: found?.since,
    keep: (value) => keepDraft(person, form, value),
    drop: () => {
      setFound(undefined);
      keepDraft(person, form, undefined);
    },
  };
}
