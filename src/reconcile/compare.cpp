#include "reconcile/compare.hpp"

#include "base/check.hpp"

namespace hedgerow::reconcile {

namespace {

// Without leading zeros, which would make equal numbers differ in length.
bool is_decimal(std::string_view text) noexcept {
  if (text.empty() || (text.front() == '0' && text.size() > 1)) return false;
  return std::ranges::all_of(text, [](char digit) { return digit >= '0' && digit <= '9'; });
}

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

}  // namespace

bool is_older(std::string_view one, std::string_view other) noexcept {
  if (!is_decimal(one) || !is_decimal(other)) return false;
  return one.size() != other.size() ? one.size() < other.size() : one < other;
}

Became compare(const store::Known* before, const kube::Item& now,
               const base::Digest& digest) noexcept {
  if (before == nullptr) return Became::Appeared;
  const bool same_life = before->uid == now.uid;
  if (same_life && is_older(now.resource_version, before->resource_version)) return Became::Older;
  if (before->removed) return Became::Appeared;
  if (!same_life) return Became::Replaced;
  return before->digest == digest ? Became::Touched : Became::Changed;
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
