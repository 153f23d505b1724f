// What is asked again, how often, and that nobody else waits for it.
#include <gmock/gmock.h>

#include "kube_lists.hpp"

namespace hedgerow::test {
namespace {

using base::Milliseconds;
using kube::ListRequest;
using kube::ListResult;
using testing::ElementsAre;
using testing::HasSubstr;

// A rule by which the Gate refuses such paths, so often (0: always), for so many seconds.
std::string refusing(std::string_view path, int status, int times, int seconds = 0) {
  return fmt::format(R"({{"name":"no","match":{{"path":"{}"}},"times":{},"action":{{"answer":
                     {{"status":{},"headers":{{"Retry-After":"{}"}},"body":"busy"}}}}}})",
                     path, times, status, seconds);
}

// Every question that the room asks of a server, by the path that it goes to.
struct Question {
  std::string path;
  std::function<void(kube::Api&)> ask;
};
std::vector<Question> questions() {
  return {
      {"^/version$", [](kube::Api& api) { std::ignore = api.version({}); }},
      {"/kube-system$", [](kube::Api& api) { std::ignore = api.identity({}); }},
      {"/default$", [](kube::Api& api) { std::ignore = api.namespace_exists("default", {}); }},
      {"^/apis$", [](kube::Api& api) { std::ignore = api.discover(is_hedgehog, {}); }},
      {"/connections$",
       [](kube::Api& api) {
         Kept kept;
         const auto result = listed(api, {kConnections, ""}, kept);
         if (result.failure) throw base::Failure{*result.failure};
       }},
  };
}

TEST(KubeRetries, AskThreeTimesAndSayHowOften) {
  const Gate gate;
  for (const Question& question : questions())
    for (const int status : {429, 500, 502, 503, 504}) {
      SCOPED_TRACE(fmt::format("{} {}", question.path, status));
      const auto api = api_at("admin", gate.url());
      gate.clear();
      gate.rule(refusing(question.path, status, 0));
      const auto failure = failure_in([&] { question.ask(*api); });
      EXPECT_EQ(code_in(failure), status == 429 ? "cluster_throttled" : "cluster_error");
      EXPECT_THAT(failure.detail(), HasSubstr("It was asked 3 times."));
      EXPECT_EQ(gate.requests(question.path), 3u);
      gate.clear();
      gate.rule(refusing(question.path, status, 2));
      EXPECT_NO_THROW(question.ask(*api)) << "the third answer is a good one";
      EXPECT_EQ(gate.requests(question.path), 3u);
      EXPECT_EQ(api->sent_again(), 4u);
    }
}

TEST(KubeRetries, AskOnceWhereTheAnswerWouldBeTheSame) {
  const Gate gate;
  for (const Question& question : questions())
    for (const int status : {400, 401, 403, 404, 302, 501}) {
      SCOPED_TRACE(fmt::format("{} {}", question.path, status));
      const auto api = api_at("admin", gate.url());
      gate.clear();
      gate.rule(refusing(question.path, status, 0, 1));
      failure_in([&] { question.ask(*api); });
      EXPECT_EQ(gate.requests(question.path), 1u);
      EXPECT_EQ(api->sent_again(), 0u);
    }
}

TEST(KubeRetries, WaitAsLongAsTheServerWantsInItsHeaderOrItsStatus) {
  const Gate gate;
  const auto api = api_at("admin", gate.url());
  const std::string status =
      R"({"kind":"Status","apiVersion":"v1","status":"Failure","code":429,)"
      R"("message":"storage is (re)initializing","details":{"retryAfterSeconds":1}})";
  base::JsonOut body;
  for (const std::string& rule :
       {refusing("/connections$", 429, 1, 1),
        fmt::format(R"({{"match":{{"path":"/connections$"}},"times":1,"action":{{"answer":
                    {{"status":429,"body":{}}}}}}})",
                    body.value(status).text())}) {
    gate.clear();
    gate.rule(rule);
    Kept kept;
    const auto from = clock().steady();
    const ListResult result = listed(*api, {kConnections, ""}, kept);
    EXPECT_EQ(code_of(result), "complete");
    EXPECT_EQ(result.tries, 2u);
    EXPECT_GE(clock().steady() - from, std::chrono::seconds{1});
    EXPECT_GE(result.took, std::chrono::seconds{1});
  }
}

