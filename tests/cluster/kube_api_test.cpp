// What discovery finds and how kinds, groups and namespaces are kept apart, on a real API server.
#include <gmock/gmock.h>
#include <unistd.h>

#include "kube_lists.hpp"

namespace hedgerow::test {
namespace {

using kube::Kind;
using kube::ListRequest;
using kube::ListResult;
using testing::HasSubstr;

// The sample's numbers, kind by kind.
const std::map<std::string, std::uint64_t> kSample{
    {"connections.wiring.githedgehog.com", 26}, {"servers.wiring.githedgehog.com", 10},
    {"switches.wiring.githedgehog.com", 7},     {"switchgroups.wiring.githedgehog.com", 3},
    {"ipv4namespaces.vpc.githedgehog.com", 1},  {"vlannamespaces.wiring.githedgehog.com", 1},
};

// The reader may not see what holds password hashes.
bool may_be_read(const Kind& kind) { return kind.kind != "Agent"; }

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
  for (const Kind& kind : discovery.kinds)
    if (may_be_read(kind)) requests.push_back({kind, {}});
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
  EXPECT_EQ(kept.ends.size(), 21u);
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
      R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},)"
      R"("items":[{"metadata":{"name":"wiring.githedgehog.com"},"versions":[)"
      R"({"version":"v1","freshness":"Stale","resources":[]},)"
      R"({"version":"v1beta1","freshness":"Current","resources":[{"resource":"servers",)"
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

// With the real schemas and objects of the vendor, where they lie beside this tree.
TEST(KubeApi, ReadsTheRealFabricWhereItIsAtHand) {
  const auto wiring = real_wiring();
  if (!wiring) GTEST_SKIP() << "HEDGEROW_REAL_FABRIC names none";
  const Program real{{in_tree("tools/cluster"), "start", "--dir",
                      Cluster::shared().folder() + "/real", "--foreground", "--end-with-stdin",
                      "--json", "--crds", wiring->kinds, "--objects", wiring->objects}};
  const auto config =
      kube::Kubeconfig::parse(file_text(Cluster::shared().folder() + "/real/reader.kubeconfig"));
  const auto api =
      kube::connect(config.connection(config.context("")), quick_settings(), surroundings());
  const auto discovery = api->discover(is_hedgehog, {});
  EXPECT_EQ(discovery.kinds.size(), 22u);
  std::vector<ListRequest> requests;
  for (const Kind& kind : discovery.kinds)
    if (may_be_read(kind)) requests.push_back({kind, {}});
  Kept kept;
  kept.on_item = [](const kube::Item& item) { std::ignore = base::content_digest(item.document); };
  std::uint64_t objects = 0;
  for (const auto& result : api->list_kinds(requests, kConcurrency, kept, {})) {
    EXPECT_EQ(code_of(result), "complete");
    objects += result.items;
  }
  EXPECT_EQ(objects, 48u);
}

}  // namespace
}  // namespace hedgerow::test
