// What a fabric is called and how its cluster is reached: the same form adds and changes one.
import type { FormEvent, ReactNode } from "react";
import type { Fault } from "../../api/fault";
import { dateTimeText } from "../../text/time";
import { Button } from "../../ui/button";
import { FaultNote } from "../../ui/fault_note";
import { Check, Field } from "../../ui/field";
import { Panel } from "../../ui/panel";
import { refusalsOf } from "../shared/refusals";
import { ConnectionForm } from "./connection_form";
import { wholeOf, type Draft } from "./draft";
import type { Typed } from "./kept";
import { Ladder } from "./ladder";
import { connectionRefusals } from "./refusals";
import type { Tested } from "./use_test";

interface Props {
  title: string;
  notice?: ReactNode;
  typed: Typed;
  onType: (typed: Typed) => void;
  tested: Tested;
  // Why saving was refused.
  fault: Fault | undefined;
  // It may be set up another time: nothing is stored yet.
  mayWait: boolean;
  stored?: { token: boolean; certificate: boolean };
  // Something typed is kept in this tab. `since`: it was typed before this page was opened.
  kept: { since: number | undefined; onDiscard: () => void } | undefined;
  onSubmit: () => void;
  actions: ReactNode;
}

const labels = { name: "Name", site: "Site", description: "Description" } as const;

export function FabricForm(props: Props) {
  const { typed, onType, tested, fault, mayWait, stored } = props;
  const waits = typed.draft.way === "later";
  const refusals = refusalsOf(fault);
  const changed = isChangedSince(tested, typed.draft);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onSubmit();
  };
  return (
    <form className="columns sided" onSubmit={submit}>
      <div className="stack">
        <h1>{props.title}</h1>
        {props.kept?.since !== undefined && <Found since={props.kept.since} />}
        {props.notice}
        <Panel title="What it is called">
          <div className="stack form">
            {(["name", "site", "description"] as const).map((name) => (
              <Field
                key={name}
                label={labels[name]}
                name={name}
                optional={name !== "name"}
                value={typed[name]}
                onChange={(value) => onType({ ...typed, [name]: value })}
                refusal={refusals.get(name)}
              />
            ))}
          </div>
        </Panel>
        <Panel title="How its cluster is reached">
          <div className="stack form">
            <ConnectionForm
              draft={typed.draft}
              onChange={(draft) => onType({ ...typed, draft })}
              refusals={connectionRefusals(typed.draft, tested, fault, changed)}
              contexts={tested.test?.contexts ?? []}
              mayWait={mayWait}
              {...(stored && { stored })}
            />
            {!waits && (
              <Check selected={typed.shares} onChange={(shares) => onType({ ...typed, shares })}>
                Another fabric may have the same cluster
              </Check>
            )}
          </div>
        </Panel>
      </div>
      {!waits && (
        <Ladder
          tested={tested}
          changed={changed}
          draft={typed.draft}
          stored={Boolean(stored?.token || stored?.certificate)}
        />
      )}
      <div className="stack">
        {fault && <FaultNote fault={fault} atFields />}
        <div className="row actions">
          {props.actions}
          {props.kept && <Button onPress={props.kept.onDiscard}>Discard what is typed</Button>}
        </div>
      </div>
    </form>
  );
}

function Found({ since }: { since: number }) {
  return (
    <p className="prose" role="status">
      This was typed until {dateTimeText(since)} and is not saved yet; it is kept in this tab.
      Tokens, keys, client certificates and kubeconfigs are never kept: type them again.
    </p>
  );
}

const isChangedSince = (tested: Tested, draft: Draft) =>
  tested.fields !== undefined && JSON.stringify(tested.fields) !== JSON.stringify(wholeOf(draft));
