#include "reconcile/conclusion.hpp"

#include <gtest/gtest.h>

namespace hedgerow::reconcile {
namespace {

using base::Cause;
using base::Code;
using base::Failure;
using model::KindRead;
using model::LayerState;
using model::Outcome;
using model::Reach;

KindRead read_kind() {
  KindRead kind;
  kind.state = LayerState::Passed;
  kind.listed = 3;
  kind.pages = 1;
  return kind;
}

KindRead broken(Code code, LayerState state = LayerState::Failed, int pages = 1) {
  KindRead kind;
  kind.state = state;
  kind.pages = pages;
  kind.code = code;
  kind.detail = "why";
  return kind;
}

Outcome outcome(const std::vector<KindRead>& kinds, const std::vector<Failure>& gaps = {}) {
  return ending_of(kinds, gaps).outcome;
}

TEST(PullEnding, SucceedsOnlyWhenEveryKindWasReadAndNothingElseWasLeftOpen) {
  EXPECT_EQ(outcome({read_kind(), read_kind()}), Outcome::Succeeded);
  EXPECT_EQ(outcome({read_kind(), broken(Code::ClusterError)}), Outcome::Partly);
  EXPECT_EQ(outcome({broken(Code::ClusterError)}), Outcome::Failed);
  EXPECT_EQ(outcome({broken(Code::NamespaceMissing, LayerState::Partly)}), Outcome::Partly);
  EXPECT_EQ(outcome({}), Outcome::Failed);

  const std::vector gaps{Failure{Code::ClusterForbidden, Cause::Denied, "identity"}};
  const auto ending = ending_of(std::vector{read_kind()}, gaps);
  EXPECT_EQ(ending.outcome, Outcome::Partly);
  EXPECT_EQ(ending.code, Code::ClusterForbidden);
  EXPECT_EQ(ending.detail, "identity");
}

TEST(PullEnding, RefusedCredentialsFailTheRunWhateverWasReadBefore) {
  const auto ending = ending_of(std::vector{read_kind(), broken(Code::ClusterUnauthorized)}, {});
  EXPECT_EQ(ending.outcome, Outcome::Failed);
  EXPECT_EQ(ending.code, Code::ClusterUnauthorized);
}

TEST(PullReach, ACallThatFailedSaysHowTheClusterIsReached) {
  const auto reach = [](Code code) { return reach_of(Failure{code, Cause::Refused}); };
  EXPECT_EQ(reach(Code::TcpRefused), Reach::Unreachable);
  EXPECT_EQ(reach(Code::DnsFailed), Reach::Unreachable);
  EXPECT_EQ(reach(Code::ClusterTimeout), Reach::Unreachable);
  EXPECT_EQ(reach(Code::NotKubernetes), Reach::Unreachable);
  EXPECT_EQ(reach(Code::WrongCluster), Reach::Unreachable);
  EXPECT_EQ(reach(Code::TlsTimeout), Reach::Unreachable);
  EXPECT_EQ(reach(Code::TlsUntrusted), Reach::Untrusted);
  EXPECT_EQ(reach(Code::TlsName), Reach::Untrusted);
  EXPECT_EQ(reach(Code::TlsExpired), Reach::Untrusted);
  EXPECT_EQ(reach(Code::ClusterUnauthorized), Reach::Refused);
  EXPECT_EQ(reach(Code::ClusterForbidden), Reach::Refused);
  EXPECT_EQ(reach(Code::NotConfigured), Reach::NotSetUp);
  EXPECT_EQ(reach(Code::ClusterThrottled), Reach::Reachable);
  EXPECT_EQ(reach(Code::NoKinds), Reach::Reachable);
}

TEST(PullReach, AfterAPullTheLatestAnswersCount) {
  model::ReachFact first;
  first.state = Reach::Reachable;
  const auto after = [&](const std::vector<KindRead>& kinds) {
    return reach_after(first, kinds, base::WallTime{}).state;
  };
  EXPECT_EQ(after({read_kind(), broken(Code::ClusterForbidden)}), Reach::Reachable);
  EXPECT_EQ(after({broken(Code::ClusterForbidden), broken(Code::ClusterForbidden)}),
            Reach::Refused);
  EXPECT_EQ(after({broken(Code::ClusterForbidden, LayerState::Partly)}), Reach::Reachable)
      << "the namespaces that did not refuse have answered";
  EXPECT_EQ(after({read_kind(), broken(Code::ClusterUnauthorized)}), Reach::Refused);
  EXPECT_EQ(after({broken(Code::TcpRefused), broken(Code::TcpRefused)}), Reach::Unreachable);
  EXPECT_EQ(after({read_kind(), broken(Code::TcpRefused)}), Reach::Reachable);
  EXPECT_EQ(after({broken(Code::KindMissing, LayerState::Failed, 0), broken(Code::TcpRefused)}),
            Reach::Unreachable)
      << "a kind that was not asked for says nothing";
}

TEST(PullEvidence, SaysWhatWasMeasuredAndNothingElse) {
  using std::chrono::milliseconds;
  kube::Version version{.git_version = "v1.32.13", .evidence = {}};
  version.evidence.address = "10.1.2.3:6443";
  version.evidence.dns = milliseconds{1};
  version.evidence.tls = milliseconds{4};
  EXPECT_EQ(evidence_of(version), "10.1.2.3:6443, DNS 1 ms, TLS 4 ms, v1.32.13");
  version.evidence.tries = 3;
  EXPECT_EQ(evidence_of(version), "10.1.2.3:6443, DNS 1 ms, TLS 4 ms, 3 tries, v1.32.13");
  version.evidence = {};
  version.evidence.reused = true;
  EXPECT_EQ(evidence_of(version), "connection kept from before, v1.32.13");
}

}  // namespace
}  // namespace hedgerow::reconcile
