// The six honest counts. While a run is under way they are what was written so far.
import type { Counts } from "../../api/types";
import { numberText } from "../../text/numbers";
import { Panel } from "../../ui/panel";

const names = ["created", "changed", "unchanged", "removed", "skipped", "failed"] as const;
const kindsOnly = new Set<(typeof names)[number]>(["skipped", "failed"]);

export function Tally({ counts, over }: { counts: Counts; over: boolean }) {
  return (
    <Panel title={over ? "Objects" : "Objects so far"}>
      <dl className="tally">
        {names
          .filter((name) => !kindsOnly.has(name) || counts[name] > 0)
          .map((name) => (
            <div key={name} className={counts[name] === 0 ? "zero" : ""}>
              <dt>{name}</dt>
              <dd>{numberText(counts[name])}</dd>
            </div>
          ))}
      </dl>
    </Panel>
  );
}
