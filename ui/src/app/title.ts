// What the tab says while it is not looked at.
import { useEffect } from "react";
import { iconOf } from "../ui/favicon";
import type { Word } from "../text/words";

const product = "Hedgerow";
const plainIcon = globalThis.document?.querySelector<HTMLLinkElement>('link[rel="icon"]')?.href;

export function useTitle(name: string | undefined, state?: Word): void {
  const glyph = state?.glyph;
  useEffect(() => {
    document.title = [[glyph, name].filter(Boolean).join(" "), product].filter(Boolean).join(" · ");
  }, [name, glyph]);
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (!link || !state) return;
    link.href = iconOf(state);
    return () => {
      if (plainIcon) link.href = plainIcon;
    };
  }, [state]);
}
