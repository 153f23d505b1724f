// A framed part of the page, and the three ways in which its content can be missing.
import { useEffect, useState, type ReactNode } from "react";
import { faultOf, type Fault } from "../api/fault";
import { limits } from "../api/limits";
import { askForMissing } from "../api/queries";
import { Button } from "./button";
import { FaultNote } from "./fault_note";

interface Props {
  title?: string;
  beside?: ReactNode;
  children: ReactNode;
  flush?: boolean;
}

export function Panel({ title, beside, children, flush }: Props) {
  return (
    <section className={`panel ${flush ? "flush" : ""}`} aria-label={title}>
      {title && (
        <header>
          <h2>{title}</h2>
          {beside}
        </header>
      )}
      {children}
    </section>
  );
}

interface LoadingProps {
  fault?: Fault | undefined;
  // It is tried again without anybody asking for it.
  again?: boolean;
  onRetry: () => void;
}

// Space is kept; words come only when waiting has become noticeable.
export function Loading({ fault, again, onRetry }: LoadingProps) {
  const waited = useWaited();
  if (fault)
    return (
      <FaultNote fault={fault}>
        <Button onPress={onRetry}>Try now</Button>
        {again && <span className="muted">It is tried again by itself.</span>}
      </FaultNote>
    );
  return (
    <div className="waiting" aria-busy="true">
      {waited >= limits.slow && <p className="muted">Still loading: waiting for the server.</p>}
      {waited >= limits.stuck && <Button onPress={onRetry}>Retry</Button>}
    </div>
  );
}

interface Reading {
  error: Error | null;
  failureReason: Error | null;
}

// Stands where the answer of a query will stand.
export function Missing({ query }: { query: Reading }) {
  const thrown = query.error ?? query.failureReason;
  return (
    <Loading
      fault={thrown ? faultOf(thrown) : undefined}
      again={query.error === null}
      onRetry={() => void askForMissing()}
    />
  );
}

function useWaited(): number {
  const [waited, setWaited] = useState(0);
  useEffect(() => {
    const timers = [limits.slow, limits.stuck].map((ms) => setTimeout(() => setWaited(ms), ms));
    return () => timers.forEach(clearTimeout);
  }, []);
  return waited;
}
