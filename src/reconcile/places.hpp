// Where the lists of a kind are asked for, and what those of several namespaces came to together.
// Pure rules and their sentences; asking is the reading's business.
#pragma once

#include "kube/api.hpp"

namespace hedgerow::reconcile {

// One namespace to list in; empty for the whole cluster.
struct Place {
  std::string space;
  // Why a list there proves no absence; nothing when it does.
  std::optional<base::Failure> unproven;
  bool listable = true;
};

// The namespaces of one kind by how the cluster answered.
struct Spaces {
  std::vector<std::string> read;
  std::vector<std::string> refused;
};

// "a, b, c and 12 more"
[[nodiscard]] std::string named(std::span<const std::string> spaces);

// Not in all of its namespaces may the kind be listed. `spaces.refused` has one at least.
[[nodiscard]] base::Failure refused_in(const kube::Kind& kind, const Spaces& spaces);
// The rule that is missing, as YAML to be copied: where some may be read, in the others.
[[nodiscard]] std::string rule_for(const kube::Kind& kind, const Spaces& spaces);
// How a kind was read that may not be listed in the whole cluster.
[[nodiscard]] std::string read_by_namespace(std::span<const std::string> read);
// Neither may it be listed in the whole cluster nor is it known in which namespaces to ask.
[[nodiscard]] base::Failure nowhere_to_ask(const base::Failure& refusal, const base::Failure& why);
[[nodiscard]] base::Failure too_many_namespaces(std::size_t count, std::size_t most);
// The record has objects of the kind in a namespace that the cluster does not have any more.
[[nodiscard]] base::Failure namespace_gone(const kube::Kind& kind, std::string_view space,
                                           std::size_t objects);

}  // namespace hedgerow::reconcile
