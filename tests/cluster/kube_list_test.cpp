// Discovery and lists against a real API server, and what the Gate makes of its answers.
#include <gmock/gmock.h>
#include <unistd.h>

#include "base/json_out.hpp"
#include "base/text.hpp"
#include "kube_fixture.hpp"

namespace hedgerow::test {
namespace {

using base::Code;
using base::Failure;
using kube::Kind;
using kube::ListRequest;
using kube::ListResult;
using testing::HasSubstr;

constexpr std::size_t kConcurrency = 4;

// Keeps what lists bring, as a record would.
class Kept : public kube::ListSink {
 public:
  void item(std::size_t request, const kube::Item& item) override {
    documents[request][fmt::format("{}/{}", item.space, item.name)] = item.document;
    if (on_item) on_item(item);
  }
  void restarted(std::size_t request) override {
    ++restarts;
    documents[request].clear();
  }
  void ended(std::size_t request, const ListResult& result) override {
    EXPECT_EQ(result.complete, !result.failure);
    EXPECT_TRUE(ends.emplace(request, result).second) << "ended twice";
  }

  std::map<std::size_t, std::map<std::string, std::string>> documents;
  std::map<std::size_t, ListResult> ends;
  int restarts = 0;
  std::function<void(const kube::Item&)> on_item;
};

const Kind kWidgets{.group = "one.hedgerow.test",
                    .version = "v1",
                    .kind = "Widget",
                    .plural = "widgets",
                    .namespaced = true};
const Kind kConnections{.group = "wiring.githedgehog.com",
                        .version = "v1beta1",
                        .kind = "Connection",
                        .plural = "connections",
                        .namespaced = true};

ListResult listed(kube::Api& api, const ListRequest& request, Kept& kept) {
  const std::vector<ListRequest> requests{request};
  return api.list_kinds(requests, kConcurrency, kept, {}).at(0);
}

std::string code_of(const ListResult& result) {
  return result.failure ? std::string{code_in(*result.failure)} : "complete";
}

// A rule by which the Gate answers requests for such paths itself.
std::string answering(std::string_view path, int status, std::string_view body,
                      std::string_view more = {}) {
  base::JsonOut rule;
  rule.begin_object().key("match").begin_object().field("path", path).end_object();
  rule.key("action").begin_object().key("answer").begin_object();
  rule.field("status", status).field("body", body).end_object().end_object();
  std::string text = rule.end_object().take();
  if (!more.empty()) text.insert(text.size() - 1, fmt::format(",{}", more));
  return text;
}

// The sample's numbers, kind by kind.
const std::map<std::string, std::uint64_t> kSample{
    {"connections.wiring.githedgehog.com", 26}, {"servers.wiring.githedgehog.com", 10},
    {"switches.wiring.githedgehog.com", 7},     {"switchgroups.wiring.githedgehog.com", 3},
    {"ipv4namespaces.vpc.githedgehog.com", 1},  {"vlannamespaces.wiring.githedgehog.com", 1},
};

TEST(KubeApi, FindsTheClusterItsKindsAndAll48Objects) {
  const auto api = api_at("reader");
  const auto version = api->version({});
  EXPECT_THAT(version.git_version, testing::StartsWith("v1."));
  EXPECT_EQ(version.evidence.http_version, "2");
  EXPECT_EQ("https://" + version.evidence.address, Cluster::shared().url());
  ASSERT_TRUE(version.evidence.certificate);
  EXPECT_THAT(version.evidence.certificate->names, testing::Contains("127.0.0.1"));
  EXPECT_EQ(api->identity({}).size(), 36u);
  EXPECT_TRUE(api->namespace_exists("default", {}));
  EXPECT_FALSE(api->namespace_exists("no-such-namespace", {}));

  const auto discovery = api->discover(is_hedgehog, {});
  EXPECT_TRUE(discovery.unknown.empty());
  EXPECT_EQ(discovery.kinds.size(), 22u);
  std::vector<ListRequest> requests;
  for (const Kind& kind : discovery.kinds) requests.push_back({kind, {}});
  Kept kept;
  const auto results = api->list_kinds(requests, kConcurrency, kept, {});
  std::uint64_t objects = 0;
  for (std::size_t place = 0; place < results.size(); ++place) {
    const std::string resource = requests[place].kind.resource();
    const ListResult& result = results[place];
    SCOPED_TRACE(resource);
    EXPECT_TRUE(result.complete) << code_of(result);
    EXPECT_EQ(result.status, 200);
    EXPECT_EQ(result.pages, 1u);
    EXPECT_FALSE(result.resource_version.empty());
    EXPECT_EQ(result.items, kept.documents[place].size());
    const auto sample = kSample.find(resource);
    EXPECT_EQ(result.items, sample == kSample.end() ? 0 : sample->second);
    objects += result.items;
  }
  EXPECT_EQ(objects, 48u);
  EXPECT_EQ(kept.ends.size(), 22u);
}

TEST(KubeApi, KeepsGroupsNamespacesAndScopesApart) {
  const auto api = api_at("admin");
  const auto kinds =
      api->discover([](std::string_view group) { return group.ends_with(".hedgerow.test"); }, {})
          .kinds;
  ASSERT_EQ(kinds.size(), 3u);
  EXPECT_EQ(kinds[0].resource(), "racks.one.hedgerow.test");
  EXPECT_FALSE(kinds[0].namespaced);
  EXPECT_EQ(kinds[1].resource(), "widgets.one.hedgerow.test");
  EXPECT_EQ(kinds[1].version, "v1");
  EXPECT_EQ(kinds[2].resource(), "widgets.two.hedgerow.test");
  const std::vector<ListRequest> requests{
      {kinds[0], ""}, {kinds[1], ""}, {kinds[2], ""}, {kinds[1], "south"}, {kinds[0], "south"}};
  Kept kept;
  for (const auto& result : api->list_kinds(requests, kConcurrency, kept, {}))
    EXPECT_EQ(code_of(result), "complete");
  const auto names = [&](std::size_t place) {
    std::vector<std::string> all;
    for (const auto& [name, document] : kept.documents[place]) all.push_back(name);
    return all;
  };
  using testing::Contains;
  EXPECT_THAT(names(0), testing::ElementsAre("/rack-1"));
  EXPECT_THAT(names(1), testing::IsSupersetOf({"north/twin", "south/twin"}));
  EXPECT_THAT(names(2), testing::ElementsAre("north/twin"));
  EXPECT_THAT(names(3), testing::ElementsAre("south/twin"));
  EXPECT_THAT(names(4), testing::ElementsAre("/rack-1"));
  EXPECT_THAT(kept.documents[2]["north/twin"], HasSubstr(R"("of":"two")"));
}

// The Gate takes the aggregated form out of the question, as servers before 1.26 do not know it.
TEST(KubeApi, FindsTheSameKindsByClassicDiscovery) {
  const Gate gate;
  gate.rule(R"({"match":{"path":"^/apis$"},
                "action":{"request_headers":{"Accept":"application/json"}}})");
  const auto wanted = [](std::string_view group) {
    return is_hedgehog(group) || group == "one.hedgerow.test";
  };
  const auto classic = api_at("admin", gate.url())->discover(wanted, {});
  const auto aggregated = api_at("admin")->discover(wanted, {});
  EXPECT_EQ(classic.kinds, aggregated.kinds);
  EXPECT_EQ(classic.kinds.size(), 24u);
  EXPECT_GT(gate.requests("^/apis/.*"), 5u);
}

TEST(KubeApi, CallsAGroupUnknownThatTheServerCannotSpeakOf) {
  const Gate gate;
  gate.rule(R"({"match":{"path":"^/apis$"},
                "action":{"request_headers":{"Accept":"application/json"}}})");
  gate.rule(R"({"match":{"path":"^/apis/vpc.githedgehog.com/"},"action":{"answer":{"status":503,
                "body":"service unavailable"}}})");
  auto found = api_at("reader", gate.url())->discover(is_hedgehog, {});
  ASSERT_EQ(found.unknown.size(), 1u);
  EXPECT_EQ(found.unknown[0].group, "vpc.githedgehog.com");
  EXPECT_EQ(code_in(found.unknown[0].why), "cluster_error");
  for (const Kind& kind : found.kinds) EXPECT_NE(kind.group, "vpc.githedgehog.com");

  gate.clear();
  const std::string stale =
      R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[)"
      R"({"metadata":{"name":"wiring.githedgehog.com"},"versions":[{"version":"v1","freshness":"Stale",)"
      R"("resources":[]},{"version":"v1beta1","freshness":"Current","resources":[{"resource":"servers",)"
      R"("responseKind":{"group":"","version":"","kind":"Server"},"scope":"Namespaced",)"
      R"("verbs":["get","list"]},{"resource":"reviews","responseKind":{"kind":"Review"},)"
      R"("scope":"Namespaced","verbs":["create"]}]}]}]})";
  gate.rule(answering("^/apis$", 200, stale));
  found = api_at("reader", gate.url())->discover(is_hedgehog, {});
  ASSERT_EQ(found.unknown.size(), 1u);
  EXPECT_EQ(found.unknown[0].version, "v1");
  EXPECT_THAT(found.unknown[0].why.detail(), HasSubstr("stale"));
  ASSERT_EQ(found.kinds.size(), 1u);
  EXPECT_EQ(found.kinds[0].resource(), "servers.wiring.githedgehog.com");
}

