// What tests of lists share: a sink that keeps what comes as a record would, two kinds, and answers
// of the Gate's own.
#pragma once

#include <gmock/gmock.h>

#include "base/json_out.hpp"
#include "kube_fixture.hpp"

namespace hedgerow::test {

inline constexpr std::size_t kConcurrency = 4;

// Keeps what lists bring, as a record would.
class Kept final : public kube::ListSink {
 public:
  void item(std::size_t request, const kube::Item& item) override {
    documents[request][fmt::format("{}/{}", item.space, item.name)] = item.document;
    if (on_item) on_item(item);
  }
  void restarted(std::size_t request) override {
    ++restarts;
    documents[request].clear();
  }
  void ended(std::size_t request, const kube::ListResult& result) override {
    EXPECT_EQ(result.complete, !result.failure);
    EXPECT_TRUE(ends.emplace(request, result).second) << "ended twice";
  }

  std::map<std::size_t, std::map<std::string, std::string>> documents;
  std::map<std::size_t, kube::ListResult> ends;
  int restarts = 0;
  std::function<void(const kube::Item&)> on_item;
};

inline const kube::Kind kWidgets{.group = "one.hedgerow.test",
                                 .version = "v1",
                                 .kind = "Widget",
                                 .plural = "widgets",
                                 .namespaced = true};
inline const kube::Kind kConnections{.group = "wiring.githedgehog.com",
                                     .version = "v1beta1",
                                     .kind = "Connection",
                                     .plural = "connections",
                                     .namespaced = true};

inline kube::ListResult listed(kube::Api& api, const kube::ListRequest& request, Kept& kept) {
  const std::vector<kube::ListRequest> requests{request};
  return api.list_kinds(requests, kConcurrency, kept, {}).at(0);
}

inline std::string code_of(const kube::ListResult& result) {
  return result.failure ? std::string{code_in(*result.failure)} : "complete";
}

// As a Gate's rule matches it.
inline constexpr std::string_view kConnectionsPath = "/connections$";

// A rule by which the Gate answers requests for such paths itself.
inline std::string answering(std::string_view path, int status, std::string_view body) {
  base::JsonOut rule;
  rule.begin_object().key("match").begin_object().field("path", path).end_object();
  rule.key("action").begin_object().key("answer").begin_object();
  rule.field("status", status).field("body", body).end_object().end_object();
  return rule.end_object().take();
}

}  // namespace hedgerow::test
