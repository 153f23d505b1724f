#include "reconcile/places.hpp"

namespace hedgerow::reconcile {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr std::size_t kNamedMost = 12;

std::string_view plural(std::size_t count) { return count == 1 ? "" : "s"; }

}  // namespace

std::string named(std::span<const std::string> spaces) {
  const auto shown = spaces.first(std::min(spaces.size(), kNamedMost));
  std::string text = fmt::format("{}", fmt::join(shown, ", "));
  if (shown.size() < spaces.size())
    text += fmt::format(" and {} more", spaces.size() - shown.size());
  return text;
}

Failure refused_in(const kube::Kind& kind, const Spaces& spaces) {
  std::string detail = fmt::format(
      "The cluster does not let us read this everywhere. Missing: list {} in namespace{} {}.",
      kind.resource(), plural(spaces.refused.size()), named(spaces.refused));
  detail += spaces.read.empty() ? " It was read in none."
                                : fmt::format(" It was read in {}.", named(spaces.read));
  return {Code::ClusterForbidden, Cause::Denied, std::move(detail)};
}

std::string rule_for(const kube::Kind& kind, const Spaces& spaces) {
  std::string rule = kube::rbac_rule(std::span{&kind, 1});
  if (spaces.read.empty()) return rule;
  return fmt::format("# For a Role in namespace{} {}, bound to the account of Hedgerow.\n{}",
                     plural(spaces.refused.size()), fmt::join(spaces.refused, ", "), rule);
}

std::string read_by_namespace(std::span<const std::string> read) {
  return fmt::format(
      "The account may not list it in the whole cluster, so it was read in each namespace: {}.",
      named(read));
}

Failure nowhere_to_ask(const Failure& refusal, const Failure& why) {
  std::string detail = fmt::format("{} Nor could it be asked for in each namespace. {}",
                                   refusal.detail(), why.detail());
  if (why.code() == Code::ClusterForbidden)
    detail += " Name those that it may read in the settings of the fabric.";
  return {why.code(), why.cause(), std::move(detail)};
}

Failure too_many_namespaces(std::size_t count, std::size_t most) {
  return {
      Code::ClusterForbidden, Cause::Refused,
      fmt::format("The cluster has {} of them, and at most {} are asked one by one.", count, most)};
}

Failure namespace_gone(const kube::Kind& kind, std::string_view space, std::size_t objects) {
  return {Code::NamespaceMissing, Cause::Missing,
          fmt::format("The record has {} object{} of {} in namespace {}, which the cluster does "
                      "not have any more. Nothing of it is removed.",
                      objects, plural(objects), kind.resource(), space)};
}

}  // namespace hedgerow::reconcile