// ---- Lists that prove nothing

constexpr std::string_view kConnectionsPath = "/connections$";

TEST(KubeList, IsNeverCompleteWhenTheAnswerIsNotThatList) {
  const Gate gate;
  const auto api = api_at("reader", gate.url());
  const std::string_view good_head =
      R"("apiVersion":"wiring.githedgehog.com/v1beta1","kind":"ConnectionList")";
  const auto list = [&](std::string_view items, std::string_view metadata) {
    return fmt::format(R"({{{},"items":[{}],"metadata":{{{}}}}})", good_head, items, metadata);
  };
  const auto item = [](std::string_view metadata, std::string_view rest) {
    return fmt::format(R"({{"apiVersion":"wiring.githedgehog.com/v1beta1","kind":"Connection",)"
                       R"("metadata":{{{}}}{}}})",
                       metadata, rest);
  };
  const std::string rv = R"("resourceVersion":"9")";
  const std::string who = R"("name":"c","namespace":"default","uid":"u","resourceVersion":"7")";
  const std::string status =
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no",)"
      R"("reason":"R","code":)";
  const std::vector<std::tuple<std::string, int, std::string, std::string>> rows{
      {"good", 200, list(item(who, ""), rv), "complete"},
      {"good and empty", 200, list("", rv), "complete"},
      {"status in a 200", 200, status + "500}", "cluster_error"},
      {"429 in a 200", 200, status + "429}", "cluster_throttled"},
      {"status without a code in a 200", 200, R"({"kind":"Status","apiVersion":"v1"})",
       "malformed"},
      {"success where a list should be", 200,
       R"({"kind":"Status","apiVersion":"v1","status":"Success","code":200})", "malformed"},
      {"401", 401, status + "401}", "cluster_unauthorized"},
      {"403", 403, status + "403}", "cluster_forbidden"},
      {"404", 404, "404 page not found", "kind_missing"},
      {"500", 500, status + "500}", "cluster_error"},
      {"503 page", 503, "<html><title>Unavailable</title></html>", "cluster_error"},
      {"204", 204, "", "cluster_error"},
      {"201", 201, list("", rv), "cluster_error"},
      {"web page", 200, "<html><title>Sign in</title></html>", "malformed"},
      {"nothing", 200, "", "reply_truncated"},
      {"half", 200, list(item(who, ""), rv).substr(0, 180), "reply_truncated"},
      {"no version", 200, list("", ""), "malformed"},
      {"empty version", 200, list("", R"("resourceVersion":"")"), "malformed"},
      {"other kind", 200,
       R"({"apiVersion":"wiring.githedgehog.com/v1beta1","kind":"ServerList","items":[],)"
       R"("metadata":{"resourceVersion":"9"}})",
       "malformed"},
      {"other group", 200,
       R"({"apiVersion":"v1","kind":"ConnectionList","items":[],"metadata":{"resourceVersion":"9"}})",
       "malformed"},
      {"no items", 200, fmt::format(R"({{{},"metadata":{{{}}}}})", good_head, rv), "malformed"},
      {"item without uid", 200,
       list(item(R"("name":"c","namespace":"default","resourceVersion":"7")", ""), rv),
       "malformed"},
      {"item of another kind", 200,
       list(R"({"apiVersion":"v1","kind":"Secret","metadata":{}})", rv), "malformed"},
      {"number of half a digit", 200, list(item(who + R"(,"generation":1.5)", ""), rv),
       "malformed"},
      {"deep", 200,
       list(item(who, R"(,"spec":)" + std::string(200, '[') + std::string(200, ']')), rv),
       "malformed"},
      {"key twice in metadata", 200, list(item(who + R"(,"uid":"v")", ""), rv), "malformed"},
      {"key twice deep inside", 200, list(item(who, R"(,"spec":{"a":{"b":1,"b":2}})"), rv),
       "malformed"},
      {"broken UTF-8", 200, list(item(who, ",\"spec\":{\"a\":\"\\ud800\"}"), rv), "malformed"},
  };
  for (const auto& [name, code, body, expected] : rows) {
    SCOPED_TRACE(name);
    gate.clear();
    gate.rule(answering(kConnectionsPath, code, body));
    Kept kept;
    // As the record does with an object it has not seen yet.
    kept.on_item = [](const kube::Item& one) { std::ignore = kube::content_digest(one.document); };
    const ListResult result = listed(*api, {kConnections, ""}, kept);
    EXPECT_EQ(code_of(result), expected)
        << (result.failure ? result.failure->detail() : std::string{});
    if (!result.complete) EXPECT_TRUE(result.resource_version.empty());
  }
  gate.clear();
  Kept kept;
  EXPECT_EQ(listed(*api, {kConnections, ""}, kept).items, 26u) << "does not recover";
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
  const auto api = kube::connect(connection, quick_settings(), clock());
  Kept kept;
  EXPECT_EQ(code_of(listed(*api, {kConnections, ""}, kept)), "cluster_unauthorized");
  EXPECT_EQ(code_in(failure_in([&] { std::ignore = api->version({}); })), "cluster_unauthorized");
}

