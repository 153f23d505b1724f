// What a pull says and keeps when the cluster, its credentials or the way to it fail; each ends
// with a good pull.
#include "base/json_out.hpp"
#include "base/text.hpp"
#include "pull_fixture.hpp"

namespace hedgerow::test {
namespace {

using model::Coverage;
using model::LayerState;
using model::Reach;
using testing::HasSubstr;

constexpr model::Counts kAllCreated{.created = 48};
constexpr model::Counts kAllUnchanged{.unchanged = 48};

// A Gate before the cluster, and a fabric that was read through it once.
class PullFaults : public PullTest {
 protected:
  PullFaults() {
    fabric_ = add_fabric("lab", {.server = gate_.url()});
    expect_good(fabric_, kAllCreated);
  }
  ~PullFaults() override {
    gate_.clear();
    gate_.tls("good");
    expect_good(fabric_, kAllUnchanged);
  }

  void answer(std::string_view path, int status, std::string_view body) {
    base::JsonOut rule;
    rule.begin_object().key("match").begin_object().field("path", path).end_object();
    rule.key("action").begin_object().key("answer").begin_object();
    rule.field("status", status).field("body", body).end_object().end_object().end_object();
    gate_.rule(rule.take());
  }
  // Nothing of the record was touched.
  void expect_frozen() {
    EXPECT_EQ(number("SELECT count(*) FROM objects WHERE removed IS NULL"), 48);
    EXPECT_EQ(number("SELECT count(*) FROM history"), 48);
  }
  // One layer is red, and it is this one.
  static void expect_broken_at(const model::Run& run, int layer) {
    for (int at = 1; at <= model::kLayers; ++at)
      EXPECT_EQ(run.trace.at(at).state == LayerState::Failed, at == layer) << at;
    EXPECT_FALSE(run.trace.at(layer).evidence.empty());
  }
  void expect_failed(std::string_view code, int layer, Reach reach) {
    const model::Run run = sync(fabric_);
    EXPECT_EQ(outcome_of(run), "failed");
    EXPECT_EQ(code_of(run), code) << run.ending->detail;
    expect_broken_at(run, layer);
    EXPECT_EQ(fabric(fabric_).reach.state, reach);
    expect_frozen();
  }

