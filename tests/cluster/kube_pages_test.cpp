// Lists in pages, and objects as they are, on a real API server.
#include <gmock/gmock.h>

#include "kube_lists.hpp"

namespace hedgerow::test {
namespace {

using base::Failure;
using testing::HasSubstr;

std::unique_ptr<kube::Api> paging_api(std::string_view server, std::size_t page_size) {
  kube::Settings settings = quick_settings();
  settings.page_size = page_size;
  settings.page_size_asked = 7;
  return kube::connect(Cluster::shared().connection("admin", server), settings, surroundings());
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
  EXPECT_EQ(gate.requests(std::string{kConnectionsPath}), 1u) << "it wants more time than there is";
  EXPECT_THAT(result.failure->detail(), HasSubstr("It wants us to wait 7 s."));
}

TEST(KubePages, AreWhatIsAskedForAtTheNextTryOfAListThatIsTooMuch) {
  const Gate gate;
  gate.rule(R"({"match":{"path":"/connections$"},"action":{"answer":{"status":429,"body":""}}})");
  Kept kept;
  const auto result = listed(*paging_api(gate.url(), 0), {kConnections, ""}, kept);
  EXPECT_EQ(code_of(result), "cluster_throttled");
  EXPECT_EQ(result.tries, 3u);
  EXPECT_EQ(gate.requests(std::string{kConnectionsPath}), 3u);
  EXPECT_THAT(gate.record(), HasSubstr(R"("query":"limit=7")"));
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
      if (item.name == "still") seen = {item.quick_hash, base::content_digest(item.document)};
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

}  // namespace
}  // namespace hedgerow::test
