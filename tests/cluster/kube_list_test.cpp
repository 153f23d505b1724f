// Lists that end badly: none of them is ever taken for a whole one.
#include <gmock/gmock.h>

#include "kube_lists.hpp"

namespace hedgerow::test {
namespace {

using base::Code;
using base::Failure;
using kube::Kind;
using kube::ListRequest;
using kube::ListResult;
using testing::HasSubstr;

struct Row {
  std::string_view name;
  int status;
  std::string body;
  std::string_view code;
};

// Answers the list of connections so, row by row, and looks what becomes of it.
void expect_ends(const std::vector<Row>& rows) {
  const Gate gate;
  const auto api = api_at("reader", gate.url());
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    gate.clear();
    gate.rule(answering(kConnectionsPath, row.status, row.body));
    Kept kept;
    // As the record does with an object it has not seen yet.
    kept.on_item = [](const kube::Item& one) { std::ignore = base::content_digest(one.document); };
    const ListResult result = listed(*api, {kConnections, ""}, kept);
    EXPECT_EQ(code_of(result), row.code)
        << (result.failure ? result.failure->detail() : std::string{});
    if (!result.complete) EXPECT_TRUE(result.resource_version.empty());
  }
  gate.clear();
  Kept kept;
  EXPECT_EQ(listed(*api, {kConnections, ""}, kept).items, 26u) << "does not recover";
}

std::string status_body(int code) {
  return fmt::format(R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure",)"
                     R"("message":"no","reason":"R","code":{}}})",
                     code);
}

constexpr std::string_view kHead =
    R"("apiVersion":"wiring.githedgehog.com/v1beta1","kind":"ConnectionList")";
constexpr std::string_view kAtNine = R"("resourceVersion":"9")";
constexpr std::string_view kWho =
    R"("name":"c","namespace":"default","uid":"u","resourceVersion":"7")";

std::string list_body(std::string_view items, std::string_view metadata = kAtNine) {
  return fmt::format(R"({{{},"items":[{}],"metadata":{{{}}}}})", kHead, items, metadata);
}

std::string item_body(std::string_view metadata, std::string_view rest = "") {
  return fmt::format(R"({{"apiVersion":"wiring.githedgehog.com/v1beta1","kind":"Connection",)"
                     R"("metadata":{{{}}}{}}})",
                     metadata, rest);
}

TEST(KubeList, SaysWhyTheServerGaveNone) {
  expect_ends({
      {"401", 401, status_body(401), "cluster_unauthorized"},
      {"403", 403, status_body(403), "cluster_forbidden"},
      {"404", 404, "404 page not found", "kind_missing"},
      {"500", 500, status_body(500), "cluster_error"},
      {"503 page", 503, "<html><title>Unavailable</title></html>", "cluster_error"},
      {"204", 204, "", "cluster_error"},
      {"201", 201, list_body(""), "cluster_error"},
      {"500 in a 200", 200, status_body(500), "cluster_error"},
      {"401 in a 200", 200, status_body(401), "cluster_unauthorized"},
      {"429 in a 200", 200, status_body(429), "cluster_throttled"},
      {"status without a code", 200, R"({"kind":"Status","apiVersion":"v1"})", "malformed"},
      {"success where a list should be", 200,
       R"({"kind":"Status","apiVersion":"v1","status":"Success","code":200})", "malformed"},
  });
}

TEST(KubeList, IsNeverWholeWhenTheAnswerIsNotThatList) {
  const std::string who{kWho};
  expect_ends({
      {"good", 200, list_body(item_body(kWho)), "complete"},
      {"good and empty", 200, list_body(""), "complete"},
      {"web page", 200, "<html><title>Sign in</title></html>", "malformed"},
      {"nothing", 200, "", "reply_truncated"},
      {"half", 200, list_body(item_body(kWho)).substr(0, 180), "reply_truncated"},
      {"no version", 200, list_body("", ""), "malformed"},
      {"empty version", 200, list_body("", R"("resourceVersion":"")"), "malformed"},
      {"other kind", 200,
       R"({"apiVersion":"wiring.githedgehog.com/v1beta1","kind":"ServerList","items":[],)"
       R"("metadata":{"resourceVersion":"9"}})",
       "malformed"},
      {"other group", 200,
       R"({"apiVersion":"v1","kind":"ConnectionList","items":[],)"
       R"("metadata":{"resourceVersion":"9"}})",
       "malformed"},
      {"no items", 200, fmt::format(R"({{{},"metadata":{{{}}}}})", kHead, kAtNine), "malformed"},
      {"item without uid", 200,
       list_body(item_body(R"("name":"c","namespace":"default","resourceVersion":"7")")),
       "malformed"},
      {"item of another kind", 200,
       list_body(R"({"apiVersion":"v1","kind":"Secret","metadata":{}})"), "malformed"},
      {"half a generation", 200, list_body(item_body(who + R"(,"generation":1.5)")), "malformed"},
      {"deep", 200,
       list_body(item_body(kWho, R"(,"spec":)" + std::string(200, '[') + std::string(200, ']'))),
       "malformed"},
      {"key twice in metadata", 200, list_body(item_body(who + R"(,"uid":"v")")), "malformed"},
      {"key twice deep inside", 200, list_body(item_body(kWho, R"(,"spec":{"a":{"b":1,"b":2}})")),
       "malformed"},
      {"half a character", 200, list_body(item_body(kWho, R"(,"spec":{"a":"\ud800"})")),
       "malformed"},
  });
}

TEST(KubeList, IsNotCompleteWhereverItsBodyIsCut) {
  const Gate gate;
  const auto api = api_at("reader", gate.url());
  Kept whole;
  const std::uint64_t bytes = listed(*api, {kConnections, ""}, whole).bytes;
  ASSERT_GT(bytes, 10'000u);
  for (const std::string how : {"close", "reset"})
    for (std::uint64_t after = 0; after < bytes; after += after < 600 ? 149 : 4'001) {
      SCOPED_TRACE(fmt::format("{} after {}", how, after));
      gate.clear();
      gate.rule(fmt::format(R"({{"match":{{"path":"{}"}},
                 "action":{{"cut":{{"after":{},"how":"{}"}}}}}})",
                            kConnectionsPath, after, how));
      Kept kept;
      const ListResult result = listed(*api, {kConnections, ""}, kept);
      EXPECT_EQ(code_of(result), "reply_truncated");
      EXPECT_LE(kept.documents[0].size(), 26u);
    }
  gate.clear();
  Kept kept;
  EXPECT_EQ(code_of(listed(*api, {kConnections, ""}, kept)), "complete");
  EXPECT_EQ(kept.documents, whole.documents);
}

