// What discovery answers say: the kinds of the wanted groups, and what could not be said. For this
// room only.
#pragma once

#include "kube/answer.hpp"
#include "kube/api.hpp"

namespace hedgerow::kube {

// Ask for this with "/apis": aggregated discovery in its final or its beta form, else the classic
// list of groups.
inline constexpr std::string_view kDiscoveryAccept =
    "Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json";

// Collects kinds; of each the version that was added first stays.
class Kinds {
 public:
  void add(const Kind& kind);
  // In the order of group and kind.
  [[nodiscard]] std::vector<Kind> taken() &&;

 private:
  std::map<std::pair<std::string, std::string>, Kind> by_resource_;
};

// From an APIGroupDiscoveryList; versions stand in the order of preference.
[[nodiscard]] Discovery read_aggregated(const Answer& answer, const Api::GroupFilter& wanted);

struct GroupVersion {
  std::string group;
  std::string version;
};
// From a classic APIGroupList, preferred versions first.
[[nodiscard]] std::vector<GroupVersion> read_groups(const Answer& answer,
                                                    const Api::GroupFilter& wanted);
// From a classic APIResourceList; false when it is none.
[[nodiscard]] bool read_resources(const Answer& answer, const GroupVersion& of, Kinds& into);

}  // namespace hedgerow::kube
