#include <gmock/gmock.h>

#include <latch>

#include "backend.hpp"

namespace hedgerow::conformance {

namespace {

using base::Code;
using base::Deadline;
using base::Milliseconds;
using store::Txn;

std::int64_t append(Txn& txn, const std::string& action) {
  store::AuditRow row;
  row.action = action;
  return txn.audit().append(row);
}

class Commits : public DatabaseTest {
 protected:
  std::vector<std::string> actions() {
    std::vector<std::string> found;
    const auto page = read([](const auto& s) { return s.audit().page({.limit = 1'000}); });
    for (const auto& row : page.rows) found.insert(found.begin(), row.action);
    return found;
  }
  std::int64_t count() {
    return read([](const auto& s) { return s.audit().page({.limit = 1}).count; });
  }
};
INSTANTIATE_TEST_SUITE_P(Store, Commits, kBackends, name_of_backend);

TEST_P(Commits, give_back_what_the_function_gave) {
  EXPECT_EQ(write([](Txn& txn) { return append(txn, "a"); }), 1);
  EXPECT_EQ(write([](Txn&) { return std::make_unique<int>(7); }).operator*(), 7);
  EXPECT_EQ(read([](const auto&) { return std::string{"x"}; }), "x");
}

TEST_P(Commits, of_sixteen_threads_are_all_kept_once) {
  constexpr int kThreads = 16;
  constexpr int kEach = 100;
  std::mutex lock;
  std::set<std::int64_t> acknowledged;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        const auto id =
            write([&](Txn& txn) { return append(txn, fmt::format("{}-{}", thread, i)); });
        const std::scoped_lock hold{lock};
        acknowledged.insert(id);
      }
    });
  threads.clear();
  EXPECT_EQ(acknowledged.size(), std::size_t{kThreads * kEach});
  EXPECT_EQ(count(), kThreads * kEach);
  EXPECT_EQ(ask_outside("SELECT count(DISTINCT action) FROM audit"),
            std::to_string(kThreads * kEach));
}

TEST_P(Commits, a_function_that_throws_takes_nothing_of_the_others_along) {
  std::array<std::optional<std::string>, 3> thrown;
  std::vector<std::jthread> threads;
  {
    Busy busy{*this};
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&, i] {
        try {
          write([&](Txn& txn) {
            append(txn, fmt::format("f{}", i));
            if (i == 1) throw std::runtime_error{"no more"};
          });
        } catch (const std::runtime_error& error) {
          thrown.at(static_cast<std::size_t>(i)) = error.what();
        }
      });
  }
  threads.clear();
  EXPECT_FALSE(thrown[0]);
  EXPECT_EQ(thrown[1], "no more");
  EXPECT_FALSE(thrown[2]);
  EXPECT_THAT(actions(), testing::UnorderedElementsAre("f0", "f2"));
}

TEST_P(Commits, a_refused_statement_undoes_its_own_function_only) {
  const auto twice = [&] {
    write([](Txn& txn) {
      append(txn, "undone");
      txn.users().create({"alice", model::Role::Viewer, "x"});
      txn.users().create({"Alice", model::Role::Viewer, "x"});
    });
  };
  EXPECT_EQ(code_of(twice), Code::InternalFault);
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(read([](const auto& s) { return s.users().count(); }), 0);
  EXPECT_EQ(write([](Txn& txn) { return append(txn, "after"); }), 1);
}

TEST_P(Commits, a_failure_says_what_the_caller_was_doing) {
  const base::Doing doing{"adding a fabric"};
  try {
    write([](Txn& txn) { return txn.fabrics().get({99}).id; });
    FAIL();
  } catch (const base::Failure& failure) {
    EXPECT_THAT(failure.trail(), testing::ElementsAre("adding a fabric"));
  }
}

TEST_P(Commits, that_cannot_begin_in_time_never_run) {
  std::atomic<int> ran = 0;
  {
    Busy busy{*this};
    const auto late = [&] {
      database_->write(Deadline::in(clock_, Milliseconds{50}), [&](Txn&) { ++ran; });
    };
    EXPECT_EQ(code_of(late), Code::StorageBusy);
  }
  write([](Txn&) {});
  EXPECT_EQ(ran, 0);
}

TEST_P(Commits, are_not_seen_before_they_are_whole) {
  Busy busy{*this};
  std::latch appended{1};
  std::jthread writer{[&] {
    write([&](Txn& txn) {
      append(txn, "a");
      append(txn, "b");
    });
    appended.count_down();
  }};
  EXPECT_EQ(count(), 0);
  busy.let_go();
  appended.wait();
  EXPECT_EQ(count(), 2);
}

TEST_P(Commits, a_snapshot_stays_at_its_instant) {
  write([](Txn& txn) { append(txn, "before"); });
  read([&](const store::Snapshot& snapshot) {
    EXPECT_EQ(snapshot.audit().page({}).count, 1);
    std::jthread{[&] { write([](Txn& txn) { append(txn, "meanwhile"); }); }}.join();
    EXPECT_EQ(snapshot.audit().page({}).count, 1);
    EXPECT_EQ(count(), 2) << "another reader sees it";
  });
}

TEST_P(Commits, readers_wait_for_a_free_place_and_then_say_so) {
  settings_.readers = 1;
  settings_.read_wait = Milliseconds{50};
  open_again();
  read([&](const store::Snapshot&) {
    EXPECT_EQ(code_of([&] { return count(); }), Code::StorageBusy);
  });
  EXPECT_EQ(count(), 0);
}

TEST_P(Commits, a_reader_that_threw_reads_on) {
  settings_.readers = 1;
  open_again();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(code_of([&] { return read([](const auto& s) { return s.runs().get({1}); }); }),
              Code::NotFound);
  write([](Txn& txn) { append(txn, "x"); });
  EXPECT_EQ(count(), 1);
}

using CommitsDeathTest = Commits;
INSTANTIATE_TEST_SUITE_P(Store, CommitsDeathTest, kBackends, name_of_backend);

TEST_P(CommitsDeathTest, inside_of_a_commit_are_a_bug) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(write([&](Txn&) { write([](Txn&) {}); }), "bug");
  EXPECT_DEATH(write([&](Txn&) { return count(); }), "bug");
}

TEST_P(Commits, are_there_after_a_restart) {
  write([](Txn& txn) { append(txn, "x"); });
  open_again();
  EXPECT_EQ(count(), 1);
  EXPECT_GT(database_->size_on_disk(), 0);
}

TEST_P(Commits, a_database_opened_for_reading_writes_nothing) {
  write([](Txn& txn) { append(txn, "x"); });
  const auto beside = store::Database::open_read_only(settings_, clock_);
  EXPECT_EQ(beside->read([](const auto& s) { return s.audit().page({}).count; }), 1);
  EXPECT_EQ(code_of([&] { beside->write(soon(), [](Txn&) {}); }), Code::StorageError);
  close();
  EXPECT_EQ(beside->read([](const auto& s) { return s.audit().page({}).count; }), 1);
}

}  // namespace
}  // namespace hedgerow::conformance
