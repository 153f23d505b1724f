// The one computed status, what to do about it, and the actions. What runs now stands beside it.
import { Link } from "@tanstack/react-router";
import { press } from "../../api/outbox";
import type { RunOperation } from "../../api/outbox_rules";
import type { FabricSnapshot } from "../../api/queries";
import { sentenceOf } from "../../text/headline";
import {
  direction,
  headline,
  operationName,
  permissionFor,
  permissionMeaning,
} from "../../text/words";
import { Age } from "../../ui/age";
import { ActionButton, LockedButton } from "../../ui/button";
import { LayerLine } from "../../ui/fault_note";
import { State } from "../../ui/state";
import { WorkingWords } from "../shared/working";
import { ResumeButton } from "./resume";

// What exists; more operations come with their own handlers.
const operations: readonly RunOperation[] = ["pull", "test"];

export function Headline({ fabric }: { fabric: FabricSnapshot }) {
  const { state, text, as_of, next } = fabric.headline;
  const word = headline[state];
  return (
    <section className={`headline ${word.tone}`} aria-labelledby="headline">
      <div className="stack tight">
        <div className="says">
          <h1 id="headline" aria-live="polite">
            <State of={word} />
            <span className="unseen">: </span>
            <span className="sentence">{sentenceOf(state, text)}</span>
          </h1>
          {as_of && <Age at={as_of} before="measured " />}
        </div>
        <p className="muted">{next.text}</p>
        {fabric.pause?.code && fabric.pause.layer !== undefined && (
          <LayerLine fault={{ layer: fabric.pause.layer, code: fabric.pause.code }} />
        )}
      </div>
      <Actions fabric={fabric} />
      {fabric.working && (
        <p className="working">
          <WorkingWords working={fabric.working} />
        </p>
      )}
    </section>
  );
}

function Actions({ fabric }: { fabric: FabricSnapshot }) {
  const { next } = fabric.headline;
  const elsewhere =
    next.edit === true || next.resume === true || (next.run !== undefined && !next.operation);
  const first: RunOperation = next.operation === "test" ? "test" : "pull";
  return (
    <div className="row actions">
      {next.edit && (
        <Link to="/fabrics/$id/settings/" params={{ id: fabric.id }} className="button primary">
          Set up the connection
        </Link>
      )}
      {next.resume && <ResumeButton fabric={fabric} />}
      {next.run !== undefined && (
        <Link
          to="/runs/$id/"
          params={{ id: next.run }}
          className={`button two-line ${elsewhere && !next.edit && !next.resume ? "primary" : "plain"}`}
        >
          <span>Look at run {next.run}</span>
          <span className="line">layer by layer</span>
        </Link>
      )}
      {operations.map((operation) => (
        <RunButton
          key={operation}
          fabric={fabric}
          operation={operation}
          primary={!elsewhere && operation === first}
        />
      ))}
    </div>
  );
}

interface RunButtonProps {
  fabric: FabricSnapshot;
  operation: RunOperation;
  primary: boolean;
}

function RunButton({ fabric, operation, primary }: RunButtonProps) {
  const permission = permissionFor[operation];
  const name = operationName[operation];
  if (!fabric.permissions.includes(permission))
    return (
      <LockedButton
        name={name}
        permission={permission}
        why={
          `You may not run ${name} on ${fabric.name}. It needs ${permission} ` +
          `(${permissionMeaning[permission]}); you have ` +
          `${fabric.permissions.join(", ") || "no permission here"}. An administrator can grant it.`
        }
      />
    );
  return (
    <ActionButton
      name={name}
      line={direction[operation]}
      primary={primary}
      onPress={() => press({ fabric, operation })}
    />
  );
}
