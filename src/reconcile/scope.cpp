#include "reconcile/scope.hpp"

namespace hedgerow::reconcile {

using base::Cause;
using base::Code;
using base::Failure;
using model::Coverage;

namespace {

Failure unknown_group(const kube::UnknownGroup& unknown) {
  const std::string name =
      unknown.version.empty() ? unknown.group : unknown.group + "/" + unknown.version;
  return {
      unknown.why.code(), unknown.why.cause(),
      fmt::format("The cluster could not say which kinds {} has. {}", name, unknown.why.detail())};
}

// As the record has it.
kube::Kind known_kind(const model::Kind& kind) {
  return {.group = kind.group,
          .version = kind.version,
          .kind = kind.kind,
          .plural = kind.plural,
          .namespaced = kind.namespaced};
}

Unread not_served(const model::KindState& state) {
  if (state.objects == 0) {
    return {state.kind,
            {.coverage = Coverage::OutOfScope,
             .code = {},
             .detail =
                 "The cluster does not serve this kind, and the record has nothing of it in scope.",
             .remedy = {}}};
  }
  return {state.kind,
          {.coverage = Coverage::NotServed,
           .code = Code::KindMissing,
           .detail = fmt::format("Kind {} is not installed in this cluster any more. Its {} known "
                                 "objects are kept.",
                                 state.kind.kind, state.objects),
           .remedy = {}}};
}

}  // namespace

model::Kind record_of(const kube::Kind& kind) {
  return {.group = kind.group,
          .kind = kind.kind,
          .version = kind.version,
          .plural = kind.plural,
          .namespaced = kind.namespaced};
}

store::KindName kind_name(const kube::Kind& kind) { return {kind.group, kind.kind}; }

Scope scope_of(const kube::Discovery& discovery, std::span<const model::KindState> known) {
  Scope scope;
  std::set<store::KindName> served;
  for (const kube::Kind& kind : discovery.kinds) {
    if (!served.insert(kind_name(kind)).second) continue;
    const std::string_view reason = model::never_mirrored(kind.group, kind.kind);
    if (reason.empty())
      scope.to_read.push_back(kind);
    else
      scope.out_of_scope.push_back({record_of(kind),
                                    {.coverage = Coverage::OutOfScope,
                                     .code = {},
                                     .detail = std::string{reason},
                                     .remedy = {}}});
  }

  std::map<std::string, Failure> unknown;
  for (const kube::UnknownGroup& group : discovery.unknown)
    unknown.emplace(group.group, unknown_group(group));
  std::set<std::string> frozen_groups;
  for (const model::KindState& state : known) {
    if (served.contains({state.kind.group, state.kind.kind})) continue;
    if (!model::never_mirrored(state.kind.group, state.kind.kind).empty()) continue;
    const auto why = unknown.find(state.kind.group);
    if (why == unknown.end()) {
      Unread unread = not_served(state);
      if (state.coverage != Coverage::NotServed && state.coverage != Coverage::OutOfScope)
        scope.unseen.push_back(known_kind(state.kind));
      auto& list = state.objects == 0 ? scope.out_of_scope : scope.frozen;
      list.push_back(std::move(unread));
      continue;
    }
    // Unknown is not absent.
    scope.frozen.push_back({state.kind,
                            {.coverage = Coverage::NotReadable,
                             .code = why->second.code(),
                             .detail = why->second.detail(),
                             .remedy = {}}});
    frozen_groups.insert(state.kind.group);
  }
  for (const auto& [group, why] : unknown)
    if (!frozen_groups.contains(group)) scope.unknown.push_back(why);
  return scope;
}

Failure no_kinds(std::string_view fabric, std::size_t known) {
  if (known == 0)
    return {Code::NoKinds, Cause::Missing,
            fmt::format("The cluster of {} has no Hedgehog kinds that could be read.", fabric)};
  return {Code::NoKinds, Cause::Missing,
          fmt::format(
              "The cluster of {} shows none of the {} Hedgehog kinds that the record has "
              "of it: it does not name them, nor know their lists when asked. Nothing was removed.",
              fabric, known)};
}

}  // namespace hedgerow::reconcile
