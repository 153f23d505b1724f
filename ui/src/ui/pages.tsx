// Where in a list one is, and the way on.
import { Link } from "react-aria-components";
import { numberText } from "../text/numbers";
import { lastPageOf } from "../text/paging";
import { Button } from "./button";

interface Props {
  count: number;
  offset: number;
  limit: number;
  onMove: (offset: number) => void;
}

export function Pages({ count, offset, limit, onMove }: Props) {
  if (count === 0 || offset >= count || (count <= limit && offset === 0)) return null;
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

// For an address that counts further than the list goes.
export function NoSuchPage({ count, limit }: { count: number; limit: number }) {
  const search = new URLSearchParams(location.search);
  search.set("offset", String(lastPageOf(count, limit)));
  return (
    <div className="empty stack tight">
      <p>
        <strong>There is no such page.</strong> The list ends before it, at {numberText(count)}.
      </p>
      <p>
        <Link href={`${location.pathname}?${search.toString()}`}>Go to the last page</Link>
      </p>
    </div>
  );
}
