// Fields with their words, and a refusal at the field that caused it.
import type { ReactNode } from "react";
import {
  Checkbox,
  FieldError,
  Input,
  Label,
  Radio,
  RadioGroup,
  Text,
  TextArea,
  TextField,
} from "react-aria-components";

export interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  name: string;
  about?: ReactNode;
  refusal?: string | undefined;
  optional?: boolean;
  type?: "text" | "password" | "url";
  autoComplete?: string;
  autoFocus?: boolean;
  placeholder?: string;
  lines?: number;
  list?: string;
  // A small button at the end of the line.
  beside?: ReactNode;
}

export function Field(props: FieldProps) {
  const { label, value, onChange, name, about, refusal, optional, type = "text" } = props;
  return (
    <TextField
      className="field"
      value={value}
      onChange={onChange}
      name={name}
      type={type}
      isInvalid={refusal !== undefined}
      validationBehavior="aria"
      autoComplete={props.autoComplete ?? "off"}
      {...(props.autoFocus && { autoFocus: true })}
    >
      <Label>
        {label}
        {optional && <span className="optional"> (optional)</span>}
      </Label>
      {about && (
        <Text slot="description" className="about">
          {about}
        </Text>
      )}
      {props.beside ? (
        <div className="with-button">
          <Control {...props} />
          {props.beside}
        </div>
      ) : (
        <Control {...props} />
      )}
      {refusal !== undefined && <FieldError className="refusal">{refusal}</FieldError>}
    </TextField>
  );
}

function Control({ lines, placeholder, list, type }: FieldProps) {
  const hint = placeholder === undefined ? {} : { placeholder };
  if (lines) return <TextArea className="input" rows={lines} spellCheck="false" {...hint} />;
  const spelling = type === "password" ? {} : { spellCheck: "false" as const };
  return <Input className="input" {...hint} {...spelling} {...(list && { list })} />;
}

interface CheckProps {
  children: ReactNode;
  selected: boolean;
  onChange: (selected: boolean) => void;
}

export function Check({ children, selected, onChange }: CheckProps) {
  return (
    <Checkbox className="check" isSelected={selected} onChange={onChange}>
      <span className="box" aria-hidden="true">
        {selected ? "✓" : ""}
      </span>
      <span>{children}</span>
    </Checkbox>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  options: readonly { value: T; label: string }[];
  value: T;
  onChange: (value: T) => void;
  unseenLabel?: boolean;
}

export function Choice<T extends string>(props: ChoiceProps<T>) {
  const { label, options, value, onChange, unseenLabel } = props;
  return (
    <RadioGroup
      className="field"
      orientation="horizontal"
      value={value}
      onChange={(chosen) => onChange(chosen as T)}
    >
      <Label className={unseenLabel ? "unseen" : "label"}>{label}</Label>
      <div className="choices">
        {options.map((option) => (
          <Radio key={option.value} value={option.value} className="choice">
            {option.label}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
