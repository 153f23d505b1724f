// A search field: the server is asked when typing rests, on Enter, and when it is cleared.
import { useEffect, useRef, useState } from "react";
import { Button as ClearButton, Input, Label, SearchField } from "react-aria-components";

const restMs = 300;

interface Props {
  label: string;
  placeholder: string;
  value: string;
  onSearch: (text: string) => void;
}

export function Search({ label, placeholder, value, onSearch }: Props) {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const asked = useRef(value);

  // The URL is the truth: Back and "clear" change the field, too.
  useEffect(() => {
    if (value === asked.current) return;
    asked.current = value;
    setTyped(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const ask = (text: string) => {
    clearTimeout(timer.current);
    asked.current = text.trim();
    if (text.trim() !== value) onSearch(text.trim());
  };
  const change = (text: string) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => ask(text), restMs);
  };
  return (
    <SearchField
      className="field search"
      value={typed}
      onChange={change}
      onSubmit={ask}
      onClear={() => ask("")}
    >
      <Label className="unseen">{label}</Label>
      <div className="with-button">
        <Input className="input" placeholder={placeholder} spellCheck="false" />
        {typed !== "" && (
          <ClearButton className="button plain" aria-label="Clear search">
            ✕
          </ClearButton>
        )}
      </div>
    </SearchField>
  );
}
