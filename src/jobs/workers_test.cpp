#include "jobs/workers.hpp"

#include "jobs/closing.hpp"
#include "jobs/jobs_fixture.test.hpp"

namespace hedgerow::jobs {
namespace {

using namespace std::chrono_literals;
using base::Cause;
using base::Code;
using base::Failure;
using model::LayerState;
using model::Operation;
using model::Outcome;
using model::RunState;

// What a handler of a test does; it may be held until the test lets it go.
class Script {
 public:
  void hold() {
    open_.with([](bool& open) { open = false; });
  }
  void let_go() {
    open_.change([](bool& open) { open = true; });
  }
  // True when it was let go, false when it was stopped.
  bool wait(const std::stop_token& stop) {
    return open_.wait(stop, std::chrono::steady_clock::now() + 20s, [](bool open) { return open; });
  }
  // Waits whatever it is told.
  void hang() {
    open_.wait({}, std::chrono::steady_clock::now() + 20s, [](bool open) { return open; });
  }

 private:
  base::Guarded<bool> open_{std::in_place, true};
};

class WorkersTest : public JobsTest {
 protected:
  ~WorkersTest() override {
    script_.let_go();
    workers_.reset();
    keeper_.stop();
  }
  void start(Handlers handlers) {
    keeper_.start();
    workers_ = std::make_unique<Workers>(*database_, clock_, settings_, "r1", std::move(handlers));
    workers_->start();
  }
  // Passes when it was let go, and says on the way that it began.
  Handler held() {
    return [this](const model::Run& run, const std::stop_token& stop) -> Result {
      ++begun_;
      if (!script_.wait(stop)) throw Failure{Code::Cancelled, Cause::Refused};
      return {run, {}, {}};
    };
  }
  bool begins(int how_often) {
    return comes([&] { return begun_ >= how_often; });
  }
  // Sets the clock ahead and wakes the watch with a change: it may just have begun to wait for a
  // time that a real clock reaches only after all of `span`.
  void pass(base::Milliseconds span, model::FabricId id) {
    clock_.advance(span);
    write([&](store::Txn& txn) { txn.changes().append(model::Topic::Fabric, id); });
  }
  std::int64_t generation(model::FabricId id) { return fabric(id).cluster->generation; }