TEST(KubeRetries, HoldUpNoOtherListMeanwhile) {
  const Gate gate;
  gate.rule(refusing("/connections$", 503, 1, 1));
  const auto api = api_at("admin", gate.url());
  class Order final : public kube::ListSink {
   public:
    void item(std::size_t, const kube::Item&) override {}
    void restarted(std::size_t) override {}
    void ended(std::size_t request, const ListResult& result) override {
      EXPECT_TRUE(result.complete);
      ends.push_back(request);
    }
    std::vector<std::size_t> ends;
  } order;
  const std::vector<ListRequest> requests{{kConnections, ""}, {kWidgets, ""}, {kWidgets, "north"}};
  // One at a time, and still the others pass it.
  const auto results = api->list_kinds(requests, 1, order, {});
  EXPECT_THAT(order.ends, ElementsAre(1, 2, 0));
  EXPECT_EQ(results[0].tries, 2u);
  EXPECT_EQ(results[1].tries, 1u);
}

TEST(KubeRetries, EndWithin100MillisecondsOfAStop) {
  const Gate gate;
  gate.rule(refusing("/connections$", 429, 0, 2));
  const auto api = api_at("admin", gate.url());
  std::stop_source stop;
  base::SteadyTime asked;
  class Others final : public kube::ListSink {
   public:
    void item(std::size_t, const kube::Item&) override {}
    void restarted(std::size_t) override {}
    void ended(std::size_t, const ListResult&) override { others_done = true; }
    std::atomic<bool> others_done = false;
  } sink;
  std::jthread stopper{[&] {
    while (!sink.others_done || gate.requests("/connections$") == 0) std::this_thread::yield();
    // It rests by now, or is about to: nothing else is on its way.
    asked = clock().steady();
    stop.request_stop();
  }};
  const std::vector<ListRequest> requests{{kConnections, ""}, {kWidgets, ""}};
  const auto failure = failure_in([&] { api->list_kinds(requests, 1, sink, stop.get_token()); });
  EXPECT_LT(clock().steady() - asked, Milliseconds{100});
  EXPECT_EQ(code_in(failure), "cancelled");
  EXPECT_EQ(gate.requests("/connections$"), 1u);
}

TEST(KubeRetries, SurviveGoawayAndResetsBeforeAnAnswer) {
  const Gate gate;
  for (const std::string action : {R"("reset":true)", R"("goaway":{"last_stream":0})",
                                   R"("goaway":{"last_stream":2147483647})",
                                   R"("cut":{"before_headers":true,"how":"reset"})"}) {
    SCOPED_TRACE(action);
    gate.clear();
    gate.rule(R"({"match":{"path":"/connections$"},"times":1,"action":{)" + action + "}}");
    const auto api = api_at("admin", gate.url());
    Kept kept;
    const ListResult result = listed(*api, {kConnections, ""}, kept);
    EXPECT_EQ(code_of(result), "complete");
    EXPECT_EQ(result.tries, 2u);
    EXPECT_EQ(gate.requests("/connections$"), 2u);
    EXPECT_EQ(kept.documents[0].size(), 26u);
    gate.clear();
    gate.rule(R"({"match":{"path":"/connections$"},"action":{)" + action + "}}");
    Kept nothing;
    const ListResult broken = listed(*api, {kConnections, ""}, nothing);
    EXPECT_EQ(code_of(broken), "reply_truncated");
    EXPECT_EQ(gate.requests("/connections$"), 3u) << "whoever sends it again";
  }
}

}  // namespace
}  // namespace hedgerow::test
