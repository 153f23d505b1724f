"""The closed sets of the contract: each string enum of api/openapi.yaml's schemas -> a C++ enum with its names."""

from generators import NOTICE, SourceError, constant, load_yaml

SOURCE = "api/openapi.yaml"
OWNS = ["src/model/closed_sets.gen.hpp"]

HEADER = """\
// The closed sets of the contract as enums: states, outcomes, operations, roles.
// {notice}
// What a value means and which may follow which is said where it is used, not here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hedgerow::model {{

// Each set has one; kNames stands in the order of the enumerators, kOf is the set's own name.
template <class Set>
struct ClosedSet;

{sets}// The word of the contract, the database and the page.
template <class Set>
[[nodiscard]] constexpr std::string_view name_of(Set value) noexcept {{
  return ClosedSet<Set>::kNames[static_cast<std::size_t>(value)];
}}

// Nothing when the word is not of the set: never a default.
template <class Set>
[[nodiscard]] constexpr std::optional<Set> named(std::string_view word) noexcept {{
  for (std::size_t i = 0; i < ClosedSet<Set>::kNames.size(); ++i)
    if (ClosedSet<Set>::kNames[i] == word) return static_cast<Set>(i);
  return std::nullopt;
}}

template <class Set>
[[nodiscard]] constexpr std::size_t count_of() noexcept {{
  return ClosedSet<Set>::kNames.size();
}}

}}  // namespace hedgerow::model
"""

SET = """\
enum class {name} : std::uint8_t {{
{enumerators}
}};
template <>
struct ClosedSet<{name}> {{
  static constexpr std::string_view kOf = "{name}";
  static constexpr std::array<std::string_view, {count}> kNames{{
{names}
  }};
}};

"""


def files(root):
    schemas = load_yaml(root / SOURCE)["components"]["schemas"]
    sets = {
        name: schema["enum"]
        for name, schema in schemas.items()
        if schema.get("type") == "string" and "enum" in schema
    }
    if not sets:
        raise SourceError(f"{SOURCE}: no closed set found")
    text = HEADER.format(
        notice=NOTICE.format(source=SOURCE), sets="".join(one_set(name, words) for name, words in sets.items())
    )
    return {"src/model/closed_sets.gen.hpp": text}


def one_set(name, words):
    return SET.format(
        name=name,
        count=len(words),
        enumerators="\n".join(f"  {constant(word)}," for word in words),
        names="\n".join(f'      "{word}",' for word in words),
    )