// ---- Pages

std::unique_ptr<kube::Api> paging_api(std::string_view server, std::size_t page_size) {
  kube::Settings settings = quick_settings();
  settings.page_size = page_size;
  settings.page_size_asked = 7;
  return kube::connect(Cluster::shared().connection("admin", server), settings, clock());
}

TEST(KubePages, GiveTheSameListAtOneVersion) {
  Kept whole;
  Kept paged;
  const auto one = listed(*api_at("admin"), {kConnections, ""}, whole);
  const auto many = listed(*paging_api("", 10), {kConnections, ""}, paged);
  EXPECT_EQ(code_of(many), "complete");
  EXPECT_EQ(many.pages, 3u);
  EXPECT_EQ(many.items, 26u);
  EXPECT_EQ(paged.documents, whole.documents);
  EXPECT_EQ(paged.restarts, 0);
  EXPECT_EQ(one.resource_version, many.resource_version);
}

TEST(KubePages, AreTakenWhereTheServerRefusesTheWholeList) {
  const Gate gate;
  for (const int status : {429, 413, 504}) {
    gate.clear();
    gate.rule(fmt::format(R"({{"match":{{"path":"{}","query":"^$"}},"action":{{"answer":
              {{"status":{},"headers":{{"Retry-After":"1"}},"body":""}}}}}})",
                          kConnectionsPath, status));
    Kept kept;
    const auto result = listed(*paging_api(gate.url(), 0), {kConnections, ""}, kept);
    EXPECT_EQ(code_of(result), "complete") << status;
    EXPECT_EQ(result.pages, 4u);
    EXPECT_EQ(kept.documents[0].size(), 26u);
  }
  gate.clear();
  gate.rule(R"({"match":{"path":"/connections$"},"action":{"answer":
            {"status":429,"headers":{"Retry-After":"7"},"body":""}}})");
  Kept kept;
  const auto result = listed(*paging_api(gate.url(), 0), {kConnections, ""}, kept);
  EXPECT_EQ(code_of(result), "cluster_throttled");
  EXPECT_EQ(result.failure->retry_after(), std::chrono::seconds{7});
  EXPECT_EQ(gate.requests(std::string{kConnectionsPath}), 2u) << "one whole, one in pages";
}

