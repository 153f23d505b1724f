// Text to take along. Over plain HTTP there is no clipboard for scripts, so the text is selected first
// and the browser's own copying is asked; if it refuses, the selection stays and says what to press.
import { useRef, useState } from "react";
import { Button } from "./button";

type Told = "nothing" | "copied" | "selected";

function copyFrom(node: HTMLElement): Told {
  const range = document.createRange();
  range.selectNodeContents(node);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
  // The only way that needs no secure context.
  return document.execCommand("copy") ? "copied" : "selected";
}

export function CopyBlock({ text, name }: { text: string; name: string }) {
  const block = useRef<HTMLPreElement>(null);
  const [told, setTold] = useState<Told>("nothing");
  const press = () => {
    if (block.current) setTold(copyFrom(block.current));
  };
  return (
    <div className="stack tight">
      <div className="row no-print">
        <Button onPress={press}>Copy {name}</Button>
        <span className="muted small" aria-live="polite">
          {told === "copied" && "Copied."}
          {told === "selected" && "Selected; press Ctrl+C to copy."}
        </span>
      </div>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre ref={block} tabIndex={0} role="region" aria-label={name}>
        {text}
      </pre>
    </div>
  );
}