  Gate gate_;
  model::FabricId fabric_;
};

std::string status_body(int code, std::string_view reason) {
  return fmt::format(R"({{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no",)"
                     R"("reason":"{}","code":{}}})",
                     reason, code);
}

struct ListFault {
  std::string rule;
  std::string code;
};

TEST_F(PullFaults, WhatBefallsOneKindFreezesThatKindAndTheOthersAreComplete) {
  const auto answering = [](int status, std::string_view reason) {
    base::JsonOut rule;
    rule.begin_object().key("match").begin_object().field("path", "/switches$").end_object();
    rule.key("action").begin_object().key("answer").begin_object();
    rule.field("status", status).field("body", status_body(status == 200 ? 500 : status, reason));
    return rule.end_object().end_object().end_object().take();
  };
  const std::vector<ListFault> faults{
      {answering(403, "Forbidden"), "cluster_forbidden"},
      {answering(404, "NotFound"), "kind_missing"},
      {answering(429, "TooManyRequests"), "cluster_throttled"},
      {answering(500, "InternalError"), "cluster_error"},
      {answering(200, "InternalError"), "cluster_error"},
      {R"({"match":{"path":"/switches$"},"action":{"black_hole":true}})", "cluster_timeout"},
      {R"({"match":{"path":"/switches$"},"action":{"cut":{"after":900,"how":"close"}}})",
       "reply_truncated"},
      {R"({"match":{"path":"/switches$"},"action":{"rewrite":)"
       R"([{"path":"$.items[2].spec","duplicate":{"role":"spine"}}]}})",
       "malformed"},
      {R"({"match":{"path":"/switches$"},"action":{"rewrite":)"
       R"([{"path":"$.items[2].metadata.name","set":"switch-x"},)"
       R"({"path":"$.items[3].metadata.name","set":"switch-x"}]}})",
       "malformed"},
  };
  for (const ListFault& fault : faults) {
    SCOPED_TRACE(fault.rule);
    const auto before = kinds(fabric_).at("switches.wiring.githedgehog.com").as_of;
    gate_.rule(fault.rule);
    const model::Run run = sync(fabric_);
    EXPECT_EQ(outcome_of(run), "partly");
    EXPECT_EQ(code_of(run), fault.code) << run.ending->detail;
    EXPECT_EQ(run.counts.unchanged, 41);
    EXPECT_EQ(run.counts.removed, 0);
    EXPECT_EQ(run.trace.at(9).state, LayerState::Partly);
    ASSERT_NE(kind_in(run, "Switch"), nullptr);
    EXPECT_EQ(kind_in(run, "Switch")->state, LayerState::Failed);
    EXPECT_EQ(std::ranges::count(run.kinds, LayerState::Passed, &model::KindRead::state), 20);

    const auto frozen = kinds(fabric_).at("switches.wiring.githedgehog.com");
    EXPECT_EQ(frozen.coverage, Coverage::NotReadable);
    EXPECT_EQ(frozen.as_of, before);
    EXPECT_EQ(base::facts_of(frozen.code.value()).name, fault.code);
    EXPECT_EQ(frozen.remedy.empty(), fault.code != "cluster_forbidden");
    EXPECT_EQ(fabric(fabric_).reach.state, Reach::Reachable);
    expect_frozen();
    gate_.clear();
    expect_good(fabric_, kAllUnchanged);
  }
}

TEST_F(PullFaults, RightsThatAreTakenAwayAreNamedWithTheirCureAndTheirReturnIsSeen) {
  const std::string path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/hedgerow-reader";
  const auto give = [&](std::string_view resources) {
    const std::string patch =
        fmt::format(R"([{{"op":"replace","path":"/rules/0/resources","value":[{}]}}])", resources);
    EXPECT_EQ(cluster_.request("PATCH", path, patch, "application/json-patch+json").status, 200);
  };
  give(R"("connections","servers","switches","vlannamespaces")");
  model::Run run;
  // The API server takes new rights over a moment later.
  ASSERT_TRUE(comes([&] {
    run = sync(fabric_);
    return outcome_of(run) == "partly";
  }));
  EXPECT_EQ(code_of(run), "cluster_forbidden");
  const auto* forbidden = kind_in(run, "SwitchGroup");
  ASSERT_NE(forbidden, nullptr);
  EXPECT_THAT(forbidden->remedy, HasSubstr("switchgroups"));
  EXPECT_THAT(kinds(fabric_).at("switchgroups.wiring.githedgehog.com").remedy, HasSubstr("list"));
  EXPECT_EQ(fabric(fabric_).reach.state, Reach::Reachable);
  expect_frozen();
  give(R"("*")");
  ASSERT_TRUE(comes([&] { return outcome_of(sync(fabric_)) == "succeeded"; }));
}

TEST_F(PullFaults, RefusedCredentialsFailTheRunWhereverTheyAreRefused) {
  answer("^/api/v1/namespaces/kube-system", 401, status_body(401, "Unauthorized"));
  expect_failed("cluster_unauthorized", 9, Reach::Refused);
  gate_.clear();
  answer("/switches$", 401, status_body(401, "Unauthorized"));
  expect_failed("cluster_unauthorized", 9, Reach::Refused);
  gate_.clear();
  answer("githedgehog.com/v", 403, status_body(403, "Forbidden"));
  expect_failed("cluster_forbidden", 9, Reach::Refused);
}

TEST_F(PullFaults, AnUntrustedCertificateFailsLayer7AndSaysSo) {
  const std::vector<std::pair<std::string, std::string>> modes{
      {"expired", "tls_expired"}, {"wrong-name", "tls_name"}, {"other-ca", "tls_untrusted"}};
  for (const auto& [mode, code] : modes) {
    gate_.tls(mode);
    gate_.close_connections("reset");
    expect_failed(code, 7, Reach::Untrusted);
  }
}

TEST_F(PullFaults, AClusterThatDoesNotAnswerIsUnreachable) {
  gate_.close_connections("reset");
  gate_.rule(R"({"on":"connection","action":{"black_hole":true}})");
  expect_failed("tls_timeout", 7, Reach::Unreachable);
  gate_.clear();
  answer("^/version", 200, "<html>Sign in</html>");
  expect_failed("not_kubernetes", 7, Reach::Unreachable);
  gate_.clear();
  gate_.rule(R"({"match":{"path":"^/version"},"action":{"black_hole":true}})");
  expect_failed("cluster_timeout", 9, Reach::Unreachable);

  gate_.clear();
  point(fabric_, {.server = "https://127.0.0.1:9"});
  expect_failed("tcp_refused", 7, Reach::Unreachable);
  point(fabric_, {.server = gate_.url()});
}

TEST_F(PullFaults, AClusterThatDiesBetweenTheFirstAnswerAndTheListsIsUnreachableAtTheSameInstant) {
  gate_.rule(R"({"name":"dies","match":{"path":"githedgehog.com/v"},"action":{"reset":true}})");
  const model::Run run = sync(fabric_);
  EXPECT_EQ(outcome_of(run), "failed");
  EXPECT_EQ(number("SELECT count(*) FROM runs WHERE ended IS NOT NULL AND id = " +
                   std::to_string(run.id.value)),
            1);
  EXPECT_EQ(run.trace.at(8).state, LayerState::Passed);
  expect_frozen();
}

TEST_F(PullFaults, WithoutAnyHedgehogKindNothingIsRemovedAndItIsNotZeroObjects) {
  const std::string none = R"({"kind":"APIGroupDiscoveryList",)"
                           R"("apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[]})";
  gate_.rule(
      fmt::format(R"({{"match":{{"path":"^/apis$"}},"action":{{"answer":{{"status":200,)"
                  R"("headers":{{"Content-Type":"application/json;)"
                  R"(g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}},"body":{}}}}}}})",
                  base::JsonOut{}.value(none).text()));
  gate_.rule(R"({"match":{"path":"githedgehog.com/v"},)"
             R"("action":{"answer":{"status":404,"body":"404 page not found"}}})");
  expect_failed("no_kinds", 9, Reach::Reachable);
}