TEST(KubePages, BeginAgainThreeTimesWhenTheirTokenIsTooOld) {
  const Gate gate;
  const std::string expired =
      R"({"kind":"Status","apiVersion":"v1","metadata":{"continue":"fresh"},"status":"Failure",)"
      R"("reason":"Expired","code":410})";
  for (const int times : {1, 3, 0}) {
    gate.clear();
    base::JsonOut body;
    gate.rule(fmt::format(R"({{"match":{{"path":"{}","query":"continue="}},"times":{},"action":
              {{"answer":{{"status":410,"body":{}}}}}}})",
                          kConnectionsPath, times, body.value(expired).text()));
    Kept kept;
    const auto result = listed(*paging_api(gate.url(), 10), {kConnections, ""}, kept);
    EXPECT_EQ(kept.restarts, times == 0 ? 3 : times);
    EXPECT_EQ(code_of(result), times == 0 ? "cluster_error" : "complete");
    EXPECT_EQ(kept.documents[0].size(), times == 0 ? 10u : 26u);
    if (times == 0) EXPECT_EQ(result.status, 410);
  }
}

void make_widget(const std::string& space, const std::string& name, const std::string& spec) {
  Cluster::shared().request("DELETE",
                            "/apis/one.hedgerow.test/v1/namespaces/" + space + "/widgets/" + name);
  const auto made = Cluster::shared().request(
      "POST", "/apis/one.hedgerow.test/v1/namespaces/" + space + "/widgets",
      fmt::format(R"({{"apiVersion":"one.hedgerow.test/v1","kind":"Widget",)"
                  R"("metadata":{{"name":"{}","namespace":"{}"}},"spec":{}}})",
                  name, space, spec));
  ASSERT_EQ(made.status, 201) << made.body;
}

