// Buttons. None is ever greyed out: what may not be pressed explains itself before the click.
import type { ReactNode } from "react";
import { Button as AriaButton, Dialog, DialogTrigger, Popover } from "react-aria-components";
import type { Permission } from "../api/types";
import { codes } from "../text/codes.gen";
import { LayerLine } from "./fault_note";

export type Kind = "plain" | "primary" | "danger" | "quiet";

interface Props {
  children: ReactNode;
  kind?: Kind;
  type?: "button" | "submit";
  onPress?: () => void;
  label?: string;
  autoFocus?: boolean;
}

export function Button({ children, kind = "plain", type = "button", ...rest }: Props) {
  const { onPress, label, autoFocus } = rest;
  return (
    <AriaButton
      className={`button ${kind}`}
      type={type}
      {...(onPress && { onPress })}
      {...(label && { "aria-label": label })}
      {...(autoFocus && { autoFocus })}
    >
      {children}
    </AriaButton>
  );
}

interface ActionProps {
  name: string;
  line: string;
  primary: boolean;
  onPress: () => void;
}

// What will happen, and which way.
export function ActionButton({ name, line, primary, onPress }: ActionProps) {
  return (
    <AriaButton className={`button two-line ${primary ? "primary" : "plain"}`} onPress={onPress}>
      <span>{name}</span>
      <span className="line">{line}</span>
    </AriaButton>
  );
}

interface LockedProps {
  name: string;
  permission: Permission;
  why: string;
}

// A button for which this person lacks a permission: it stays, and says why.
export function LockedButton({ name, permission, why }: LockedProps) {
  return (
    <DialogTrigger>
      <AriaButton className="button two-line plain">
        <span>
          <Lock /> {name}
        </span>
        <span className="line">needs {permission}</span>
      </AriaButton>
      <Popover className="popover" placement="bottom start">
        <Dialog aria-label={`${name} is locked`}>
          <p className="words">{why}</p>
          <LayerLine fault={{ layer: codes.forbidden.layer, code: "forbidden" }} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

export function Lock() {
  return (
    <svg width="12" height="12" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d="M3 7.5h10v6H3zM5 7.5V5a3 3 0 0 1 6 0v2.5"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
      />
    </svg>
  );
}
