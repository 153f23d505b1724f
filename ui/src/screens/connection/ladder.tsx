// The ladder of a connection: each rung is shown once it was measured, the first that fails says why.
import type { MeasuredRung } from "../../api/types";
import { codes, type Code } from "../../text/codes.gen";
import { lastRun, outcome, rung as rungName, rungState } from "../../text/words";
import { Duration } from "../../ui/age";
import { Button } from "../../ui/button";
import { CopyBlock } from "../../ui/copy";
import { FaultNote, LayerLine } from "../../ui/fault_note";
import { Panel } from "../../ui/panel";
import { GlyphWithWord, State } from "../../ui/state";
import { leansOnStored, wholeOf, type Draft } from "./draft";
import type { Tested } from "./use_test";

interface Props {
  tested: Tested;
  changed: boolean;
  // What is typed now.
  draft: Draft;
  // A secret is stored that this page does not know.
  stored: boolean;
}

export function Ladder({ tested, changed, draft, stored }: Props) {
  const { test, fault, starting } = tested;
  return (
    <Panel title="Connection test">
      <div className="stack tight">
        {stored && leansOnStored(draft) ? (
          <p className="muted prose">
            The stored credential never comes back to this page, so it cannot be used here. Type a
            new one to test it before saving; the fabric’s own Test connection uses the stored one.
          </p>
        ) : (
          <div className="actions">
            <Button onPress={() => tested.start(wholeOf(draft))}>Test connection</Button>
          </div>
        )}
        <Standing tested={tested} changed={changed} />
        {fault && <FaultNote fault={fault} silent atFields />}
        {test && (
          <ol className="trace ladder" aria-label="What was measured">
            {test.rungs.map((rung, index) => (
              <RungLine key={rung.rung} rung={rung} order={index + 1} />
            ))}
          </ol>
        )}
        {!test && !fault && !starting && (
          <p className="muted prose">
            The test asks the cluster step by step: address, connection, certificate, credentials,
            kinds, rights. Nothing is stored or written by it, and it may be skipped: each run
            checks again.
          </p>
        )}
      </div>
    </Panel>
  );
}

function Standing({ tested, changed }: { tested: Tested; changed: boolean }) {
  const { test, starting } = tested;
  if (starting || (test && test.state !== "ended"))
    return (
      <p role="status">
        <State of={{ ...lastRun.running, word: "Testing" }} /> {test?.server}
      </p>
    );
  if (!test) return null;
  return (
    <>
      <p role="status">
        {test.outcome && <State of={outcome[test.outcome]} />} {test.server}
      </p>
      {changed && <p className="warn">The connection was changed after this test.</p>}
    </>
  );
}

const isCode = (code: string | undefined): code is Code =>
  code !== undefined && Object.hasOwn(codes, code);

function RungLine({ rung, order }: { rung: MeasuredRung; order: number }) {
  return (
    <li className={rung.state === "not_reached" ? "not-yet" : ""} data-rung={rung.rung}>
      <span className="order">{order}</span>
      <GlyphWithWord of={rungState[rung.state]} />
      <span className="name">{rungName[rung.rung]}</span>
      <span className="time">
        <Duration ms={rung.ms} />
      </span>
      {(rung.evidence || rung.detail || rung.remedy) && (
        <div className="below stack tight">
          {rung.evidence && <p className="wrap muted">{rung.evidence}</p>}
          {rung.detail && <p className="wrap bad">{rung.detail}</p>}
          {rung.next && <p className="wrap">{rung.next}</p>}
          {isCode(rung.code) && (
            <LayerLine fault={{ code: rung.code, layer: codes[rung.code].layer }} />
          )}
          {rung.remedy && <CopyBlock text={rung.remedy} name="remedy" />}
        </div>
      )}
    </li>
  );
}
