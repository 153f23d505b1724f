// What a list says of one object, against what the record remembers of it. Pure rules; writing what
// they say is the journal's.
#pragma once

#include "kube/api.hpp"
#include "store/objects.hpp"

namespace hedgerow::reconcile {

enum class Became : std::uint8_t {
  Unchanged,  // Nothing to write.
  Older,      // The record has seen what came after this state: the cluster went back.
  Appeared,
  Changed,
  Replaced,
  Touched,
};

// `digest` is the item's content digest. Absent in the record: null. Every write gives a higher
// version than any before it, another object's of that name too, and no uid is given twice
// (Kubernetes API conventions, Metadata): what contradicts that is Older. Whatever version was
// forgotten contradicts nothing.
[[nodiscard]] Became compare(const store::Known* before, const kube::Item& now,
                             const base::Digest& digest) noexcept;

// Not one byte changed, and the record has it as it is: no digest is needed to know. A version that
// was forgotten is learnt again, and what was out of scope is in scope now that it is read.
[[nodiscard]] inline bool is_same(const store::Known& before, const kube::Item& now) noexcept {
  return !before.removed && !before.out_of_scope && !before.resource_version.empty() &&
         before.raw_hash == now.quick_hash;
}

// Why a kind is frozen: its cluster went back to an earlier state.
//
// Its list is older than the version at which the kind was proven; nothing where it is not.
[[nodiscard]] std::optional<base::Failure> rewound_list(const kube::Kind& kind,
                                                        std::string_view version,
                                                        std::string_view proven);
// An object that it lists is Older.
[[nodiscard]] base::Failure rewound_object(const kube::Kind& kind, const store::Known& before,
                                           const kube::Item& now);
// It was found before, and nobody has confirmed it yet, whatever the versions say by now.
[[nodiscard]] base::Failure rewound_before(const kube::Kind& kind, base::WallTime since);
// Another kind was found so, and of this one something is missing.
[[nodiscard]] base::Failure rewound_beside(const kube::Kind& kind);

// What is to be written for it; `became` is neither Unchanged nor Older.
[[nodiscard]] store::ObjectWrite write_of(Became became, const kube::Kind& kind,
                                          const kube::Item& item, const base::Digest& digest,
                                          model::ObjectId id);
// A tombstone for what a complete list lacks.
[[nodiscard]] store::ObjectWrite tombstone(const kube::Kind& kind, const store::Known& gone);

}  // namespace hedgerow::reconcile
