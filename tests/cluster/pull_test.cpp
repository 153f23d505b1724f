// What a pull makes of a real cluster that does what it should, while its objects come, change and
// go.
#include "pull_fixture.hpp"

namespace hedgerow::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr model::Counts kAllCreated{.created = 48};
constexpr model::Counts kAllUnchanged{.unchanged = 48};

TEST_F(PullTest, TheFirstSyncCreates48TheNextWritesNoRowAChangeIsOneChangedADeletionOneRemoved) {
  const auto id = add_fabric("lab", {});
  const model::Run first = sync(id);
  ASSERT_EQ(outcome_of(first), "succeeded") << first.ending->detail;
  EXPECT_EQ(first.counts, kAllCreated);
  EXPECT_EQ(first.kinds.size(), 21u);
  EXPECT_THAT(first.trace.at(7).evidence, HasSubstr("TLS"));
  EXPECT_THAT(first.trace.at(7).evidence, HasSubstr("v1."));
  EXPECT_EQ(first.trace.at(9).evidence, "21 of 21 kinds, 48 objects");
  EXPECT_EQ(number("SELECT count(*) FROM history WHERE change = 'created'"), 48);

  const auto agents = kinds(id).at("agents.agent.githedgehog.com");
  EXPECT_EQ(agents.coverage, model::Coverage::OutOfScope);
  EXPECT_THAT(agents.detail, HasSubstr("password"));
  EXPECT_EQ(kinds(id).size(), 22u);
  EXPECT_EQ(fabric(id).identity->size(), 36u);
  EXPECT_THAT(fabric(id).cluster_version.value(), StartsWith("v1."));

  const std::string rows =
      "SELECT group_concat(quote(id)||quote(resource_version)||quote(digest)||"
      "quote(raw_hash)||quote(changed)) FROM objects";
  const std::string before = outside(rows);
  count_writes();
  expect_good(id, kAllUnchanged);
  EXPECT_EQ(writes(), 0);
  EXPECT_EQ(outside(rows), before);

  const std::string server = path_of(kWiring, "servers", "server-01");
  label(server, "moved");
  expect_good(id, {.changed = 1, .unchanged = 47});
  EXPECT_EQ(writes(), 2) << "one object and its history";
  EXPECT_THAT(outside("SELECT document FROM history ORDER BY id DESC LIMIT 1"), HasSubstr("moved"));

  take_out(server);
  expect_good(id, {.unchanged = 47, .removed = 1});
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE removed IS NOT NULL"), 1);

  load_sample();
  expect_good(id, {.created = 1, .unchanged = 47});
  EXPECT_EQ(number("SELECT count(*) FROM objects"), 48);
}

TEST_F(PullTest, AChangeThatWasUndoneIsNoChange) {
  const auto id = add_fabric("lab", {});
  expect_good(id, kAllCreated);
  const std::string server = path_of(kWiring, "servers", "server-06");
  label(server, "passing");
  label(server, "");
  count_writes();
  expect_good(id, kAllUnchanged);
  EXPECT_EQ(writes(), 1) << "its resourceVersion";
  EXPECT_EQ(number("SELECT count(*) FROM history"), 48);
  expect_good(id, kAllUnchanged);
  EXPECT_EQ(writes(), 1);
}

TEST_F(PullTest, AnObjectMadeAnewUnderItsNameIsOneRemovedAndOneCreated) {
  const auto id = add_fabric("lab", {});
  expect_good(id, kAllCreated);
  take_out(path_of(kWiring, "servers", "server-02"));
  load_sample();
  expect_good(id, {.created = 1, .unchanged = 47, .removed = 1});
  EXPECT_EQ(number("SELECT count(*) FROM objects"), 48);
  expect_good(id, kAllUnchanged);
}

