// How far a click came that is no run yet: its nine layers, one of them red.
import { useRef } from "react";
import { traceOfFault, type FaultyClick } from "../../api/click_trace";
import type { Fault } from "../../api/fault";
import { outboxStore } from "../../api/outbox";
import type { Click } from "../../api/outbox_rules";
import { useStore } from "../../api/store";
import { Button } from "../../ui/button";
import { Trace } from "./trace";

export const faultOfClick = ({ stage }: Click): Fault | undefined =>
  "fault" in stage ? stage.fault : undefined;

export const ClickTrace = ({ fault }: { fault: FaultyClick }) => (
  <Trace trace={traceOfFault(fault)} />
);

interface ButtonProps {
  open: boolean;
  // Whose layers they are, where several such buttons stand on a page.
  of?: string;
  onPress: () => void;
}

export function LayersButton({ open, of, onPress }: ButtonProps) {
  const words = `${open ? "Hide" : "Show"} the nine layers`;
  return (
    <Button kind="quiet" {...(of && { label: `${words} of ${of}` })} onPress={onPress}>
      {words}
    </Button>
  );
}

export interface Standing {
  click: Click;
  fault: Fault;
}

// The latest click on this fabric that was refused or waits. What stopped the last try is said until the
// next one has its answer, so that nothing comes and goes between them.
export function useStandingClick(fabric: number): Standing | undefined {
  const stopped = useRef(new Map<string, Fault>());
  const clicks = useStore(outboxStore).filter((click) => click.fabric.id === fabric);
  for (const click of clicks) {
    const fault = faultOfClick(click);
    if (fault) stopped.current.set(click.key, fault);
    else if (click.stage.at === "started") stopped.current.delete(click.key);
  }
  return clicks
    .flatMap((click) => {
      const fault = stopped.current.get(click.key);
      return fault ? [{ click, fault }] : [];
    })
    .at(-1);
}
