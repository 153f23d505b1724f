"""The catalogue of message codes: api/codes.yaml -> C++ table, TypeScript table, one page per code."""

import json
import re

from generators import NOTICE, SourceError, constant, cpp_string, load_yaml

SOURCE = "api/codes.yaml"
OWNS = ["src/base/codes.gen.*", "ui/src/text/codes.gen.ts", "docs/codes/*.md"]

WORDS = ("title", "meaning", "cause", "next")
OPTIONAL = ("http", "run", "page", "retryable")
OUTCOMES = ("succeeded", "partly", "failed", "cancelled", "lost")


def files(root):
    catalogue = load_yaml(root / SOURCE)
    layers, codes = catalogue["layers"], catalogue["codes"]
    for name, entry in codes.items():
        check_entry(name, entry, layers)
    pages = {f"docs/codes/{name}.md": code_page(name, entry, layers) for name, entry in codes.items()}
    return {
        "src/base/codes.gen.hpp": cpp_header(codes),
        "src/base/codes.gen.cpp": cpp_source(codes),
        "ui/src/text/codes.gen.ts": typescript(codes, layers),
        "docs/codes/README.md": code_index(codes, layers),
        **pages,
    }


def check_entry(name, entry, layers):
    def refuse(reason):
        raise SourceError(f"{SOURCE}: {name}: {reason}")

    if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name):
        refuse("a code is written in snake_case")
    for key in entry:
        if key not in ("layer", *WORDS, *OPTIONAL):
            refuse(f"{key!r} is not known")
    if entry.get("layer") not in layers:
        refuse("layer must be one of those in `layers`")
    if "http" in entry and not (entry["http"] == 202 or 400 <= entry["http"] <= 599):
        refuse("http must be an honest status: 202 or 400 to 599")
    if "run" in entry and entry["run"] not in OUTCOMES:
        refuse(f"run must be one of {', '.join(OUTCOMES)}")
    for key in ("page", "retryable"):
        if not isinstance(entry.get(key, False), bool):
            refuse(f"{key} must be true or false")
    for key in WORDS:
        text = entry.get(key)
        if not isinstance(text, str) or not text.endswith("."):
            refuse(f"{key} must be a sentence that ends with a full stop")
        if "!" in text or "{" in text:
            refuse(f"{key} must have neither exclamation marks nor parameters")
    if len(entry["title"]) > 80:
        refuse("title must have at most 80 characters")


# ---- C++ ----

CPP_HEADER = """\
// The catalogue of message codes: what happened, what it means, what to do, in fixed words.
// {notice}
// Names and numbers of one case do not stand here; they go into the failure's detail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hedgerow::base {{

enum class Code : std::uint8_t {{
{enumerators}
}};

inline constexpr std::size_t kCodeCount = {count};

struct CodeFacts {{
  Code code;
  std::string_view name;
  int layer;             // 1 to 9.
  int http;              // Status of an API answer; 0: no API answer carries this code.
  std::string_view run;  // Outcome that it gives a run; empty: none.
  bool page;             // The browser page makes this code itself.
  bool retryable;        // The same request may be sent again, unchanged, after a pause.
  std::string_view title;
  std::string_view meaning;
  std::string_view next;
}};

[[nodiscard]] const CodeFacts& facts_of(Code code) noexcept;
[[nodiscard]] std::optional<Code> code_named(std::string_view name) noexcept;

// All codes in the order of the catalogue.
[[nodiscard]] std::span<const CodeFacts> all_codes() noexcept;

}}  // namespace hedgerow::base
"""

CPP_SOURCE = """\
// {notice}
#include "base/codes.gen.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace hedgerow::base {{
namespace {{

constexpr std::array<CodeFacts, kCodeCount> kFacts{{{{
{rows}
}}}};

// The same codes in the order of their names, for look-ups.
constexpr std::array<Code, kCodeCount> kByName{{
{by_name}
}};

constexpr std::string_view name_of(Code code) noexcept {{
  return kFacts[std::to_underlying(code)].name;
}}

static_assert(std::ranges::is_sorted(kByName, {{}}, name_of));

}}  // namespace

const CodeFacts& facts_of(Code code) noexcept {{ return kFacts[std::to_underlying(code)]; }}

std::optional<Code> code_named(std::string_view name) noexcept {{
  const auto found = std::ranges::lower_bound(kByName, name, {{}}, name_of);
  if (found == kByName.end() || name_of(*found) != name) return std::nullopt;
  return *found;
}}

std::span<const CodeFacts> all_codes() noexcept {{ return kFacts; }}

}}  // namespace hedgerow::base
"""


