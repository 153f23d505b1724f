#include "jobs/keeper.hpp"

#include "jobs/jobs_fixture.test.hpp"

namespace hedgerow::jobs {
namespace {

using namespace std::chrono_literals;
using model::Outcome;
using model::RunState;

class KeeperTest : public JobsTest {
 protected:
  // As a worker would claim it.
  model::RunId claim() {
    return write([&](store::Txn& txn) {
      const auto run = txn.runs().claim({.replica = "r1"});
      CHECK(run.has_value());
      model::Run now = *run;
      model::KindRead finished{.group = "wiring.githedgehog.com", .kind = "Connection"};
      finished.state = model::LayerState::Passed;
      model::KindRead begun{.group = "wiring.githedgehog.com", .kind = "Switch"};
      begun.state = model::LayerState::Running;
      now.trace.at(9).state = model::LayerState::Running;
      txn.runs().progress(now.id, {now.counts, {finished, begun}, now.trace});
      return now.id;
    });
  }
  std::optional<store::Lease> lease(model::FabricId id) {
    return read([&](const store::Snapshot& seen) { return seen.ownership().of(id); });
  }

  Keeper keeper_{*database_, clock_, {}, "r1"};
};

TEST_F(KeeperTest, WhatAnEarlierProcessLeftRunningIsLostAtTheStartAndQueuedAgain) {
  const auto fabric = make_fabric("a");
  keeper_.take_all();
  const auto before = queue(fabric);
  EXPECT_EQ(claim(), before);

  Keeper next{*database_, clock_, {}, "r2"};
  next.start();
  const model::Run lost = run(before);
  ASSERT_EQ(lost.state, RunState::Ended);
  EXPECT_EQ(lost.ending->outcome, Outcome::Lost);
  EXPECT_EQ(code_in(lost), "lost");
  EXPECT_NE(lost.ending->detail.find("Finished before that: Connection."), std::string::npos);
  EXPECT_NE(lost.ending->detail.find("new in part: Switch."), std::string::npos);
  EXPECT_EQ(lost.trace.at(8).state, model::LayerState::Failed);
  EXPECT_EQ(lost.trace.at(9).state, model::LayerState::Partly);
  EXPECT_EQ(lost.kinds.at(1).state, model::LayerState::Partly);

  ASSERT_EQ(queued().size(), 1u);
  EXPECT_EQ(queued().front().retry_of, before);
  EXPECT_EQ(queued().front().actor_name, "ann");
  EXPECT_EQ(queued().front().trace.at(8).state, model::LayerState::NotReached);
  next.stop();
}

TEST_F(KeeperTest, ReapingTwiceChangesNothingMore) {
  const auto fabric = make_fabric("a");
  keeper_.take_all();
  queue(fabric);
  const auto id = claim();
  keeper_.take_all();
  keeper_.reap();
  const auto once = run(id);
  keeper_.reap();
  EXPECT_EQ(run(id).revision, once.revision);
  EXPECT_EQ(queued().size(), 1u);
}

TEST_F(KeeperTest, OneFollowUpThatIsQueuedAlreadyIsEnough) {
  const auto fabric = make_fabric("a");
  keeper_.take_all();
  queue(fabric);
  const auto id = claim();
  const auto next = queue(fabric);
  keeper_.take_all();
  keeper_.reap();
  EXPECT_EQ(run(id).ending->outcome, Outcome::Lost);
  ASSERT_EQ(queued().size(), 1u);
  EXPECT_EQ(queued().front().id, next);
}

TEST_F(KeeperTest, TwoLostRunsInARowQuarantineTheFabricAndNothingIsQueuedAgain) {
  const auto fabric_id = make_fabric("a");
  keeper_.take_all();
  queue(fabric_id);
  for (int i = 0; i < 2; ++i) {
    claim();
    keeper_.take_all();
    keeper_.reap();
  }
  const auto paused = fabric(fabric_id).pause;
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->code, base::Code::Quarantined);
  EXPECT_EQ(paused->by, "Hedgerow");
  EXPECT_NE(paused->reason.find("2 runs in a row"), std::string::npos);
  EXPECT_TRUE(queued().empty());
  const auto last =
      read([&](const store::Snapshot& seen) { return seen.runs().last_ended(fabric_id); });
  EXPECT_EQ(last->ending->outcome, Outcome::Lost);
  EXPECT_EQ(code_in(*last), "quarantined");
}

TEST_F(KeeperTest, ATestThatIsLostIsRepeatedOnce) {
  const auto id = make_fabric("a");
  keeper_.take_all();
  queue(id, model::Operation::Test);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(queued().size(), 1u);
    write([](store::Txn& txn) { (void)txn.runs().claim({.replica = "r1", .tests = true}); });
    keeper_.take_all();
    keeper_.reap();
  }
  EXPECT_TRUE(queued().empty());
  EXPECT_FALSE(fabric(id).pause);
}

