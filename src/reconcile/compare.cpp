#include "reconcile/compare.hpp"

#include "base/check.hpp"

namespace hedgerow::reconcile {

using base::Failure;
using model::is_older;

namespace {

store::Act act_of(Became became) noexcept {
  switch (became) {
    case Became::Appeared: return store::Act::Appeared;
    case Became::Changed: return store::Act::Changed;
    case Became::Replaced: return store::Act::Replaced;
    case Became::Touched: return store::Act::Touched;
    case Became::Unchanged:
    case Became::Older: break;
  }
  CHECK(false);
}

Failure rewound(std::string detail) {
  return {base::Code::ClusterRewound, base::Cause::Refused, std::move(detail)};
}

}  // namespace

Became compare(const store::Known* before, const kube::Item& now,
               const base::Digest& digest) noexcept {
  if (before == nullptr) return Became::Appeared;
  const bool same_life = before->uid == now.uid;
  if (is_older(now.resource_version, before->resource_version)) return Became::Older;
  if (same_life && before->removed && !before->resource_version.empty()) return Became::Older;
  if (before->removed) return Became::Appeared;
  if (!same_life) return Became::Replaced;
  return before->digest == digest ? Became::Touched : Became::Changed;
}

std::optional<Failure> rewound_list(const kube::Kind& kind, std::string_view version,
                                    std::string_view proven) {
  if (!is_older(version, proven)) return std::nullopt;
  return rewound(
      fmt::format("The cluster went back: its list of {} is at resourceVersion {}, and the record "
                  "has seen it at {}.",
                  kind.resource(), version, proven));
}

Failure rewound_object(const kube::Kind& kind, const store::Known& before, const kube::Item& now) {
  if (!is_older(now.resource_version, before.resource_version))
    return rewound(
        fmt::format("The cluster went back: its {} {} was removed, and is there again under the "
                    "same uid {}.",
                    kind.kind, now.name, now.uid));
  return rewound(
      fmt::format("The cluster went back: its {} {} is at resourceVersion {}, and the record has "
                  "seen it at {}.",
                  kind.kind, now.name, now.resource_version, before.resource_version));
}

Failure rewound_before(const kube::Kind& kind, base::WallTime since) {
  return rewound(
      fmt::format("The cluster went back, as was found at {}; {} stays as the record had it until "
                  "an administrator confirms that.",
                  base::rfc3339(since), kind.resource()));
}

Failure rewound_beside(const kube::Kind& kind) {
  return rewound(fmt::format(
      "The cluster went back, as others of its kinds show, and its list of {} lacks what "
      "the record has: nothing of it is removed until an administrator confirms that.",
      kind.resource()));
}

store::ObjectWrite write_of(Became became, const kube::Kind& kind, const kube::Item& item,
                            const base::Digest& digest, model::ObjectId id) {
  const bool touched = became == Became::Touched;
  return {.act = act_of(became),
          .id = id,
          .identity = {.group = kind.group,
                       .kind = kind.kind,
                       .name_space = std::string{item.space},
                       .name = std::string{item.name}},
          .observed = {.version = kind.version,
                       .uid = std::string{item.uid},
                       .resource_version = std::string{item.resource_version},
                       .digest = digest,
                       .raw_hash = item.quick_hash,
                       .deleting = item.deleted.has_value(),
                       .document = touched ? std::string{} : std::string{item.document}}};
}

store::ObjectWrite tombstone(const kube::Kind& kind, const store::Known& gone) {
  return {.act = store::Act::Removed,
          .id = gone.id,
          .identity = {.group = kind.group,
                       .kind = kind.kind,
                       .name_space = std::string{gone.name_space},
                       .name = std::string{gone.name}},
          .observed = {}};
}

}  // namespace hedgerow::reconcile