TEST_F(PullTest, WhenAll48GoAtOnceTheyAreTombstonesAndTheirReturnIsSeen) {
  const auto id = add_fabric("lab", {});
  expect_good(id, kAllCreated);
  for (const char* plural :
       {"connections", "servers", "switches", "switchgroups", "vlannamespaces"})
    EXPECT_EQ(cluster_.request("DELETE", path_of(kWiring, plural)).status, 200);
  EXPECT_EQ(cluster_.request("DELETE", path_of(kVpc, "ipv4namespaces")).status, 200);
  expect_good(id, {.removed = 48});
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE removed IS NOT NULL"), 48);
  EXPECT_EQ(number("SELECT count(*) FROM history WHERE change = 'removed'"), 48);
  expect_good(id, {});

  load_sample();
  expect_good(id, kAllCreated);
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE removed IS NULL"), 48);
  expect_good(id, kAllUnchanged);
}

TEST_F(PullTest, AnObjectThatIsBeingDeletedIsStillThereAndSaysSo) {
  const auto id = add_fabric("lab", {});
  const std::string server = path_of(kWiring, "servers", "server-03");
  const std::string held = R"({"metadata":{"finalizers":["hedgerow.test/hold"]}})";
  const std::string freed = R"({"metadata":{"finalizers":null}})";
  const std::string merge = "application/merge-patch+json";
  ASSERT_EQ(cluster_.request("PATCH", server, held, merge).status, 200);
  expect_good(id, kAllCreated);
  cluster_.request("DELETE", server);
  expect_good(id, {.changed = 1, .unchanged = 47});
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE deleting = 1 AND removed IS NULL"), 1);
  cluster_.request("PATCH", server, freed, merge);
  expect_good(id, {.unchanged = 47, .removed = 1});
  load_sample();
  expect_good(id, {.created = 1, .unchanged = 47});
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE deleting = 1"), 0);
}

TEST_F(PullTest, IntegersBeyond53BitsStayExactAndTellApart) {
  Gate gate;
  const auto id = add_fabric("lab", {.server = gate.url()});
  // Of the list that the API server gives, in each of the ten servers.
  const auto number_is = [&](std::string_view number) {
    gate.clear();
    gate.rule(
        fmt::format(R"({{"match":{{"path":"/servers$"}},"action":{{"rewrite":[)"
                    R"({{"regex":"\"spec\":\\{{","with":"\"spec\":{{\"x-number\":{},"}}]}}}})",
                    number));
  };
  number_is("9007199254740993");
  expect_good(id, kAllCreated);
  EXPECT_THAT(outside("SELECT document FROM history WHERE document LIKE '%x-number%'"),
              HasSubstr("9007199254740993"));
  number_is("9007199254740992");
  expect_good(id, {.changed = 10, .unchanged = 38});
  gate.clear();
  expect_good(id, {.changed = 10, .unchanged = 38});
}

TEST_F(PullTest, AnObjectOfOneAndAHalfMebibytesIsReadAndKept) {
  const auto id = add_fabric("lab", {});
  const std::string servers = path_of(kWiring, "servers");
  put_in(servers, fmt::format(R"({{"apiVersion":"wiring.githedgehog.com/v1beta1","kind":"Server",)"
                              R"("metadata":{{"name":"large"}},"spec":{{"description":"{}"}}}})",
                              std::string(1'450'000, 'x')));
  expect_good(id, {.created = 49});
  EXPECT_GT(number("SELECT max(length(document)) FROM history"), 1'450'000);
  expect_good(id, {.unchanged = 49});
  EXPECT_EQ(cluster_.request("DELETE", servers + "/large").status, 200);
  expect_good(id, {.unchanged = 48, .removed = 1});
}

// A kind of our own in one more Hedgehog group, named as one that is there already.
constexpr std::string_view kSecondConnection = R"({
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "connections.two.githedgehog.com"},
  "spec": {"group": "two.githedgehog.com", "scope": "Namespaced",
    "names": {"kind": "Connection", "plural": "connections", "singular": "connection"},
    "versions": [{"name": "v1", "served": true, "storage": true,
      "schema": {"openAPIV3Schema": {"type": "object",
        "x-kubernetes-preserve-unknown-fields": true}}}]}})";