TEST(KubePages, AreOfTheMomentOfTheFirstWhenAnObjectChangesBetweenThem) {
  for (int i = 0; i < 6; ++i) make_widget("north", fmt::format("paged-{}", i), R"({"n":1})");
  const auto api = paging_api("", 3);
  Kept kept;
  bool changed = false;
  kept.on_item = [&](const kube::Item&) {
    if (std::exchange(changed, true)) return;
    make_widget("north", "paged-5", R"({"n":2})");
    make_widget("north", "paged-9", R"({"n":2})");
  };
  const auto result = listed(*api, {kWidgets, "north"}, kept);
  EXPECT_EQ(code_of(result), "complete");
  EXPECT_THAT(kept.documents[0]["north/paged-5"], HasSubstr(R"("n":1)"));
  EXPECT_FALSE(kept.documents[0].contains("north/paged-9"));
  Cluster::shared().request("DELETE",
                            "/apis/one.hedgerow.test/v1/namespaces/north/widgets/paged-9");
}

TEST(KubePages, SurviveACompactionBetweenThem) {
  for (int i = 0; i < 6; ++i) make_widget("north", fmt::format("paged-{}", i), R"({"n":1})");
  const auto api = paging_api("", 3);
  Kept kept;
  bool compacted = false;
  kept.on_item = [&](const kube::Item&) {
    if (std::exchange(compacted, true)) return;
    make_widget("north", "paged-5", R"({"n":2})");
    Cluster::shared().compact();
  };
  const auto result = listed(*api, {kWidgets, "north"}, kept);
  EXPECT_EQ(code_of(result), "complete");
  EXPECT_EQ(kept.restarts, 1);
  EXPECT_THAT(kept.documents[0]["north/paged-5"], HasSubstr(R"("n":2)"));
}

