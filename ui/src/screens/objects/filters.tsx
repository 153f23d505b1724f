// What to look for. Each filter in force stands below as a chip that says what it does.
import type { FabricSnapshot, ObjectsSearch } from "../../api/queries";
import { counted, numberText } from "../../text/numbers";
import { presence } from "../../text/words";
import type { Presence } from "../../api/types";
import { Button } from "../../ui/button";
import { MenuButton } from "../../ui/menu";
import { Search } from "../shared/search";

interface Props {
  fabric: FabricSnapshot | undefined;
  search: ObjectsSearch;
  onAsk: (change: ObjectsSearch) => void;
}

const presences: readonly Presence[] = ["present", "out_of_scope", "removed", "any"];

export function Filters({ fabric, search, onAsk }: Props) {
  const kinds = kindItems(fabric, search.kind);
  const namespaces = [
    ...new Set([...(fabric?.cluster?.namespaces ?? []), ...(search.namespace ?? [])]),
  ];
  return (
    <div className="stack tight no-print">
      <div className="row">
        <Search
          label="Search objects"
          placeholder="Part of a name"
          value={search.q ?? ""}
          onSearch={(q) => onAsk({ q: q || undefined })}
        />
        {kinds.length > 0 && (
          <MenuButton
            label="Kind"
            name="Kinds to show"
            items={kinds}
            selected={search.kind ?? []}
            onSelect={(kind) => onAsk({ kind: kind.length > 0 ? kind : undefined })}
          />
        )}
        {namespaces.length > 0 && (
          <MenuButton
            label="Namespace"
            name="Namespaces to show"
            items={namespaces.map((id) => ({ id, label: id, words: id }))}
            selected={search.namespace ?? []}
            onSelect={(namespace) =>
              onAsk({ namespace: namespace.length > 0 ? namespace : undefined })
            }
          />
        )}
        <MenuButton
          single
          label={presence[search.presence ?? "present"]}
          name="Presence"
          items={presences.map((id) => ({ id, label: presence[id], words: presence[id] }))}
          selected={[search.presence ?? "present"]}
          onSelect={([id]) =>
            onAsk({ presence: id === "present" ? undefined : (id as Presence | undefined) })
          }
        />
      </div>
      <Chips search={search} onAsk={onAsk} />
    </div>
  );
}

function kindItems(fabric: FabricSnapshot | undefined, chosen: readonly string[] = []) {
  const known = (fabric?.counts.by_kind ?? []).map((it) => ({
    id: `${it.group}/${it.kind}`,
    label: it.kind,
    words: it.kind,
    end: numberText(it.objects),
  }));
  const ids = new Set(known.map((it) => it.id));
  const others = chosen.filter((id) => !ids.has(id));
  return [...known, ...others.map((id) => ({ id, label: id, words: id, end: "" }))];
}

const shortKind = (kind: string) => kind.slice(kind.lastIndexOf("/") + 1);

function Chips({ search, onAsk }: Omit<Props, "fabric">) {
  const chips: { words: string; without: ObjectsSearch }[] = [];
  if (search.q) chips.push({ words: `name has “${search.q}”`, without: { q: undefined } });
  for (const kind of search.kind ?? []) {
    const rest = search.kind?.filter((it) => it !== kind) ?? [];
    chips.push({
      words: `kind is ${shortKind(kind)}`,
      without: { kind: rest.length > 0 ? rest : undefined },
    });
  }
  for (const namespace of search.namespace ?? []) {
    const rest = search.namespace?.filter((it) => it !== namespace) ?? [];
    chips.push({
      words: `namespace is ${namespace}`,
      without: { namespace: rest.length > 0 ? rest : undefined },
    });
  }
  if (search.presence === "out_of_scope")
    chips.push({ words: "only objects out of scope", without: { presence: undefined } });
  if (search.presence === "removed")
    chips.push({ words: "only removed objects", without: { presence: undefined } });
  if (search.presence === "any")
    chips.push({
      words: "removed objects and those out of scope, too",
      without: { presence: undefined },
    });
  if (chips.length === 0) return null;
  return (
    <ul className="row" aria-label={`${counted(chips.length, "filter")} in force`}>
      {chips.map((chip) => (
        <li key={chip.words} className="chip">
          {chip.words}
          <Button kind="quiet" label={`Without: ${chip.words}`} onPress={() => onAsk(chip.without)}>
            ✕
          </Button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <Button
            kind="quiet"
            onPress={() =>
              onAsk({ q: undefined, kind: undefined, namespace: undefined, presence: undefined })
            }
          >
            Clear all
          </Button>
        </li>
      )}
    </ul>
  );
}
