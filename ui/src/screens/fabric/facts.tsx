// Three facts, each with the time at which it was measured.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { FabricSnapshot } from "../../api/queries";
import { numberText } from "../../text/numbers";
import { durationText } from "../../text/time";
import { lastRun, match, reach, type Word } from "../../text/words";
import { Age } from "../../ui/age";
import { State } from "../../ui/state";

export function Facts({ fabric }: { fabric: FabricSnapshot }) {
  const { facts, cluster } = fabric;
  const { differing, compared } = facts.match;
  return (
    <div className="facts">
      <Fact question="Can we reach it?" word={reach[facts.reach.state]} asOf={facts.reach.as_of}>
        {facts.reach.detail && <p className="wrap">{facts.reach.detail}</p>}
        <p className="muted">
          {[
            cluster?.version && `Kubernetes ${cluster.version}`,
            facts.reach.ms !== undefined && durationText(facts.reach.ms),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </Fact>
      <Fact question="Does it match?" word={match[facts.match.state]} asOf={facts.match.as_of}>
        {compared !== undefined && (
          <p>
            {numberText(differing ?? 0)} of {numberText(compared)} objects differ
          </p>
        )}
        {facts.match.state === "nothing_to_compare" && (
          <p className="muted">Nothing declares these objects yet.</p>
        )}
      </Fact>
      <Fact
        question="What did the last run do?"
        word={lastRun[facts.last_run.state]}
        asOf={facts.last_run.as_of}
      >
        {facts.last_run.run !== undefined && (
          <p>
            <Link to="/runs/$id/" params={{ id: facts.last_run.run }}>
              Run {facts.last_run.run}
            </Link>
          </p>
        )}
      </Fact>
    </div>
  );
}

interface FactProps {
  question: string;
  word: Word;
  asOf: string | null;
  children?: ReactNode;
}

function Fact({ question, word, asOf, children }: FactProps) {
  return (
    <section className="fact" aria-label={question}>
      <h2>{question}</h2>
      <div className="row">
        <State of={word} />
        {asOf && <Age at={asOf} />}
      </div>
      {children}
    </section>
  );
}
