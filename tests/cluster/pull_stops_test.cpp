// What becomes of a pull that is stopped, or overtaken, while it reads; and of pages between which
// the cluster changes.
#include <future>

#include "jobs/closing.hpp"
#include "pull_fixture.hpp"

namespace hedgerow::test {
namespace {

using model::LayerState;
using testing::HasSubstr;

constexpr model::Counts kAllCreated{.created = 48};
constexpr model::Counts kAllUnchanged{.unchanged = 48};
// On the last page.
constexpr std::string_view kLastConnection = "spine-01--fabric--leaf-04";

// One kind's list hangs in the Gate until the test lets it go.
class PullStops : public PullTest {
 protected:
  PullStops() {
    auto patient = settings();
    patient.kube.outbound.deadlines.first_byte = 20s;
    patient.kube.outbound.deadlines.floor_span = 20s;
    patient.kube.outbound.deadlines.total = 20s;
    restart(patient);
    fabric_ = add_fabric("lab", {.server = gate_.url()});
  }
  ~PullStops() override { gate_.clear(); }

  void hold_lists() {
    gate_.rule(R"({"name":"held","match":{"path":"/switches$"},"action":{"hold":true}})");
  }
  // The run has read all but what is held.
  model::RunId begin() {
    const auto id = queue(fabric_);
    EXPECT_TRUE(comes([&] {
      const auto now = run(id).value();
      return std::ranges::count(now.kinds, LayerState::Passed, &model::KindRead::state) == 20;
    })) << "what is finished must show while another kind is silent";
    return id;
  }

  // As the action does it.
  void remove_fabric() {
    write([&](store::Txn& txn) {
      const base::Failure deleted{base::Code::FabricDeleted, base::Cause::Missing};
      jobs::close_all_of(txn, fabric_, model::ending_of(deleted));
      txn.fabrics().remove(fabric_);
      txn.changes().append(model::Topic::Fabrics, 0);
    });
  }