// ---- Objects as they are

TEST(KubeItems, KeepNumbersUnknownFieldsAndSizesExactly) {
  const std::string odd =
      R"({"exact":9007199254740993,"least":-9223372036854775808,"half":0.5,"null":null,)"
      R"("text":"zeile\n\u0001 \u20ac \ud83e\udd94","deep":{"er":[[[{"unknown":true}]]]}})";
  make_widget("south", "odd", odd);
  make_widget("south", "large", fmt::format(R"({{"blob":"{}"}})", std::string(1'400'000, 'x')));
  const auto api = api_at("admin");
  Kept kept;
  std::map<std::string, base::WallTime> created;
  kept.on_item = [&](const kube::Item& item) {
    created[std::string{item.name}] = item.created;
    EXPECT_EQ(item.generation, 1);
    EXPECT_EQ(item.space, "south");
    EXPECT_FALSE(item.uid.empty());
  };
  const auto result = listed(*api, {kWidgets, "south"}, kept);
  ASSERT_EQ(code_of(result), "complete");
  const std::string& document = kept.documents[0]["south/odd"];
  for (const std::string_view part :
       {R"("exact":9007199254740993)", R"("least":-9223372036854775808)", R"("half":0.5)",
        R"("null":null)", R"("deep":{"er":[[[{"unknown":true}]]]})"})
    EXPECT_THAT(document, HasSubstr(std::string{part}));
  EXPECT_THAT(document, testing::Not(HasSubstr("managedFields")));
  EXPECT_EQ(base::canonical_digest(document),
            base::canonical_digest(kept.documents[0]["south/odd"]));
  EXPECT_GT(kept.documents[0]["south/large"].size(), 1'400'000u);
  const auto age = clock().wall() - created.at("odd");
  EXPECT_LT(std::chrono::abs(age), std::chrono::minutes{1});
  for (const char* name : {"odd", "large"})
    Cluster::shared().request(
        "DELETE", fmt::format("/apis/one.hedgerow.test/v1/namespaces/south/widgets/{}", name));
}

TEST(KubeItems, SayThatTheyAreBeingDeletedAndAreStillThere) {
  const Cluster& cluster = Cluster::shared();
  const std::string path = "/apis/one.hedgerow.test/v1/namespaces/south/widgets";
  cluster.request("POST", path,
                  R"({"apiVersion":"one.hedgerow.test/v1","kind":"Widget","metadata":)"
                  R"({"name":"leaving","namespace":"south","finalizers":["hedgerow.test/hold"]}})");
  cluster.request("DELETE", path + "/leaving");
  Kept kept;
  bool leaving = false;
  kept.on_item = [&](const kube::Item& item) {
    if (item.name == "leaving") leaving = item.deleted.has_value();
  };
  listed(*api_at("admin"), {kWidgets, "south"}, kept);
  EXPECT_TRUE(leaving);
  cluster.request("PATCH", path + "/leaving", R"({"metadata":{"finalizers":null}})",
                  "application/merge-patch+json");
  Kept after;
  listed(*api_at("admin"), {kWidgets, "south"}, after);
  EXPECT_FALSE(after.documents[0].contains("south/leaving"));
}

