// Paths of the Kubernetes API. Names come from the server or from people, so each is encoded. For
// this room only.
#pragma once

#include "kube/api.hpp"

namespace hedgerow::kube {

// RFC 3986 section 2.1: everything but letters, digits and -._~
[[nodiscard]] std::string percent_encoded(std::string_view text);

// "/apis/wiring.githedgehog.com/v1beta1"
[[nodiscard]] std::string group_path(std::string_view group, std::string_view version);

// "/apis/GROUP/VERSION/namespaces/SPACE/PLURAL"; an empty or meaningless namespace is left out.
[[nodiscard]] std::string list_path(const Kind& kind, std::string_view space);

}  // namespace hedgerow::kube