TEST_F(PullFaults, AGroupThatTheServerCannotSpeakOfIsUnknownAndNotAbsent) {
  gate_.rule(R"({"match":{"path":"^/apis$"},"action":{"rewrite":[{"regex":)"
             R"x("(\"name\":\"vpc.githedgehog.com\".*?)\"freshness\":\"Current\"",)x"
             R"("with":"$1\"freshness\":\"Stale\""}]}})");
  const model::Run run = sync(fabric_);
  EXPECT_EQ(outcome_of(run), "partly") << run.ending->detail;
  ASSERT_NE(kind_in(run, "IPv4Namespace"), nullptr);
  EXPECT_EQ(kind_in(run, "IPv4Namespace")->state, LayerState::Failed);
  EXPECT_THAT(kind_in(run, "IPv4Namespace")->detail, HasSubstr("vpc.githedgehog.com"));
  EXPECT_EQ(run.counts.unchanged, 47);
  EXPECT_EQ(kinds(fabric_).at("ipv4namespaces.vpc.githedgehog.com").coverage,
            Coverage::NotReadable);
  expect_frozen();
}

TEST_F(PullFaults, AnotherClusterBehindTheSameAddressRemovesNothingAndWaitsForAnAdministrator) {
  const std::string own = fabric(fabric_).identity.value();
  gate_.rule(R"({"match":{"path":"^/api/v1/namespaces/kube-system"},"action":{"rewrite":)"
             R"([{"path":"$.metadata.uid","set":"00000000-0000-4000-8000-000000000000"}]}})");
  gate_.rule(R"({"match":{"path":"githedgehog.com/v"},"action":{"rewrite":)"
             R"([{"path":"$.items","set":[]}]}})");
  expect_failed("wrong_cluster", 7, Reach::Unreachable);
  EXPECT_EQ(fabric(fabric_).identity, own);
  EXPECT_EQ(fabric(fabric_).new_identity, "00000000-0000-4000-8000-000000000000");
  write([&](store::Txn& txn) { txn.fabrics().set_new_identity(fabric_, std::nullopt); });
  const model::Run test = ended(queue(fabric_, model::Operation::Test));
  EXPECT_EQ(code_of(test), "wrong_cluster");
  EXPECT_EQ(fabric(fabric_).new_identity, "00000000-0000-4000-8000-000000000000");
  gate_.clear();
  expect_good(fabric_, kAllUnchanged);
  EXPECT_FALSE(fabric(fabric_).new_identity);
}

