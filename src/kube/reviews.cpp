#include "kube/reviews.hpp"

#include "base/json_out.hpp"
#include "base/text.hpp"
#include "kube/answer.hpp"

namespace hedgerow::kube {

namespace {

outbound::Request posting(std::string path, std::string body) {
  outbound::Request request;
  request.method = outbound::Request::Method::Post;
  request.path = std::move(path);
  request.headers = {"Accept: application/json", "Content-Type: application/json"};
  request.body = std::move(body);
  return request;
}

bool answers(const outbound::Reply& reply) {
  return !reply.failure && (reply.status == 200 || reply.status == 201);
}

}  // namespace

outbound::Request ask_who_we_are() {
  base::JsonOut body;
  body.begin_object()
      .field("apiVersion", "authentication.k8s.io/v1")
      .field("kind", "SelfSubjectReview")
      .end_object();
  return posting("/apis/authentication.k8s.io/v1/selfsubjectreviews", body.take());
}

std::optional<std::string> user_in(const outbound::Reply& reply) {
  if (!answers(reply)) return std::nullopt;
  const Answer answer{reply.body};
  const auto user = answer.text("/status/userInfo/username");
  if (!answer.is_kind("SelfSubjectReview") || user.empty()) return std::nullopt;
  return base::shown(user, 200);
}

outbound::Request ask_whether_listable(const Kind& kind, std::string_view space) {
  base::JsonOut body;
  body.begin_object()
      .field("apiVersion", "authorization.k8s.io/v1")
      .field("kind", "SelfSubjectAccessReview")
      .key("spec")
      .begin_object()
      .key("resourceAttributes")
      .begin_object()
      .field("verb", "list")
      .field("group", kind.group)
      .field("version", kind.version)
      .field("resource", kind.plural)
      .field("namespace", kind.namespaced ? space : std::string_view{})
      .end_object()
      .end_object()
      .end_object();
  return posting("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body.take());
}

std::optional<bool> allowed_in(const outbound::Reply& reply) {
  if (!answers(reply)) return std::nullopt;
  const Answer answer{reply.body};
  bool allowed = false;
  const auto found = answer.at("/status/allowed");
  if (!answer.is_kind("SelfSubjectAccessReview") || !found ||
      found->get(allowed) != simdjson::SUCCESS)
    return std::nullopt;
  return allowed;
}

}  // namespace hedgerow::kube