  Gate gate_;
  model::FabricId fabric_;
};

TEST_F(PullStops, ACancelEndsItSoonAndWhatWasFinishedStays) {
  hold_lists();
  const auto id = begin();
  EXPECT_EQ(run(id)->counts.created, 41);
  EXPECT_EQ(run(id)->trace.at(9).state, LayerState::Running);
  EXPECT_EQ(run(id)->trace.at(9).evidence, "20 of 21 kinds, 41 objects");
  EXPECT_EQ(kind_in(*run(id), "Switch")->state, LayerState::Running);
  const auto from = std::chrono::steady_clock::now();
  write([&](store::Txn& txn) {
    txn.runs().request_cancel(id, "bob");
    txn.changes().append(model::Topic::Run, id);
  });
  const model::Run cancelled = ended(id);
  EXPECT_LT(std::chrono::steady_clock::now() - from, 1s);
  EXPECT_EQ(outcome_of(cancelled), "cancelled");
  EXPECT_EQ(code_of(cancelled), "cancelled");
  EXPECT_THAT(cancelled.ending->detail, HasSubstr("bob"));
  EXPECT_EQ(cancelled.counts.created, 41);
  EXPECT_EQ(cancelled.trace.at(9).state, LayerState::Partly);
  EXPECT_EQ(number("SELECT count(*) FROM objects"), 41);
  gate_.clear();
  expect_good(fabric_, {.created = 7, .unchanged = 41});
}

TEST_F(PullStops, AChangedConnectionDiscardsWhatWasReadAndARunWithTheNewOneFollows) {
  expect_good(fabric_, kAllCreated);
  hold_lists();
  const auto id = begin();
  label(path_of(kWiring, "switches", "leaf-01"), "late");
  point(fabric_, {});
  const model::Run stopped = ended(id);
  EXPECT_EQ(outcome_of(stopped), "cancelled");
  EXPECT_EQ(code_of(stopped), "config_changed");
  const model::Run next = ended({id.value + 1});
  EXPECT_EQ(next.retry_of, id);
  EXPECT_EQ(next.counts.changed, 1);
  EXPECT_EQ(number(fmt::format("SELECT count(*) FROM history WHERE run_id = {}", id.value)), 0);
  gate_.clear();
  expect_good(fabric_, kAllUnchanged);
  label(path_of(kWiring, "switches", "leaf-01"), "");
}

TEST_F(PullStops, ADeletedFabricLeavesNothingButItsRunsAndItsWorkerGoesOn) {
  hold_lists();
  const auto id = begin();
  remove_fabric();
  EXPECT_TRUE(comes([&] { return gate_.counter("open_requests") == 0; }));
  EXPECT_EQ(code_of(*run(id)), "fabric_deleted");
  EXPECT_FALSE(run(id)->fabric);
  for (const char* table : {"objects", "history", "kinds", "credentials"})
    EXPECT_EQ(number(fmt::format("SELECT count(*) FROM {}", table)), 0) << table;
  gate_.clear();
  fabric_ = add_fabric("again", {.server = gate_.url()});
  expect_good(fabric_, kAllCreated);
}

TEST_F(PullStops, ARunWhoseLeaseIsOverWritesNothingMore) {
  expect_good(fabric_, kAllCreated);
  label(path_of(kWiring, "switches", "leaf-01"), "late");
  hold_lists();
  const auto id = begin();
  count_writes();
  // As another owner would take it.
  write([](store::Txn& txn) { txn.ownership().take_all("test", 15s); });
  gate_.clear();
  const model::Run lost = ended(id);
  EXPECT_EQ(outcome_of(lost), "lost");
  EXPECT_EQ(code_of(lost), "lost");
  // It only reads, so it runs again by itself, and that one sees the change.
  ASSERT_TRUE(
      comes([&] { return number("SELECT count(*) FROM runs WHERE state = 'ended'") == 3; }));
  EXPECT_EQ(number("SELECT retry_of FROM runs ORDER BY id DESC LIMIT 1"), id.value);
  EXPECT_EQ(number("SELECT changed_count FROM runs ORDER BY id DESC LIMIT 1"), 1);
  EXPECT_EQ(writes(), 2);
  label(path_of(kWiring, "switches", "leaf-01"), "");
  expect_good(fabric_, {.changed = 1, .unchanged = 47});
}

// Nobody watches over this run: what it writes must refuse by itself.
class PullFence : public PullStops {
 protected:
  // The code with which a pull ended, before whose last list was let through `meanwhile` was done.
  template <class Meanwhile>
  std::string_view code_after(Meanwhile&& meanwhile) {
    workers_.reset();
    hold_lists();
    queue(fabric_);
    const auto claimed =
        write([](store::Txn& txn) { return txn.runs().claim({.replica = "test"}); });
    auto pull = std::async(std::launch::async, [&] {
      return failure_in([&] { static_cast<void>(readers_->pull(claimed.value(), {})); });
    });
    EXPECT_TRUE(comes([&] { return gate_.requests("/switches$") == 1; }));
    EXPECT_TRUE(comes([&] { return number("SELECT count(*) FROM objects") == 41; }));
    meanwhile(claimed->id);
    count_writes();
    gate_.clear();
    const base::Failure failure = pull.get();
    EXPECT_EQ(writes(), 0);
    return code_in(failure);
  }
};

TEST_F(PullFence, NothingIsWrittenOfWhatAnotherConnectionRead) {
  EXPECT_EQ(code_after([&](model::RunId) {
              write([&](store::Txn& txn) { txn.fabrics().bump_generation(fabric_); });
            }),
            "config_changed");
}

TEST_F(PullFence, NothingIsWrittenUnderAnotherEpoch) {
  EXPECT_EQ(code_after([&](model::RunId) {
              write([](store::Txn& txn) { txn.ownership().take_all("test", 15s); });
            }),
            "lost");
}

TEST_F(PullFence, NothingIsWrittenOnceTheRunHasEnded) {
  EXPECT_EQ(code_after([&](model::RunId run) {
              write([&](store::Txn& txn) {
                txn.runs().end(run,
                               {.outcome = model::Outcome::Failed, .code = base::Code::NoProgress},
                               std::nullopt);
              });
            }),
            "lost");
}

TEST_F(PullFence, NothingIsWrittenForADeletedFabric) {
  EXPECT_EQ(code_after([&](model::RunId) { remove_fabric(); }), "fabric_deleted");
}

class PullPages : public PullStops {
 protected:
  PullPages() {
    auto paged = settings();
    paged.kube.page_size = 5;
    paged.kube.outbound.deadlines.first_byte = 20s;
    paged.kube.outbound.deadlines.total = 20s;
    paged.chunk_rows = 4;
    restart(paged);
  }
  void hold_second_page() {
    gate_.rule(R"({"name":"page","match":{"path":"/connections$","query":"continue="},)"
               R"("times":1,"action":{"hold":true}})");
  }
};

TEST_F(PullPages, WhatChangesBetweenPagesIsReadAsOfOneMomentAndSeenAtTheNextRun) {
  hold_second_page();
  const auto id = queue(fabric_);
  ASSERT_TRUE(comes([&] { return gate_.requests("/connections$") == 2; }));
  const std::string last = path_of(kWiring, "connections", kLastConnection);
  label(last, "between");
  gate_.clear();
  const model::Run first = ended(id);
  EXPECT_EQ(outcome_of(first), "succeeded") << first.ending->detail;
  EXPECT_EQ(first.counts, kAllCreated);
  EXPECT_EQ(kind_in(first, "Connection")->pages, 6);
  expect_good(fabric_, {.changed = 1, .unchanged = 47});
  label(last, "");
  expect_good(fabric_, {.changed = 1, .unchanged = 47});
}

TEST_F(PullPages, AListThatBeginsAnewCountsEveryObjectOnce) {
  hold_second_page();
  const auto id = queue(fabric_);
  ASSERT_TRUE(comes([&] { return gate_.requests("/connections$") == 2; }));
  const std::string last = path_of(kWiring, "connections", kLastConnection);
  label(last, "gone-by");
  cluster_.compact();
  gate_.clear();
  const model::Run run = ended(id);
  EXPECT_EQ(outcome_of(run), "succeeded") << run.ending->detail;
  EXPECT_EQ(run.counts, kAllCreated);
  EXPECT_GT(kind_in(run, "Connection")->pages, 6);
  EXPECT_EQ(kind_in(run, "Connection")->listed, 26);
  EXPECT_EQ(number("SELECT count(*) FROM history"), 48);
  expect_good(fabric_, kAllUnchanged);
  label(last, "");
  expect_good(fabric_, {.changed = 1, .unchanged = 47});
}

}  // namespace
}  // namespace hedgerow::test