  Settings settings_{.workers = 4, .look_each = 100ms, .write_wait = kNever, .stop_wait = 2s};
  Keeper keeper_{*database_, clock_, settings_, "r1"};
  Script script_;
  std::atomic<int> begun_ = 0;
  std::unique_ptr<Workers> workers_;
};

TEST_F(WorkersTest, ARunEndsWithItsCountsTraceAndFactsInOneCommit) {
  const auto id = make_fabric("a");
  start({{Operation::Pull, [&](const model::Run& claimed, const std::stop_token&) -> Result {
            model::Run run = claimed;
            run.counts.created = 48;
            run.trace.at(9).state = LayerState::Passed;
            run.trace.at(9).evidence = "21 kinds, 48 objects";
            const auto also = [&](store::Txn& txn) {
              model::ReachFact reach;
              reach.state = model::Reach::Reachable;
              txn.fabrics().set_reach(id, reach);
            };
            return {run, {}, also};
          }}});
  const auto queued = queue(id);
  ASSERT_TRUE(ends(queued));
  const model::Run ended = run(queued);
  EXPECT_EQ(ended.ending->outcome, Outcome::Succeeded);
  EXPECT_EQ(ended.counts.created, 48);
  EXPECT_EQ(ended.trace.at(9).evidence, "21 kinds, 48 objects");
  EXPECT_EQ(ended.trace.at(8).state, LayerState::Passed);
  EXPECT_NE(ended.trace.at(8).evidence.find("of r1 under epoch"), std::string::npos);
  EXPECT_EQ(fabric(id).reach.state, model::Reach::Reachable);
}

TEST_F(WorkersTest, AFailureGivesItsCodeAndMarksItsLayer) {
  const auto id = make_fabric("a");
  start({{Operation::Pull, [](const model::Run&, const std::stop_token&) -> Result {
            throw Failure{Code::StorageFull, Cause::Transient, "The disk is full."};
          }}});
  const auto queued = queue(id);
  ASSERT_TRUE(ends(queued));
  EXPECT_EQ(run(queued).ending->outcome, Outcome::Failed);
  EXPECT_EQ(code_in(run(queued)), "storage_full");
  EXPECT_EQ(run(queued).trace.at(9).state, LayerState::Failed);
  EXPECT_EQ(run(queued).trace.at(9).evidence, "The disk is full.");
}

TEST_F(WorkersTest, WhatIsNoFailureIsADefectAndTheWorkerGoesOn) {
  const auto id = make_fabric("a");
  settings_.workers = 1;
  start({{Operation::Pull, [&](const model::Run& run, const std::stop_token&) -> Result {
            if (++begun_ == 1) throw std::runtime_error{"boom"};
            return {run, {}, {}};
          }}});
  const auto first = queue(id);
  ASSERT_TRUE(ends(first));
  EXPECT_EQ(code_in(run(first)), "internal_fault");
  EXPECT_EQ(run(first).ending->detail.find("boom"), std::string::npos);
  const auto second = queue(id);
  ASSERT_TRUE(ends(second));
  EXPECT_EQ(run(second).ending->outcome, Outcome::Succeeded);
}

TEST_F(WorkersTest, FactsThatCannotBeWrittenAreTheOutcomeAndNewSettingsAreFollowed) {
  const auto id = make_fabric("a");
  start({{Operation::Pull, [&](const model::Run& run, const std::stop_token&) -> Result {
            if (run.retry_of) return {run, {}, {}};
            return {run, {}, [&](store::Txn& txn) { txn.require_generation(id, 99); }};
          }}});
  const auto queued = queue(id);
  ASSERT_TRUE(ends(queued));
  EXPECT_EQ(run(queued).ending->outcome, Outcome::Cancelled);
  EXPECT_EQ(code_in(run(queued)), "config_changed");
  const model::RunId next{queued.value + 1};
  ASSERT_TRUE(ends(next));
  EXPECT_EQ(run(next).retry_of, queued);
  EXPECT_EQ(run(next).ending->outcome, Outcome::Succeeded);
}

TEST_F(WorkersTest, ACancelStopsTheRunWithinASecondAndNamesWhoAsked) {
  const auto id = make_fabric("a");
  script_.hold();
  start({{Operation::Pull, held()}});
  const auto queued = queue(id);
  ASSERT_TRUE(begins(1));
  const auto from = std::chrono::steady_clock::now();
  write([&](store::Txn& txn) {
    txn.runs().request_cancel(queued, "bob");
    txn.changes().append(model::Topic::Run, queued);
  });
  ASSERT_TRUE(ends(queued));
  EXPECT_LT(std::chrono::steady_clock::now() - from, 1s);
  EXPECT_EQ(run(queued).ending->outcome, Outcome::Cancelled);
  EXPECT_EQ(code_in(run(queued)), "cancelled");
  EXPECT_EQ(run(queued).ending->detail, "bob cancelled the run.");
  script_.let_go();
  const auto next = queue(id);
  ASSERT_TRUE(ends(next));
  EXPECT_EQ(run(next).ending->outcome, Outcome::Succeeded);
}

TEST_F(WorkersTest, PauseChangedConnectionAndDeletionStopTheRun) {
  const auto paused = make_fabric("paused");
  const auto edited = make_fabric("edited");
  const auto deleted = make_fabric("deleted");
  script_.hold();
  start({{Operation::Pull, held()}});
  const auto of_paused = queue(paused);
  const auto of_edited = queue(edited);
  const auto of_deleted = queue(deleted);
  ASSERT_TRUE(begins(3));
  write([&](store::Txn& txn) {
    txn.fabrics().pause(paused,
                        {.reason = "maintenance", .by = "carol", .since = txn.now(), .code = {}});
    txn.fabrics().bump_generation(edited);
    close_all_of(txn, deleted, model::ending_of({Code::FabricDeleted, Cause::Missing}));
    txn.fabrics().remove(deleted);
  });
  ASSERT_TRUE(ends(of_paused));
  EXPECT_EQ(code_in(run(of_paused)), "paused");
  EXPECT_EQ(run(of_paused).ending->detail, "carol paused the fabric: maintenance");
  ASSERT_TRUE(ends(of_edited));
  EXPECT_EQ(run(of_edited).ending->outcome, Outcome::Cancelled);
  EXPECT_EQ(code_in(run(of_edited)), "config_changed");
  EXPECT_EQ(code_in(run(of_deleted)), "fabric_deleted");
  EXPECT_FALSE(run(of_deleted).fabric);
  // Its worker is free again, and the others' as well.
  script_.let_go();
  const auto next = queue(edited);
  ASSERT_TRUE(ends(next));
  EXPECT_EQ(run(next).ending->outcome, Outcome::Succeeded);
}

TEST_F(WorkersTest, AShutdownCancelsWhatRunsAndQueuesItAgain) {
  const auto id = make_fabric("a");
  script_.hold();
  start({{Operation::Pull, held()}});
  const auto first = queue(id);
  ASSERT_TRUE(begins(1));
  EXPECT_TRUE(workers_->stop());
  EXPECT_EQ(run(first).ending->outcome, Outcome::Cancelled);
  EXPECT_EQ(code_in(run(first)), "shutdown");
  ASSERT_EQ(queued().size(), 1u);
  EXPECT_EQ(queued().front().retry_of, first);
}

TEST_F(WorkersTest, J04_a_run_that_hangs_ends_as_no_progress_and_its_worker_is_replaced) {
  const auto id = make_fabric("a");
  settings_.workers = 1;
  script_.hold();
  start({{Operation::Pull, [&](const model::Run& claimed, const std::stop_token&) -> Result {
            if (++begun_ > 1) return {claimed, {}, {}};
            script_.hang();
            model::Run run = claimed;
            run.counts.removed = 48;
            return {run, {}, [&](store::Txn& txn) { txn.fabrics().remove(id); }};
          }}});
  const auto hung = queue(id);
  ASSERT_TRUE(begins(1));
  // As a minute in which all else goes on: the lease is renewed.
  for (int i = 0; i < 13; ++i) {
    pass(5s, id);
    keeper_.renew();
  }
  ASSERT_TRUE(ends(hung));
  EXPECT_EQ(run(hung).ending->outcome, Outcome::Failed);
  EXPECT_EQ(code_in(run(hung)), "no_progress");
  const auto revision = run(hung).revision;

  const auto next = queue(id);
  ASSERT_TRUE(ends(next));
  EXPECT_EQ(run(next).ending->outcome, Outcome::Succeeded);

  // The late handler comes back with a result, and changes nothing.
  script_.let_go();
  EXPECT_TRUE(workers_->stop());
  EXPECT_EQ(run(hung).revision, revision);
  EXPECT_EQ(run(hung).counts.removed, 0);
  EXPECT_EQ(fabric(id).name, "a");
}

TEST_F(WorkersTest, UnreachableFabricsShareAQuarterOfTheWorkers) {
  std::vector<model::FabricId> bad;
  for (const char* name : {"b1", "b2", "b3"}) {
    bad.push_back(make_fabric(name));
    model::ReachFact reach;
    reach.state = model::Reach::Unreachable;
    write([&](store::Txn& txn) { txn.fabrics().set_reach(bad.back(), reach); });
  }
  const auto good = make_fabric("good");
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  script_.hold();
  start({{Operation::Pull, [&](const model::Run& run, const std::stop_token& stop) -> Result {
            if (run.fabric == good) return {run, {}, {}};
            most = std::max(most.load(), ++at_once);
            ++begun_;
            script_.wait(stop);
            --at_once;
            return {run, {}, {}};
          }}});
  std::vector<model::RunId> slow;
  for (const auto fabric : bad) slow.push_back(queue(fabric));
  ASSERT_TRUE(begins(1));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(ends(queue(good)));
  EXPECT_EQ(begun_, 1);
  script_.let_go();
  for (const auto id : slow) ASSERT_TRUE(ends(id));
  EXPECT_EQ(most, 1);
}

TEST_F(WorkersTest, ATestQueuesBehindNothing) {
  const auto id = make_fabric("a");
  script_.hold();
  start({{Operation::Pull, held()},
         {Operation::Test,
          [](const model::Run& run, const std::stop_token&) -> Result { return {run, {}, {}}; }}});
  const auto pull = queue(id);
  ASSERT_TRUE(begins(1));
  const auto test = queue(id, Operation::Test);
  ASSERT_TRUE(ends(test));
  EXPECT_EQ(run(pull).state, RunState::Running);
}

TEST_F(WorkersTest, WorkersGiveASignOfLifeWhileTheyWorkAndNoneAfterTheEnd) {
  const auto id = make_fabric("a");
  script_.hold();
  start({{Operation::Pull, held()}});
  queue(id);
  ASSERT_TRUE(begins(1));
  const auto silence = [&] {
    return read([](const store::Snapshot& seen) { return seen.workers().silence(false); });
  };
  pass(20s, id);
  keeper_.renew();
  EXPECT_TRUE(comes([&] { return silence() && *silence() < 5s; }));
  EXPECT_TRUE(workers_->stop());
  EXPECT_FALSE(silence());
}

}  // namespace
}  // namespace hedgerow::jobs
