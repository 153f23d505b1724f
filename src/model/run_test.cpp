#include "model/run.hpp"

#include <gtest/gtest.h>

namespace hedgerow::model {
namespace {

using base::Code;

KindRead read_kind(LayerState state, std::optional<Code> code = {}) {
  KindRead kind;
  kind.group = "wiring.githedgehog.com";
  kind.kind = "Switch";
  kind.state = state;
  kind.code = code;
  if (code) kind.detail = "The cluster refuses to list switches.";
  return kind;
}

TEST(Ending, IsSucceededOnlyWhenEveryKindWasRead) {
  const std::vector all{read_kind(LayerState::Passed), read_kind(LayerState::Passed)};
  EXPECT_EQ(ending_of(all).outcome, Outcome::Succeeded);
  EXPECT_FALSE(ending_of(all).code);

  const std::vector some{read_kind(LayerState::Passed),
                         read_kind(LayerState::Failed, Code::ClusterForbidden)};
  EXPECT_EQ(ending_of(some).outcome, Outcome::Partly);
  EXPECT_EQ(ending_of(some).code, Code::ClusterForbidden);
  EXPECT_TRUE(ending_of(some).detail.starts_with("1 of 2 kinds could be read."));

  const std::vector none{read_kind(LayerState::Failed, Code::ClusterForbidden)};
  EXPECT_EQ(ending_of(none).outcome, Outcome::Failed);
  EXPECT_EQ(ending_of(std::span<const KindRead>{}).code, Code::NoKinds);
}

TEST(Ending, OfAFailureIsNeverPartlyOrSucceeded) {
  for (const base::CodeFacts& facts : base::all_codes()) {
    const Ending ending = ending_of(base::Failure{facts.code, base::Cause::Refused});
    EXPECT_NE(ending.outcome, Outcome::Succeeded) << facts.name;
    EXPECT_NE(ending.outcome, Outcome::Partly) << facts.name;
    EXPECT_FALSE(ending.detail.empty()) << facts.name;
    EXPECT_FALSE(ending.next.empty()) << facts.name;
  }
}

TEST(Summary, SaysNumbersAndWhatIsLeftInTheRecord) {
  model::Run run;
  run.state = RunState::Ended;
  run.ending = Ending{};
  run.kinds = {read_kind(LayerState::Passed)};
  run.counts.created = 48;
  EXPECT_EQ(summary_of(run),
            "1 kind read completely: 48 created, 0 changed, 0 unchanged, 0 removed.");

  run.counts = {};
  run.kinds.clear();
  run.ending =
      ending_of(base::Failure{Code::TcpRefused, base::Cause::Transient, "Nobody listens."});
  EXPECT_EQ(summary_of(run),
            "Nobody listens. Nothing in the record was changed; what it shows is as of the "
            "last complete reading.");
  run.ending = ending_of(base::Failure{Code::FabricDeleted, base::Cause::Missing, "Ada did it."});
  EXPECT_EQ(summary_of(run),
            "Ada did it. What was recorded of it went with it; its cluster was not changed.");
}

TEST(Permissions, AreWhatTheRolesSay) {
  EXPECT_TRUE(may(Role::Operator, Permission::FabricSync));
  EXPECT_FALSE(may(Role::Viewer, Permission::FabricSync));
  EXPECT_FALSE(may(Role::Operator, Permission::FabricEdit));
  for (std::size_t i = 0; i < count_of<Permission>(); ++i)
    EXPECT_TRUE(may(Role::Administrator, static_cast<Permission>(i)));
  try {
    require({.user = {1}, .name = "v", .role = Role::Viewer}, Permission::FabricSync, "fab-lab-01");
    FAIL();
  } catch (const base::Failure& failure) {
    EXPECT_EQ(failure.code(), Code::Forbidden);
    EXPECT_EQ(failure.detail(), "This needs fabric.sync on fab-lab-01; you have fabric.view.");
  }
}

}  // namespace
}  // namespace hedgerow::model
