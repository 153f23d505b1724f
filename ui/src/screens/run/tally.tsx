// The six honest counts. While a run is under way they are what was written so far.
import { Link } from "@tanstack/react-router";
import type { Run } from "../../api/types";
import { numberText } from "../../text/numbers";
import { Panel } from "../../ui/panel";
import { isOver } from "../shared/run_words";
import { changeKinds } from "./changes";

const names = ["created", "changed", "unchanged", "removed", "skipped", "failed"] as const;
const kindsOnly = new Set<(typeof names)[number]>(["skipped", "failed"]);

// A number leads to what it counts.
function Count({ run, name, of }: { run: number; name: (typeof names)[number]; of: number }) {
  const change = changeKinds.find((it) => it === name);
  if (!change) return numberText(of);
  return (
    <Link
      to="/runs/$id/"
      params={{ id: run }}
      search={{ change }}
      hash="changes"
      aria-label={`${numberText(of)} ${name}: show them`}
    >
      {numberText(of)}
    </Link>
  );
}

export function Tally({ run }: { run: Run }) {
  const { counts } = run;
  return (
    <Panel title={isOver(run) ? "Objects" : "Objects so far"}>
      <dl className="tally">
        {names
          .filter((name) => !kindsOnly.has(name) || counts[name] > 0)
          .map((name) => (
            <div key={name} className={counts[name] === 0 ? "zero" : ""}>
              <dt>{name}</dt>
              <dd>
                <Count run={run.id} name={name} of={counts[name]} />
              </dd>
            </div>
          ))}
      </dl>
    </Panel>
  );
}
