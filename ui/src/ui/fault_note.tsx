// A failure inside the frame of what failed: what happened, what it means, what to do. It goes away
// when the cause does or when a person puts it away, never by itself.
import type { ReactNode } from "react";
import { Link } from "react-aria-components";
import type { Fault } from "../api/fault";
import { meaningOf } from "../text/faults";
import { layerNames, type Layer } from "../text/codes.gen";

interface Props {
  fault: Fault;
  children?: ReactNode;
  // When several things on one page say the same, only one announces it.
  silent?: boolean;
  // Refused fields say it themselves.
  atFields?: boolean;
}

const layerName = (layer: number) => (layer in layerNames ? ` ${layerNames[layer as Layer]}` : "");

export function FaultNote({ fault, children, silent, atFields }: Props) {
  const meaning = fault.reading ? "" : meaningOf(fault);
  return (
    <div className="fault" role={silent ? "note" : "alert"}>
      <p>
        <strong className="bad">
          <span className="glyph" aria-hidden="true">
            ✕
          </span>{" "}
          {fault.title}
        </strong>
      </p>
      {fault.detail && fault.detail !== fault.title && <p className="wrap">{fault.detail}</p>}
      {meaning && <p className="muted">{meaning}</p>}
      {fault.hint && <p>{fault.hint}</p>}
      {fault.errors.length > 0 && !atFields && (
        <ul>
          {fault.errors.map((error) => (
            <li key={`${error.field} ${error.detail}`}>
              <b>{error.field}</b>: {error.detail}
            </li>
          ))}
        </ul>
      )}
      {children && <div className="row">{children}</div>}
      <LayerLine fault={fault} />
    </div>
  );
}

// Which of the nine layers it was, and by which code it is looked up.
export function LayerLine({ fault }: { fault: Pick<Fault, "layer" | "code" | "requestId"> }) {
  return (
    <p className="foot">
      Layer {fault.layer}
      {layerName(fault.layer)} · {fault.code}
      {fault.requestId && ` · request ${fault.requestId}`}
    </p>
  );
}

// For web pages that stand in the way.
export function OutsideLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link href={href} target="_blank" rel="noreferrer">
      {children}
    </Link>
  );
}