TEST(KubeList, NamesTheRuleThatIsMissing) {
  const auto api = api_at("reader");
  Kept kept;
  const ListResult result = listed(*api, {kWidgets, ""}, kept);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(code_of(result), "cluster_forbidden");
  EXPECT_EQ(result.status, 403);
  EXPECT_THAT(result.failure->detail(), HasSubstr("Missing: list widgets.one.hedgerow.test"));
  EXPECT_THAT(result.failure->next(), HasSubstr(R"(resources: ["widgets"])"));
}

TEST(KubeList, CallsAKindMissingThatIsNotServed) {
  const auto api = api_at("admin");
  Kind gone = kWidgets;
  gone.plural = "gadgets";
  const std::vector<ListRequest> requests{{gone, ""}, {kConnections, ""}};
  Kept kept;
  const auto results = api->list_kinds(requests, kConcurrency, kept, {});
  EXPECT_EQ(code_of(results[0]), "kind_missing");
  EXPECT_EQ(code_of(results[1]), "complete") << "one kind's fault is not another's";
}

TEST(KubeList, InANamespaceThatIsNotThereIsEmptyAndWhole) {
  const auto api = api_at("reader");
  Kept kept;
  const ListResult result = listed(*api, {kConnections, "no-such-namespace"}, kept);
  EXPECT_TRUE(result.complete);
  EXPECT_EQ(result.items, 0u);
  EXPECT_FALSE(api->namespace_exists("no-such-namespace", {}));
}

TEST(KubeList, EndsWithTheTokenItCameWith) {
  auto fields = Cluster::shared().connection("reader").duplicate();
  const auto connection = kube::Connection::checked({.server = fields.fields().server,
                                                     .ca = fields.fields().ca,
                                                     .tls_name = {},
                                                     .token = base::SecretText{"wrong-token"},
                                                     .certificate = {},
                                                     .key = {}});
  const auto api = kube::connect(connection, quick_settings(), surroundings());
  Kept kept;
  EXPECT_EQ(code_of(listed(*api, {kConnections, ""}, kept)), "cluster_unauthorized");
  EXPECT_EQ(code_in(failure_in([&] { std::ignore = api->version({}); })), "cluster_unauthorized");
}