def cpp_header(codes):
    return CPP_HEADER.format(
        notice=NOTICE.format(source=SOURCE),
        enumerators="\n".join(f"  {constant(name)}," for name in codes),
        count=len(codes),
    )


def cpp_source(codes):
    return CPP_SOURCE.format(
        notice=NOTICE.format(source=SOURCE),
        rows="\n".join(cpp_row(name, entry) for name, entry in codes.items()),
        by_name="\n".join(f"    Code::{constant(name)}," for name in sorted(codes)),
    )


def cpp_row(name, entry):
    flags = [
        f"Code::{constant(name)}",
        cpp_string(name, 4),
        str(entry["layer"]),
        str(entry.get("http", 0)),
        cpp_string(entry.get("run", ""), 4),
        "true" if entry.get("page", False) else "false",
        "true" if entry.get("retryable", False) else "false",
    ]
    words = [cpp_string(entry[key], 5) for key in ("title", "meaning", "next")]
    return f"    {{{', '.join(flags)},\n     " + ",\n     ".join(words) + "},"


# ---- TypeScript ----

TYPESCRIPT = """\
// The catalogue of message codes, as the page needs it.
// {notice}

export type Code =
{union};

export type Layer = {layers};

export interface CodeFacts {{
  readonly layer: Layer;
  readonly title: string;
  readonly meaning: string;
  readonly next: string;
  readonly retryable: boolean;
}}

export const layerNames: Readonly<Record<Layer, string>> = {{
{layer_names}
}};

export const codes: Readonly<Record<Code, CodeFacts>> = {{
{rows}
}};

export function isCode(name: string): name is Code {{
  return Object.hasOwn(codes, name);
}}
"""


def typescript(codes, layers):
    return TYPESCRIPT.format(
        notice=NOTICE.format(source=SOURCE),
        union="\n".join(f'  | "{name}"' for name in codes),
        layers=" | ".join(str(number) for number in layers),
        layer_names="\n".join(f"  {number}: {literal(name)}," for number, name in layers.items()),
        rows="\n".join(typescript_row(name, entry) for name, entry in codes.items()),
    )


def typescript_row(name, entry):
    fields = [f"layer: {entry['layer']}"]
    fields += [f"{key}: {literal(entry[key])}" for key in ("title", "meaning", "next")]
    fields.append("retryable: " + ("true" if entry.get("retryable", False) else "false"))
    return f"  {name}: {{\n" + "".join(f"    {field},\n" for field in fields) + "  },"


def literal(text):
    return json.dumps(text, ensure_ascii=False)


# ---- Pages ----


def code_page(name, entry, layers):
    return f"""\
<!-- {NOTICE.format(source=SOURCE)} -->

# {name}

**{entry["title"]}**

{entry["meaning"]}

**Usual cause.** {entry["cause"]}

**What to do.** {entry["next"]}

| | |
|---|---|
| Layer | {entry["layer"]} {layers[entry["layer"]]} |
| Where it is seen | {seen_in(entry)} |
| Sending the same request again, unchanged | {"may help, after a pause" if entry.get("retryable") else "does not help"} |

[All codes](README.md)
"""


def seen_in(entry):
    places = []
    if "http" in entry:
        places.append(f"API answer with status {entry['http']}")
    if "run" in entry:
        places.append(f"run that ends *{entry['run']}*")
    if entry.get("page", False):
        places.append("made by the page itself")
    return ", ".join(places) if places else "at the start of the server"


def code_index(codes, layers):
    lines = [
        f"<!-- {NOTICE.format(source=SOURCE)} -->",
        "",
        "# Message codes",
        "",
        "Every failure carries one code. The code names the layer that failed; its page says what happened, what",
        "it means for your data, and what to do.",
    ]
    for number, layer in layers.items():
        lines += ["", f"## {number} {layer}", "", "| code | what happened | status | run |", "|---|---|---|---|"]
        for name, entry in codes.items():
            if entry["layer"] == number:
                lines.append(
                    f"| [`{name}`]({name}.md) | {entry['title']} | {entry.get('http', '')} | {entry.get('run', '')} |"
                )
    return "\n".join(lines) + "\n"
