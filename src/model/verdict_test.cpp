#include "model/verdict.hpp"

#include <gtest/gtest.h>

namespace hedgerow::model {
namespace {

Difference difference(std::string desired, std::string observed, std::string agreed) {
  return {.path = "spec.x", .desired = desired, .observed = observed, .agreed = agreed};
}

Sides sides(bool desired, bool observed, bool agreed, std::vector<Difference> differing = {}) {
  return {.authority = Authority::Git,
          .complete = true,
          .desired = desired,
          .observed = observed,
          .agreed = agreed,
          .differing = std::move(differing)};
}

TEST(Judge, NamesWhoMoved) {
  struct Row {
    Sides sides;
    Verdict verdict;
  };
  const std::vector<Row> rows{
      {sides(true, false, false), Verdict::NeverThere},
      {sides(true, false, true), Verdict::RemovedInCluster},
      {sides(false, true, false), Verdict::Foreign},
      {sides(false, true, true), Verdict::RemovalWanted},
      {sides(true, true, false), Verdict::InSync},
      {sides(true, true, true), Verdict::InSync},
      {sides(true, true, false, {difference("1", "2", "")}), Verdict::NeverAgreed},
      {sides(true, true, true, {difference("1", "2", "2")}), Verdict::DesiredAhead},
      {sides(true, true, true, {difference("1", "2", "1")}), Verdict::ClusterAhead},
      {sides(true, true, true, {difference("1", "2", "3")}), Verdict::Conflict},
      {sides(true, true, true, {difference("1", "2", "1"), difference("1", "2", "2")}),
       Verdict::Conflict},
      {sides(true, true, true, {difference("1", "1", "1")}), Verdict::RulesChanged},
  };
  for (const Row& row : rows) EXPECT_EQ(name_of(judge(row.sides)), name_of(row.verdict));
}

TEST(Judge, SaysNothingOfWhatIsOnlyWatchedOrHalfRead) {
  Sides watched = sides(false, true, false);
  watched.authority = Authority::Cluster;
  watched.complete = false;
  EXPECT_EQ(judge(watched), Verdict::Watched);
  Sides half = sides(true, false, true);
  half.complete = false;
  EXPECT_EQ(judge(half), Verdict::Unknown);
  Sides ignored = sides(true, true, true);
  ignored.authority = Authority::Ignored;
  EXPECT_EQ(judge(ignored), Verdict::Unknown);
}

}  // namespace
}  // namespace hedgerow::model
