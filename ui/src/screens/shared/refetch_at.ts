// Reads again at the instant at which the server says that its verdict ends, so that an open page does
// not go on saying it because nothing happened.
import { useEffect, useRef } from "react";
import { jittered } from "../../api/backoff";
import { serverNow } from "../../api/clock";
import { limits } from "../../api/limits";

const soonestMs = 1_000;
const longestMs = 2_000_000_000;

export function useRefetchAt(iso: string | null | undefined, refetch: () => void): void {
  const again = useRef(refetch);
  again.current = refetch;
  useEffect(() => {
    if (!iso) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = (least: number) => {
      const ahead = Date.parse(iso) - serverNow() + jittered(500, 0.5);
      timer = setTimeout(
        () => {
          again.current();
          // Where it still stands after that, somebody's clock is wrong.
          wait(limits.stands);
        },
        Math.min(Math.max(ahead, least), longestMs),
      );
    };
    wait(soonestMs);
    return () => clearTimeout(timer);
  }, [iso]);
}
