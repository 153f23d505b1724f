// A button that opens a list of things to do or to choose.
import type { ReactNode } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";

export interface MenuChoice {
  id: string;
  label: ReactNode;
  end?: string;
  words: string;
}

interface Props {
  label: ReactNode;
  name: string;
  items: readonly MenuChoice[];
  onAction?: (id: string) => void;
  selected?: readonly string[];
  onSelect?: (ids: string[]) => void;
  single?: boolean;
  about?: ReactNode;
  quiet?: boolean;
}

export function MenuButton(props: Props) {
  const { label, name, items, selected, onSelect, onAction, about } = props;
  const mode = props.single ? "single" : "multiple";
  return (
    <MenuTrigger>
      <Button className={`button ${props.quiet ? "quiet" : "plain"}`}>
        {label}
        <span aria-hidden="true">▾</span>
      </Button>
      <Popover className="popover" placement="bottom end">
        {about && <div className="menu-about">{about}</div>}
        <Menu
          className="menu"
          aria-label={name}
          items={items}
          {...(onAction && { onAction: (key) => onAction(String(key)) })}
          {...(selected && {
            selectionMode: mode,
            selectedKeys: selected,
            onSelectionChange: (keys) =>
              onSelect?.(keys === "all" ? items.map((it) => it.id) : [...keys].map(String)),
          })}
        >
          {(item) => <Choice item={item} marked={selected?.includes(item.id)} />}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function Choice({ item, marked }: { item: MenuChoice; marked: boolean | undefined }) {
  return (
    <MenuItem className="menu-item" id={item.id} textValue={item.words}>
      {marked !== undefined && (
        <span className="tick" aria-hidden="true">
          {marked ? "✓" : ""}
        </span>
      )}
      <span>{item.label}</span>
      {item.end !== undefined && <span className="end">{item.end}</span>}
    </MenuItem>
  );
}