TEST_F(PullTest, OneKindNameInTwoGroupsIsTwoKindsAndAVanishedKindIsFrozen) {
  const std::string crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const std::string second = "/apis/two.githedgehog.com/v1/namespaces/default/connections";
  put_in(crds, std::string{kSecondConnection});
  ASSERT_TRUE(comes([&] { return cluster_.request("GET", second).status == 200; }));
  put_in(second, R"({"apiVersion":"two.githedgehog.com/v1","kind":"Connection",)"
                 R"("metadata":{"name":"same"},"spec":{}})");
  const auto id = add_fabric("lab", {.role = "admin"});
  ASSERT_TRUE(comes([&] { return sync(id).kinds.size() == 22; }));
  EXPECT_EQ(kinds(id).at("connections.two.githedgehog.com").objects, 1);
  EXPECT_EQ(kinds(id).at("connections.wiring.githedgehog.com").objects, 26);

  EXPECT_EQ(cluster_.request("DELETE", crds + "/connections.two.githedgehog.com").status, 200);
  ASSERT_TRUE(comes([&] { return cluster_.request("GET", second).status == 404; }));
  const auto is_gone = [&] {
    const model::Run now = sync(id);
    const auto* kind = kind_in(now, "Connection");
    return kind != nullptr && code_of(now) == "kind_missing" && outcome_of(now) == "partly";
  };
  // Discovery may still name it for a moment.
  ASSERT_TRUE(comes(is_gone));
  const auto frozen = kinds(id).at("connections.two.githedgehog.com");
  EXPECT_EQ(frozen.coverage, model::Coverage::NotServed);
  EXPECT_EQ(frozen.objects, 1) << "nothing is removed because a kind is not there any more";
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE removed IS NOT NULL"), 0);
}

TEST_F(PullTest, ANamespaceThatDoesNotExistProvesNothingAndNarrowingTheScopeRemovesNothing) {
  const auto id = add_fabric("lab", {.namespaces = {"default"}});
  expect_good(id, kAllCreated);

  point(id, {.namespaces = {"default", "nowhere"}});
  const model::Run partly = sync(id);
  EXPECT_EQ(outcome_of(partly), "partly");
  EXPECT_EQ(code_of(partly), "namespace_missing");
  EXPECT_EQ(partly.counts, kAllUnchanged);
  EXPECT_EQ(partly.trace.at(9).state, model::LayerState::Partly);

  point(id, {.namespaces = {"nowhere"}});
  const model::Run nothing = sync(id);
  EXPECT_EQ(outcome_of(nothing), "failed");
  EXPECT_EQ(code_of(nothing), "namespace_missing");

  point(id, {.namespaces = {"north"}});
  expect_good(id, {});
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE removed IS NULL"), 48);
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE out_of_scope IS NOT NULL"), 48);
  EXPECT_EQ(kinds(id).at("servers.wiring.githedgehog.com").objects, 0);
  point(id, {.namespaces = {"default", "north"}});
  expect_good(id, kAllUnchanged);
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE out_of_scope IS NOT NULL"), 0);
  count_writes();
  expect_good(id, kAllUnchanged);
  EXPECT_EQ(writes(), 0);
}

TEST_F(PullTest, ATestClimbsTheLadderAndMeasuresTheReach) {
  const auto id = add_fabric("lab", {});
  const model::Run test = ended(queue(id, model::Operation::Test));
  EXPECT_EQ(outcome_of(test), "succeeded") << test.ending->detail;
  for (const char* rung : {"address", "tcp", "tls", "http", "kubernetes", "credentials", "identity",
                           "kinds", "rights"})
    EXPECT_THAT(test.trace.at(7).evidence, HasSubstr(rung));
  EXPECT_EQ(test.trace.at(7).state, model::LayerState::Passed);
  EXPECT_EQ(test.trace.at(9).state, model::LayerState::Passed);
  EXPECT_EQ(fabric(id).reach.state, model::Reach::Reachable);
  EXPECT_TRUE(fabric(id).reach.as_of);
  EXPECT_EQ(number("SELECT count(*) FROM objects"), 0);
}

}  // namespace
}  // namespace hedgerow::test