TEST(KubeList, StopsAtItsLimits) {
  kube::Settings settings = quick_settings();
  const auto with = [&](auto change, std::size_t page_size) {
    kube::Settings own = settings;
    change(own);
    own.page_size = page_size;
    Kept kept;
    const auto api = kube::connect(Cluster::shared().connection("admin"), own, surroundings());
    return code_of(listed(*api, {kConnections, ""}, kept));
  };
  EXPECT_EQ(with([](auto& own) { own.list_bytes_max = 5'000; }, 0), "reply_too_large");
  EXPECT_EQ(with([](auto& own) { own.page_bytes_max = 1'000; }, 10), "reply_too_large");
  EXPECT_EQ(with([](auto& own) { own.list_bytes_max = 9'000; }, 5), "reply_too_large");
  EXPECT_EQ(with([](auto& own) { own.item_bytes_max = 300; }, 0), "reply_too_large");
  EXPECT_EQ(with([](auto&) {}, 5), "complete");
}

TEST(KubeList, K18_StopsAtTheSumOfAllListsAndKeepsThoseThatAreWhole) {
  const std::vector<ListRequest> requests{{kConnections, ""}, {kWidgets, ""}};
  const auto all_within = [&](std::uint64_t bytes_max) {
    kube::Settings own = quick_settings();
    if (bytes_max > 0) own.reading_bytes_max = bytes_max;
    Kept kept;
    return kube::connect(Cluster::shared().connection("admin"), own, surroundings())
        ->list_kinds(requests, 1, kept, {});
  };
  const auto whole = all_within(0);
  ASSERT_EQ(code_of(whole[0]), "complete");
  ASSERT_EQ(code_of(whole[1]), "complete");
  const auto fitting = all_within(whole[0].bytes + whole[1].bytes);
  EXPECT_EQ(code_of(fitting[0]), "complete");
  EXPECT_EQ(code_of(fitting[1]), "complete");
  const auto cut = all_within(whole[0].bytes + whole[1].bytes - 1);
  EXPECT_EQ(code_of(cut[0]), "complete");
  EXPECT_EQ(code_of(cut[1]), "reply_too_large");
}

TEST(KubeList, EndsAllListsWithWhatTheCallerThrowsAndGoesOnAfterwards) {
  const auto api = api_at("admin");
  const std::vector<ListRequest> requests{{kConnections, ""}, {kWidgets, ""}};
  Kept kept;
  kept.on_item = [](const kube::Item&) {
    throw Failure{Code::StorageFull, base::Cause::Transient, "the disk is full"};
  };
  EXPECT_EQ(code_in(failure_in([&] { api->list_kinds(requests, kConcurrency, kept, {}); })),
            "storage_full");
  EXPECT_TRUE(kept.ends.empty());
  kept.on_item = nullptr;
  for (const auto& result : api->list_kinds(requests, kConcurrency, kept, {}))
    EXPECT_EQ(code_of(result), "complete");
}

TEST(KubeList, StopsWithin100MillisecondsWhenAsked) {
  const Gate gate;
  gate.rule(R"({"name":"hole","match":{"path":"/connections$"},"action":{"black_hole":true}})");
  const auto api = api_at("admin", gate.url());
  std::ignore = api->version({});
  std::stop_source stop;
  base::SteadyTime asked;
  std::jthread stopper{[&] {
    while (gate.requests(std::string{kConnectionsPath}) == 0) std::this_thread::yield();
    asked = clock().steady();
    stop.request_stop();
  }};
  const std::vector<ListRequest> requests{{kConnections, ""}, {kWidgets, ""}};
  Kept kept;
  const auto failure =
      failure_in([&] { api->list_kinds(requests, kConcurrency, kept, stop.get_token()); });
  const auto took = clock().steady() - asked;
  EXPECT_EQ(code_in(failure), "cancelled");
  EXPECT_LT(took, std::chrono::milliseconds{100});
  EXPECT_FALSE(kept.ends.contains(0));
}

}  // namespace
}  // namespace hedgerow::test
