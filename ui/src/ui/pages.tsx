// Where in a list one is, and the way on.
import { Button } from "./button";
import { numberText } from "../text/numbers";

interface Props {
  count: number;
  offset: number;
  limit: number;
  onMove: (offset: number) => void;
}

export function Pages({ count, offset, limit, onMove }: Props) {
  if (count <= limit && offset === 0) return null;
  const last = Math.min(offset + limit, count);
  return (
    <nav className="row" aria-label="Pages">
      <span className="muted small">
        {numberText(offset + 1)}–{numberText(last)} of {numberText(count)}
      </span>
      {offset > 0 && (
        <Button onPress={() => onMove(Math.max(0, offset - limit))}>‹ Previous</Button>
      )}
      {last < count && <Button onPress={() => onMove(offset + limit)}>Next ›</Button>}
    </nav>
  );
}
