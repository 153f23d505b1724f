#include "reconcile/scope.hpp"

#include <gtest/gtest.h>

namespace hedgerow::reconcile {
namespace {

using base::Cause;
using base::Code;
using model::Coverage;

kube::Kind served(std::string group, const std::string& kind) {
  return {.group = std::move(group), .version = "v1", .kind = kind, .plural = kind + "s"};
}

model::KindState remembered(std::string group, const std::string& kind, std::int64_t objects) {
  model::KindState state;
  state.kind.group = std::move(group);
  state.kind.kind = kind;
  state.kind.plural = kind + "s";
  state.coverage = Coverage::Readable;
  state.objects = objects;
  return state;
}

TEST(Scope, ReadsWhatIsServedButNeverWhatIsNotMirrored) {
  const kube::Discovery found{.kinds = {served("wiring.githedgehog.com", "Switch"),
                                        served("agent.githedgehog.com", "Agent"),
                                        served("agent.githedgehog.com", "Catalog")},
                              .unknown = {}};
  const auto scope = scope_of(found, {});
  ASSERT_EQ(scope.to_read.size(), 2u);
  EXPECT_EQ(scope.to_read[1].kind, "Catalog");
  ASSERT_EQ(scope.out_of_scope.size(), 1u);
  EXPECT_EQ(scope.out_of_scope[0].kind.kind, "Agent");
  EXPECT_FALSE(scope.out_of_scope[0].coverage.detail.empty());
  EXPECT_TRUE(scope.frozen.empty());
}

TEST(Scope, AKindThatIsNotServedAnyMoreIsFrozenWithItsObjectsAndForgottenWithoutAny) {
  const std::vector known{remembered("vpc.githedgehog.com", "VPC", 3),
                          remembered("vpc.githedgehog.com", "External", 0)};
  const kube::Discovery found{.kinds = {served("wiring.githedgehog.com", "Switch")}, .unknown = {}};
  const auto scope = scope_of(found, known);
  ASSERT_EQ(scope.frozen.size(), 1u);
  EXPECT_EQ(scope.frozen[0].kind.kind, "VPC");
  EXPECT_EQ(scope.frozen[0].coverage.coverage, Coverage::NotServed);
  EXPECT_EQ(scope.frozen[0].coverage.code, Code::KindMissing);
  ASSERT_EQ(scope.out_of_scope.size(), 1u);
  EXPECT_EQ(scope.out_of_scope[0].kind.kind, "External");
}

TEST(Scope, KindsOfAnUnknownGroupAreFrozenWithItsReasonEvenWithoutObjects) {
  const std::vector known{remembered("vpc.githedgehog.com", "VPC", 3),
                          remembered("vpc.githedgehog.com", "External", 0)};
  const kube::Discovery found{
      .kinds = {served("wiring.githedgehog.com", "Switch")},
      .unknown = {{.group = "vpc.githedgehog.com",
                   .version = "v1beta1",
                   .why = {Code::ClusterError, Cause::Transient, "503"}},
                  {.group = "new.githedgehog.com",
                   .version = "v1",
                   .why = {Code::ClusterTimeout, Cause::Transient, "slow"}}}};
  const auto scope = scope_of(found, known);
  ASSERT_EQ(scope.frozen.size(), 2u);
  EXPECT_EQ(scope.frozen[0].coverage.coverage, Coverage::NotReadable);
  EXPECT_EQ(scope.frozen[0].coverage.code, Code::ClusterError);
  ASSERT_EQ(scope.unknown.size(), 1u) << "a group of which nothing is known is still a gap";
  EXPECT_EQ(scope.unknown[0].code(), Code::ClusterTimeout);
  EXPECT_NE(scope.unknown[0].detail().find("new.githedgehog.com/v1"), std::string::npos);
}

TEST(Scope, TheSameKindNameInTwoGroupsIsTwoKinds) {
  const kube::Discovery found{.kinds = {served("wiring.githedgehog.com", "Connection"),
                                        served("two.githedgehog.com", "Connection")},
                              .unknown = {}};
  EXPECT_EQ(scope_of(found, {}).to_read.size(), 2u);
}

}  // namespace
}  // namespace hedgerow::reconcile
