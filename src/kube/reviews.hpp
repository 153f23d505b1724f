// Questions to the API server about ourselves: who are we, and may we list this? Each is a POST
// that changes nothing. For this room only.
#pragma once

#include "kube/api.hpp"

namespace hedgerow::kube {

// SelfSubjectReview, since Kubernetes 1.28.
[[nodiscard]] outbound::Request ask_who_we_are();
// The user name in the answer; nothing when the server does not know this question or does not let
// us ask.
[[nodiscard]] std::optional<std::string> user_in(const outbound::Reply& reply);

// SelfSubjectAccessReview for the verb list.
[[nodiscard]] outbound::Request ask_whether_listable(const Kind& kind, std::string_view space);
// Nothing when the answer is no review.
[[nodiscard]] std::optional<bool> allowed_in(const outbound::Reply& reply);

}  // namespace hedgerow::kube
