// The sentence of a headline beside its state: what the state's word already says is not said twice.
import type { HeadlineState } from "../api/types";
import { headline } from "./words";

export function sentenceOf(state: HeadlineState, text: string): string {
  const before = `${headline[state].word}: `;
  if (!text.startsWith(before)) return text;
  const rest = text.slice(before.length);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
