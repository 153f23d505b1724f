// Clicks that the server does not have yet, or has refused. Each stays until it is settled or put away.
import { useMatchRoute } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { operationName } from "../text/words";
import { counted } from "../text/numbers";
import { spanText } from "../text/time";
import { confirmOld, discard, outboxStore, sendAs, signInFor, tryNow } from "../api/outbox";
import type { Fault } from "../api/fault";
import type { Click } from "../api/outbox_rules";
import { sessionStore } from "../api/session";
import { useStore } from "../api/store";
import { basePath } from "../api/base_path";
import { useTicking } from "../ui/age";
import { Button } from "../ui/button";
import { FaultNote, LayerLine, OutsideLink } from "../ui/fault_note";
import { ClickTrace, faultOfClick, LayersButton } from "../screens/shared/click_trace";

export function WaitingClicks() {
  const clicks = useStore(outboxStore);
  return clicks.map((click) => <WaitingClick key={click.key} click={click} />);
}

const nameOf = (click: Click) => `${operationName[click.operation]} on ${click.fabric.name}`;

function WaitingClick({ click }: { click: Click }) {
  const { stage } = click;
  switch (stage.at) {
    case "ready":
    case "sending":
    case "started":
      return null;
    case "asking":
      return (
        <Strip click={click} tone="busy">
          {stage.fault.detail || stage.fault.title} Asking whether it received the click.
        </Strip>
      );
    case "waiting":
      return (
        <Strip click={click} tone="warn">
          <span>
            {stage.fault.detail || stage.fault.title} Your click is kept; it runs once, however
            often it is sent.
          </span>
          {stage.fault.code === "unexpected_html" && (
            <OutsideLink href={`${basePath}/`}>Open it in a new tab</OutsideLink>
          )}
          <Countdown tries={click.tries} due={stage.due} />
          <span className="does">
            <Button onPress={() => tryNow(click.key)}>Try now</Button>
            <Button onPress={() => discard(click.key)}>Cancel</Button>
          </span>
        </Strip>
      );
    case "signed_out":
      return (
        <Strip click={click} tone="warn">
          <span>It waits for you to sign in and is then sent once.</span>
          <span className="does">
            <Button onPress={() => void signInFor(click)}>Sign in</Button>
            <Button onPress={() => discard(click.key)}>Cancel</Button>
          </span>
        </Strip>
      );
    case "outdated":
      return <OutdatedClick click={click} fault={stage.fault} />;
    case "old":
      return <OldClick click={click} />;
    case "other_user":
      return (
        <Strip click={click} tone="warn">
          <span>
            You signed in as {stage.user}. The waiting click of {click.user} was not sent.
          </span>
          <span className="does">
            <Button onPress={() => sendAs(click.key, stage.user)}>Send as {stage.user}</Button>
            <Button onPress={() => discard(click.key)}>Discard</Button>
          </span>
        </Strip>
      );
    case "refused":
      return (
        <section className="strip" aria-label={nameOf(click)}>
          <div className="inner">
            <FaultNote fault={{ ...stage.fault, title: `${nameOf(click)}: ${stage.fault.title}` }}>
              <Button onPress={() => discard(click.key)}>Put away</Button>
            </FaultNote>
            <Layers click={click} />
          </div>
        </section>
      );
  }
}

function OutdatedClick({ click, fault }: { click: Click; fault: Fault }) {
  return (
    <Strip click={click} tone="warn">
      <span>{fault.title} Your click is kept and is sent once after you reload this page.</span>
      <span className="does">
        <Button onPress={() => location.reload()}>Reload</Button>
        <Button onPress={() => discard(click.key)}>Cancel</Button>
      </span>
    </Strip>
  );
}

function OldClick({ click }: { click: Click }) {
  const age = useTicking((now) => spanText(now - click.clickedAt));
  return (
    <Strip click={click} tone="warn">
      <span>You clicked this {age} ago. Send it now?</span>
      <span className="does">
        <Button onPress={() => confirmOld(click.key)}>Send now</Button>
        <Button onPress={() => discard(click.key)}>Discard</Button>
      </span>
    </Strip>
  );
}

// Said outside of the announced words: a countdown read aloud every second helps nobody.
function Countdown({ tries, due }: { tries: number; due: number }) {
  const seconds = useTicking((now) => Math.max(0, Math.ceil((due - now) / 1000)));
  return (
    <span className="muted" aria-live="off">
      {counted(tries, "try", "tries")} so far, next in {seconds} s
    </span>
  );
}

// On its fabric's own page the layers stand where the run would; elsewhere they are shown on request.
function Layers({ click, said = false }: { click: Click; said?: boolean }) {
  const [open, setOpen] = useState(false);
  const asking = useStore(sessionStore);
  const params = { id: click.fabric.id };
  const there = useMatchRoute()({ to: "/fabrics/$id/", params });
  const fault = faultOfClick(click);
  if (!fault) return null;
  const dialog = asking.phase === "ended" && asking.asked;
  return (
    <div className="layers" aria-live="off">
      {said && <LayerLine fault={fault} />}
      {!there && <LayersButton open={open} onPress={() => setOpen(!open)} />}
      {!there && open && !dialog && <ClickTrace fault={fault} />}
    </div>
  );
}

interface StripProps {
  click: Click;
  tone: "warn" | "busy";
  children: ReactNode;
}

function Strip({ click, tone, children }: StripProps) {
  return (
    <section className={`strip ${tone} arrives`} aria-label={nameOf(click)} aria-live="polite">
      <div className="inner">
        <b>{nameOf(click)}</b>
        {children}
        <Layers click={click} said />
      </div>
    </section>
  );
}
