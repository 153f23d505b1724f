#include "kube/discovery.hpp"

#include "base/text.hpp"

namespace hedgerow::kube {

using simdjson::dom::element;

namespace {

bool can_list(element resource) {
  const auto verbs = Answer::list_in(resource, "/verbs");
  if (!verbs) return false;
  for (const element verb : *verbs) {
    std::string_view text;
    if (verb.get(text) == simdjson::SUCCESS && text == "list") return true;
  }
  return false;
}

UnknownGroup stale(std::string_view group, std::string_view version) {
  return {std::string{group}, std::string{version},
          base::Failure{
              base::Code::ClusterError, base::Cause::Transient,
              fmt::format("The cluster does not know the kinds of {}/{} just now (its discovery is "
                          "stale): the server behind that group does not answer.",
                          base::shown(group, 100), base::shown(version, 40))}};
}

void read_version(element version, std::string_view group, Kinds& kinds, Discovery& into) {
  const auto name = Answer::text_in(version, "/version");
  const auto resources = Answer::list_in(version, "/resources");
  if (Answer::text_in(version, "/freshness") == "Stale") {
    into.unknown.push_back(stale(group, name));
    return;
  }
  if (!resources) return;
  for (const element resource : *resources) {
    if (!can_list(resource)) continue;
    kinds.add({.group = std::string{group},
               .version = std::string{name},
               .kind = std::string{Answer::text_in(resource, "/responseKind/kind")},
               .plural = std::string{Answer::text_in(resource, "/resource")},
               .namespaced = Answer::text_in(resource, "/scope") == "Namespaced"});
  }
}

}  // namespace

void Kinds::add(const Kind& kind) {
  if (kind.version.empty() || kind.kind.empty() || kind.plural.empty()) return;
  std::pair key{kind.group, kind.plural};
  by_resource_.try_emplace(std::move(key), kind);
}

std::vector<Kind> Kinds::taken() && {
  std::vector<Kind> kinds;
  for (auto& [key, kind] : by_resource_) kinds.push_back(std::move(kind));
  std::sort(kinds.begin(), kinds.end(), [](const Kind& a, const Kind& b) {
    return std::tie(a.group, a.kind) < std::tie(b.group, b.kind);
  });
  return kinds;
}

Discovery read_aggregated(const Answer& answer, const Api::GroupFilter& wanted) {
  Discovery found;
  Kinds kinds;
  if (const auto groups = answer.list("/items"))
    for (const element group : *groups) {
      const auto name = Answer::text_in(group, "/metadata/name");
      const auto versions = Answer::list_in(group, "/versions");
      if (name.empty() || !versions || !wanted(name)) continue;
      for (const element version : *versions) read_version(version, name, kinds, found);
    }
  found.kinds = std::move(kinds).taken();
  return found;
}

std::vector<GroupVersion> read_groups(const Answer& answer, const Api::GroupFilter& wanted) {
  std::vector<GroupVersion> found;
  const auto groups = answer.list("/groups");
  if (!groups) return found;
  for (const element group : *groups) {
    const auto name = Answer::text_in(group, "/name");
    const auto versions = Answer::list_in(group, "/versions");
    if (name.empty() || !versions || !wanted(name)) continue;
    const auto preferred = Answer::text_in(group, "/preferredVersion/version");
    const auto first = static_cast<std::ptrdiff_t>(found.size());
    for (const element version : *versions) {
      GroupVersion one{std::string{name}, std::string{Answer::text_in(version, "/version")}};
      const bool leads = one.version == preferred;
      found.insert(leads ? found.begin() + first : found.end(), std::move(one));
    }
  }
  return found;
}

bool read_resources(const Answer& answer, const GroupVersion& of, Kinds& into) {
  const auto resources = answer.list("/resources");
  if (!answer.is_kind("APIResourceList") || !resources) return false;
  for (const element resource : *resources) {
    const auto plural = Answer::text_in(resource, "/name");
    // "connections/status" is a part of its object.
    if (plural.find('/') != std::string_view::npos || !can_list(resource)) continue;
    bool namespaced = false;
    if (resource["namespaced"].get(namespaced) != simdjson::SUCCESS) continue;
    into.add({.group = of.group,
              .version = of.version,
              .kind = std::string{Answer::text_in(resource, "/kind")},
              .plural = std::string{plural},
              .namespaced = namespaced});
  }
  return true;
}

}  // namespace hedgerow::kube