TEST_F(PullFaults, AListOlderThanTheLastProofFreezesItsKindUntilThatIsConfirmed) {
  const auto before = kinds(fabric_).at("servers.wiring.githedgehog.com");
  gate_.rule(R"({"match":{"path":"/servers$"},"action":{"rewrite":)"
             R"([{"path":"$.metadata.resourceVersion","set":"1"},)"
             R"({"path":"$.items","set":[]}]}})");
  const model::Run run = sync(fabric_);
  EXPECT_EQ(outcome_of(run), "partly");
  EXPECT_EQ(code_of(run), "cluster_rewound");
  EXPECT_EQ(run.counts, (model::Counts{.unchanged = 38}));
  ASSERT_NE(kind_in(run, "Server"), nullptr);
  EXPECT_EQ(kind_in(run, "Server")->state, LayerState::Failed);
  const auto frozen = kinds(fabric_).at("servers.wiring.githedgehog.com");
  EXPECT_EQ(frozen.coverage, Coverage::NotReadable);
  EXPECT_EQ(frozen.as_of, before.as_of);
  EXPECT_EQ(frozen.objects, 10);
  ASSERT_TRUE(frozen.rewound);
  gate_.clear();
  const model::Run again = sync(fabric_);
  EXPECT_EQ(code_of(again), "cluster_rewound") << "whatever the versions say now";
  EXPECT_EQ(again.counts, (model::Counts{.unchanged = 38}));
  EXPECT_EQ(kinds(fabric_).at("servers.wiring.githedgehog.com").rewound, frozen.rewound);
  write([&](store::Txn& txn) {
    txn.kinds().forget_versions(fabric_);
    txn.objects().forget_versions(fabric_);
  });
  expect_good(fabric_, kAllUnchanged);
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE resource_version = ''"), 0);
}

TEST_F(PullFaults, ARecordThatCannotBeWrittenLeavesSaidThatTheClusterWasReached) {
  label(path_of(kWiring, "servers", "server-05"), "unwritten");
  write([&](store::Txn& txn) { txn.fabrics().set_reach(fabric_, {}); });
  outside("CREATE TRIGGER broken BEFORE UPDATE ON objects BEGIN SELECT RAISE(ABORT, 'no'); END");
  const model::Run run = sync(fabric_);
  EXPECT_EQ(outcome_of(run), "failed");
  EXPECT_EQ(run.trace.at(7).state, LayerState::Passed);
  EXPECT_EQ(fabric(fabric_).reach.state, Reach::Reachable);
  EXPECT_TRUE(fabric(fabric_).reach.as_of);
  outside("DROP TRIGGER broken");
  expect_good(fabric_, {.changed = 1, .unchanged = 47});
  label(path_of(kWiring, "servers", "server-05"), "");
  expect_good(fabric_, {.changed = 1, .unchanged = 47});
}

