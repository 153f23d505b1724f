// A disk whose n-th operation kills the process or fails: what was acknowledged is there
// afterwards, and what was not done is not half done.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <latch>

#include "store/failing_disk.test.hpp"

namespace hedgerow::store {

namespace {

using base::Code;
using base::Milliseconds;

using Disk = DiskTest<FailingDisk>;

// In a child: opens, writes two rows, and dies at the n-th operation of the disk, or ends with 0
// when there are fewer.
TEST_F(Disk,
       a_kill_at_each_operation_of_making_and_migrating_a_database_is_repaired_by_the_next_start) {
  int deaths = 0;
  for (int at = 1;; ++at) {
    start_afresh();
    const pid_t child = fork();
    if (child == 0) {
      disk_.arm(Fault::Kill, at);
      open();
      append();
      append();
      database_.reset();
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    open();
    const auto before = kept();
    append();
    EXPECT_EQ(kept().size(), before.size() + 1);
    EXPECT_EQ(database_->read([](const auto& s) { return s.instance().csrf_key(); }).size(), 32U);
    if (WEXITSTATUS(status) == 0) break;
    ASSERT_EQ(WEXITSTATUS(status), 9);
    ++deaths;
  }
  EXPECT_GT(deaths, 40);
}

TEST_F(Disk, Q02_an_error_at_any_write_or_flush_loses_nothing_that_was_acknowledged) {
  for (const Fault fault : {Fault::WriteError, Fault::FlushError, Fault::Full}) {
    for (int at = 1;; ++at) {
      start_afresh();
      open();
      std::set<std::int64_t> acknowledged;
      disk_.arm(fault, at);
      int failures = 0;
      for (int i = 0; i < 6; ++i) {
        try {
          acknowledged.insert(append());
        } catch (const base::Failure& failure) {
          EXPECT_EQ(failure.code(), fault == Fault::Full ? Code::StorageFull : Code::StorageError);
          ++failures;
        }
      }
      EXPECT_LE(failures, 1) << "the next write works again";
      const bool all_met = disk_.is_armed();
      disk_.disarm();
      EXPECT_THAT(kept(), testing::IsSupersetOf(acknowledged));
      database_.reset();
      open();
      EXPECT_THAT(kept(), testing::IsSupersetOf(acknowledged));
      if (all_met) break;
      EXPECT_EQ(failures, 1);
    }
  }
}

TEST_F(Disk, those_who_wait_together_share_one_flush) {
  open();
  append();
  std::latch asked{64};
  std::vector<std::jthread> threads;
  int before = 0;
  {
    std::latch entered{1};
    std::latch go{1};
    std::jthread busy{[&] {
      database_->write(base::Deadline::in(clock_, Milliseconds{20'000}), [&](Txn&) {
        entered.count_down();
        go.wait();
      });
    }};
    entered.wait();
    before = disk_.flushes();
    for (int i = 0; i < 64; ++i)
      threads.emplace_back([&] {
        asked.count_down();
        append(100);
      });
    asked.wait();
    go.count_down();
  }
  threads.clear();
  EXPECT_EQ(kept().size(), 65U);
  EXPECT_LT(disk_.flushes() - before, 16);
}

TEST_F(Disk, a_flush_that_fails_fails_everybody_who_waited_for_it) {
  open();
  append();
  std::atomic<int> failed = 0;
  // Before the threads: a thread may still be inside of wait() when the count has gone down.
  std::latch entered{1};
  std::latch go{1};
  std::vector<std::jthread> threads;
  {
    threads.emplace_back([&] {
      try {
        database_->write(base::Deadline::in(clock_, Milliseconds{20'000}), [&](Txn& txn) {
          AuditRow row;
          row.action = "x";
          txn.audit().append(row);
          if (!entered.try_wait()) entered.count_down();
          go.wait();
        });
      } catch (const base::Failure& failure) {
        failed += failure.code() == Code::StorageError ? 1 : 0;
      }
    });
    entered.wait();
    disk_.arm(Fault::FlushError, 1);
    go.count_down();
  }
  threads.clear();
  EXPECT_EQ(failed, 1);
  const int opened = disk_.opened();
  EXPECT_EQ(code_of([&] { append(); }), std::nullopt);
  EXPECT_GT(disk_.opened(), opened) << "opened again before anything is written";
}

// What waits in the log must not grow for ever, and what was moved into the file must still be
// read.
TEST_F(Disk, the_log_is_moved_into_the_file_while_it_is_written) {
  open();
  for (int i = 0; i < 300; ++i) append(100'000);
  EXPECT_EQ(kept().size(), 300U);
  const auto log = std::filesystem::file_size(settings_.path.string() + "-wal");
  EXPECT_LT(log, 24U << 20);
  EXPECT_GT(std::filesystem::file_size(settings_.path), 15U << 20);
}

}  // namespace
}  // namespace hedgerow::store
