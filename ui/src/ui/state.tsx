// A state: glyph, word, colour, in that order of trust.
import type { Word } from "../text/words";

export function Glyph({ of }: { of: Word }) {
  return (
    <span className={`glyph ${of.tone}`} aria-hidden="true">
      {of.glyph}
    </span>
  );
}

export function State({ of }: { of: Word }) {
  return (
    <span className={`state ${of.tone}`}>
      <Glyph of={of} />
      <span>{of.word}</span>
    </span>
  );
}

// Where a column of states stands, the word is for those who do not see the glyph.
export function GlyphWithWord({ of }: { of: Word }) {
  return (
    <span title={of.word}>
      <Glyph of={of} />
      <span className="unseen">{of.word}</span>
    </span>
  );
}