TEST_F(KeeperTest, ARunThatEndedWellBetweenTwoLostOnesKeepsTheFabricOutOfQuarantine) {
  const auto fabric_id = make_fabric("a");
  keeper_.take_all();
  queue(fabric_id);
  claim();
  keeper_.take_all();
  keeper_.reap();
  const auto good = claim();
  write([&](store::Txn& txn) { txn.runs().end(good, {}, std::nullopt); });
  queue(fabric_id);
  claim();
  keeper_.take_all();
  keeper_.reap();
  EXPECT_FALSE(fabric(fabric_id).pause);
  EXPECT_EQ(queued().size(), 1u);
}

TEST_F(KeeperTest, ALeaseThatIsRenewedInTimeLivesAndOneThatIsNotIsTakenAnew) {
  const auto id = make_fabric("a");
  keeper_.take_all();
  const auto first = lease(id)->epoch;
  for (int i = 0; i < 5; ++i) {
    clock_.advance(5s);
    keeper_.renew();
    keeper_.take_new();
  }
  EXPECT_EQ(lease(id)->epoch, first);
  EXPECT_FALSE(lease(id)->expired);

  queue(id);
  const auto run_id = claim();
  clock_.advance(16s);
  keeper_.renew();
  EXPECT_TRUE(lease(id)->expired);
  keeper_.take_new();
  EXPECT_GT(lease(id)->epoch, first);
  keeper_.reap();
  EXPECT_EQ(run(run_id).ending->outcome, Outcome::Lost);
}

TEST_F(KeeperTest, ANewFabricIsTakenInTheTurnAfterItAppeared) {
  keeper_.start();
  const auto id = make_fabric("new");
  write([&](store::Txn& txn) { txn.changes().append(model::Topic::Fabrics, 0); });
  EXPECT_TRUE(comes([&] { return lease(id)->replica == "r1" && !lease(id)->expired; }));
  keeper_.stop();
  EXPECT_EQ(lease(id)->replica, "");
}

TEST_F(KeeperTest, ATurnRenewsAndReapsWhenItIsDue) {
  const auto id = make_fabric("a");
  keeper_.take_all();
  clock_.advance(6s);
  keeper_.step({});
  EXPECT_GT(lease(id)->left, 14s);
}

TEST_F(KeeperTest, J14_waiting_without_any_worker_fails_a_run_and_a_long_queue_alone_does_not) {
  const auto id = make_fabric("a");
  keeper_.take_all();
  const auto waits = queue(id);
  const auto beat = [&] { write([](store::Txn& txn) { txn.workers().beat("r1", 1, false); }); };
  beat();
  for (int i = 0; i < 10; ++i) {
    clock_.advance(30s);
    beat();
    keeper_.reap();
  }
  EXPECT_EQ(run(waits).state, RunState::Queued);

  clock_.advance(61s);
  // A worker that takes tests alone is nobody for it.
  write([](store::Txn& txn) { txn.workers().beat("r1", 2, true); });
  const auto test = queue(id, model::Operation::Test);
  clock_.advance(61s);
  write([](store::Txn& txn) { txn.workers().beat("r1", 2, true); });
  keeper_.reap();
  EXPECT_EQ(run(test).state, RunState::Queued);
  ASSERT_EQ(run(waits).state, RunState::Ended);
  EXPECT_EQ(run(waits).ending->outcome, Outcome::Failed);
  EXPECT_EQ(code_in(run(waits)), "no_worker");
}

TEST_F(KeeperTest, OldRequestKeysAndChangesAreForgottenAndYoungOnesAreNot) {
  const auto id = make_fabric("a");
  const store::RequestKey key{{1}, "POST /api/fabrics/", "k1"};
  const store::Remembered made{base::digest_of("x"), store::Made::Fabric, id.value, false};
  write([&](store::Txn& txn) { txn.request_keys().remember(key, made); });
  const auto is_known = [&] {
    return read(
        [&](const store::Snapshot& seen) { return seen.request_keys().find(key).has_value(); });
  };
  clock_.advance(23h);
  (void)keeper_.sweep_chunk();
  EXPECT_TRUE(is_known());
  clock_.advance(2h);
  (void)keeper_.sweep_chunk();
  EXPECT_FALSE(is_known());
}

}  // namespace
}  // namespace hedgerow::jobs