TEST_F(PullFaults, WithoutTheClustersIdentityObjectsAreReadAndNothingIsRemoved) {
  answer("^/api/v1/namespaces/kube-system", 403, status_body(403, "Forbidden"));
  const auto before = kinds(fabric_).at("servers.wiring.githedgehog.com").as_of;
  take_out(path_of(kWiring, "servers", "server-04"));
  label(path_of(kWiring, "servers", "server-05"), "read");
  const model::Run run = sync(fabric_);
  EXPECT_EQ(outcome_of(run), "partly");
  EXPECT_EQ(code_of(run), "cluster_forbidden");
  EXPECT_EQ(run.counts, (model::Counts{.changed = 1, .unchanged = 46}));
  EXPECT_EQ(kinds(fabric_).at("servers.wiring.githedgehog.com").as_of, before);
  EXPECT_EQ(number("SELECT count(*) FROM objects WHERE removed IS NOT NULL"), 0);
  gate_.clear();
  expect_good(fabric_, {.unchanged = 47, .removed = 1});
  label(path_of(kWiring, "servers", "server-05"), "");
  load_sample();
  expect_good(fabric_, {.created = 1, .changed = 1, .unchanged = 46});
}

TEST_F(PullFaults, ANamespaceThatCouldNotBeSeenProvesNoAbsence) {
  point(fabric_, {.server = gate_.url(), .namespaces = {"default"}});
  take_out(path_of(kWiring, "servers", "server-04"));
  answer("^/api/v1/namespaces/default$", 403, status_body(403, "Forbidden"));
  const model::Run run = sync(fabric_);
  EXPECT_EQ(outcome_of(run), "partly");
  EXPECT_EQ(code_of(run), "cluster_forbidden");
  EXPECT_EQ(run.counts, (model::Counts{.unchanged = 47}));
  expect_frozen();
  gate_.clear();
  expect_good(fabric_, {.unchanged = 47, .removed = 1});
  load_sample();
  expect_good(fabric_, {.created = 1, .unchanged = 47});
}

TEST_F(PullFaults, ASecondFabricOnOneClusterIsRefusedUnlessItIsConfirmed) {
  const auto second = add_fabric("twin", {});
  const model::Run run = sync(second);
  EXPECT_EQ(outcome_of(run), "failed");
  EXPECT_EQ(code_of(run), "cluster_in_use");
  EXPECT_THAT(run.ending->detail, HasSubstr("lab already uses this cluster"));
  expect_broken_at(run, 7);
  EXPECT_FALSE(fabric(second).identity);
  EXPECT_EQ(fabric(second).reach.state, Reach::Reachable);
  expect_frozen();
  point(second, {.shares_cluster = true});
  expect_good(second, kAllCreated);
}

TEST_F(PullFaults, ConnectionsAreKeptBetweenRunsButNeverBeyondTheirFields) {
  const auto before = gate_.counter("connections");
  expect_good(fabric_, kAllUnchanged);
  EXPECT_EQ(gate_.counter("connections"), before);
  gate_.clear();
  point(fabric_, {});
  expect_good(fabric_, kAllUnchanged);
  EXPECT_EQ(gate_.requests(""), 0u);
}

TEST_F(PullFaults, ACredentialThatDoesNotOpenIsAnOutcomeOfLayer7) {
  write([&](store::Txn& txn) {
    const std::string other = sealer_->seal(base::SecretText{"stolen"}, "fabric/99/token");
    txn.fabrics().put_credential(fabric_, store::Credential::Token, base::bytes_of(other));
  });
  expect_failed("credential_unreadable", 7, Reach::Unreachable);
  EXPECT_EQ(gate_.requests("^/version"), 1u) << "nothing was contacted for it";
  point(fabric_, {.server = gate_.url()});
}

TEST_F(PullFaults, WithoutAConnectionThereIsNothingToRead) {
  const auto bare = write([](store::Txn& txn) {
    store::FabricDraft draft;
    draft.name = "bare";
    return txn.fabrics().create(draft);
  });
  const model::Run run = sync(bare);
  EXPECT_EQ(outcome_of(run), "failed");
  EXPECT_EQ(code_of(run), "not_configured");
  EXPECT_EQ(fabric(bare).reach.state, Reach::NotSetUp);
}

}  // namespace
}  // namespace hedgerow::test