TEST(KubeItems, HaveOneHashAndOneDigestUntilTheyChange) {
  make_widget("south", "still", R"({"b":1,"a":2})");
  const auto read = [] {
    Kept kept;
    std::pair<std::uint64_t, base::Digest> seen;
    kept.on_item = [&](const kube::Item& item) {
      if (item.name == "still") seen = {item.quick_hash, kube::content_digest(item.document)};
    };
    listed(*api_at("admin"), {kWidgets, "south"}, kept);
    return seen;
  };
  const auto first = read();
  EXPECT_EQ(read(), first);
  const std::string path = "/apis/one.hedgerow.test/v1/namespaces/south/widgets/still";
  const auto patch = [&](const std::string& body) {
    return Cluster::shared().request("PATCH", path, body, "application/merge-patch+json").status;
  };
  // Another manager touches it and puts it back: other bytes, the same content but for its
  // generation.
  EXPECT_EQ(patch(R"({"metadata":{"labels":{"x":"y"}}})"), 200);
  EXPECT_NE(read().second, first.second);
  EXPECT_EQ(patch(R"({"metadata":{"labels":null}})"), 200);
  const auto last = read();
  EXPECT_NE(last.first, first.first);
  EXPECT_EQ(last.second, first.second);
  Cluster::shared().request("DELETE", path);
}

// ---- Limits, stops, callers

TEST(KubeList, StopsAtItsLimits) {
  kube::Settings settings = quick_settings();
  const auto with = [&](auto change, std::size_t page_size) {
    kube::Settings own = settings;
    change(own);
    own.page_size = page_size;
    Kept kept;
    const auto api = kube::connect(Cluster::shared().connection("admin"), own, clock());
    return code_of(listed(*api, {kConnections, ""}, kept));
  };
  EXPECT_EQ(with([](auto& own) { own.list_bytes_max = 5'000; }, 0), "reply_too_large");
  EXPECT_EQ(with([](auto& own) { own.page_bytes_max = 1'000; }, 10), "reply_too_large");
  EXPECT_EQ(with([](auto& own) { own.list_bytes_max = 9'000; }, 5), "reply_too_large");
  EXPECT_EQ(with([](auto& own) { own.item_bytes_max = 300; }, 0), "reply_too_large");
  EXPECT_EQ(with([](auto&) {}, 5), "complete");
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

// With the real schemas and objects of the vendor, where they lie beside this tree.
TEST(KubeApi, ReadsTheRealFabricWhereItIsAtHand) {
  const std::string folder = in_tree("../shared/hedgehog");
  if (access((folder + "/wiring/vlab-48.yaml").c_str(), R_OK) != 0) GTEST_SKIP() << "no " << folder;
  const Program real{{in_tree("tools/cluster"), "start", "--dir",
                      Cluster::shared().folder() + "/real", "--foreground", "--end-with-stdin",
                      "--json", "--crds", folder + "/crds", "--objects",
                      folder + "/wiring/vlab-48.yaml"}};
  const auto config =
      kube::Kubeconfig::parse(file_text(Cluster::shared().folder() + "/real/reader.kubeconfig"));
  const auto api = kube::connect(config.connection(config.context("")), quick_settings(), clock());
  const auto discovery = api->discover(is_hedgehog, {});
  EXPECT_EQ(discovery.kinds.size(), 22u);
  std::vector<ListRequest> requests;
  for (const Kind& kind : discovery.kinds) requests.push_back({kind, {}});
  Kept kept;
  kept.on_item = [](const kube::Item& item) { std::ignore = kube::content_digest(item.document); };
  std::uint64_t objects = 0;
  for (const auto& result : api->list_kinds(requests, kConcurrency, kept, {})) {
    EXPECT_EQ(code_of(result), "complete");
    objects += result.items;
  }
  EXPECT_EQ(objects, 48u);
}

}  // namespace
}  // namespace hedgerow::test
