// What a list says of one object, against what the record remembers of it. Pure rules; writing what
// they say is the journal's.
#pragma once

#include "kube/api.hpp"
#include "store/objects.hpp"

namespace hedgerow::reconcile {

// Decimal resourceVersions of one resource may be ordered, by length and then as text (KEP-5504);
// of any others none is older.
[[nodiscard]] bool is_older(std::string_view one, std::string_view other) noexcept;

enum class Became : std::uint8_t {
  Unchanged,  // Nothing to write.
  Older,      // The record has seen a newer state of this very object: nothing to write either.
  Appeared,
  Changed,
  Replaced,
  Touched,
};

// `digest` is the item's content digest. Absent in the record: null.
[[nodiscard]] Became compare(const store::Known* before, const kube::Item& now,
                             const base::Digest& digest) noexcept;

// Not one byte changed, and it is there: no digest is needed to know.
[[nodiscard]] inline bool is_same(const store::Known& before, const kube::Item& now) noexcept {
  return !before.removed && before.raw_hash == now.quick_hash;
}

// What is to be written for it; `became` is neither Unchanged nor Older.
[[nodiscard]] store::ObjectWrite write_of(Became became, const kube::Kind& kind,
                                          const kube::Item& item, const base::Digest& digest,
                                          model::ObjectId id);
// A tombstone for what a complete list lacks.
[[nodiscard]] store::ObjectWrite tombstone(const kube::Kind& kind, const store::Known& gone);

}  // namespace hedgerow::reconcile
