// A pinned tab is a lamp: its icon and title tell the state. Colours come from the tokens.
import type { Word } from "../text/words";

function colourOf(className: string): string {
  const probe = document.createElement("span");
  probe.className = className;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

export function iconOf(word: Word): string {
  const colour = colourOf(word.tone);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">` +
    `<rect x="0.75" y="0.75" width="14.5" height="14.5" rx="3" fill="none" stroke="${colour}" stroke-width="1.5"/>` +
    `<text x="8" y="12" text-anchor="middle" font-family="DejaVu Sans, Segoe UI Symbol, sans-serif" ` +
    `font-size="11" font-weight="700" fill="${colour}">${word.glyph}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
