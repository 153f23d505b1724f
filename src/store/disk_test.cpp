// A disk whose n-th operation kills the process or fails: what was acknowledged is there
// afterwards, and what was not done is not half done.
#include <gmock/gmock.h>
#include <latch>

#include "base/guarded.hpp"
#include "store/failing_disk.test.hpp"

namespace hedgerow::store {

namespace {

using base::Code;
using base::Milliseconds;

using Disk = DiskTest<FailingDisk>;

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

TEST_F(Disk, Q02_an_error_at_any_read_says_so_and_the_next_use_works) {
  open();
  std::set<std::int64_t> acknowledged;
  for (int i = 0; i < 30; ++i) acknowledged.insert(append());
  int met = 0;
  for (bool all_met = false; !all_met;) {
    database_.reset();
    disk_.arm(Fault::ReadError, ++met);
    int failures = 0;
    const auto use = [&](const std::function<void()>& what) {
      const auto code = code_of(what);
      if (code) EXPECT_EQ(*code, Code::StorageError) << "read " << met;
      failures += code ? 1 : 0;
    };
    use([&] { open(); });
    if (!database_) open();
    for (int i = 0; i < 2; ++i) {
      use([&] { EXPECT_EQ(kept(), acknowledged); });
      use([&] { acknowledged.insert(append(100)); });
    }
    EXPECT_LE(failures, 1) << "read " << met;
    all_met = disk_.is_armed();
    disk_.disarm();
    EXPECT_EQ(kept(), acknowledged) << "read " << met;
  }
  EXPECT_GT(met, 20);
  EXPECT_THAT(database_->damage(), testing::IsEmpty());
}

// What could not be flushed may be in the system's memory and not on the disk. Were it taken for
// written, the disk would have a hole under all that is acknowledged later.
TEST_F(Disk, Q02_what_could_not_be_flushed_is_never_taken_for_written) {
  open();
  std::set<std::int64_t> acknowledged{append(), append()};
  disk_.arm_for_ever(Fault::FlushError);
  for (int i = 0; i < 5; ++i) {
    const int opened = disk_.opened();
    const int flushes = disk_.flushes();
    EXPECT_EQ(code_of([&] { append(); }), Code::StorageError);
    EXPECT_EQ(disk_.flushes(), flushes + 1) << "it is not tried again";
    if (i > 0) EXPECT_GT(disk_.opened(), opened) << "opened again before anything is written";
  }
  disk_.disarm();
  acknowledged.insert(append());
  EXPECT_EQ(kept(), acknowledged);
  database_.reset();
  open();
  EXPECT_EQ(kept(), acknowledged);
  EXPECT_THAT(database_->damage(), testing::IsEmpty());
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
  EXPECT_EQ(Settings{}.log_checkpoint, 64 << 20);
  settings_.log_checkpoint = 16 << 20;
  open();
  for (int i = 0; i < 300; ++i) append(100'000);
  EXPECT_EQ(kept().size(), 300U);
  const auto log = std::filesystem::file_size(settings_.path.string() + "-wal");
  EXPECT_LT(log, 24U << 20);
  EXPECT_GT(std::filesystem::file_size(settings_.path), 15U << 20);
}

// Who writes to which file.
class WritersDisk final : public WatchedDisk {
 public:
  using Openings = std::map<std::string, std::set<int>>;
  [[nodiscard]] Openings writers() {
    return writers_.with([](const Openings& writers) { return writers; });
  }

 private:
  std::optional<int> meet(const Operation& operation) override {
    if (operation.kind == Kind::Write || operation.kind == Kind::Truncate)
      writers_.with([&](Openings& writers) {
        writers[std::filesystem::path{operation.path}.filename()].insert(operation.opening);
      });
    return std::nullopt;
  }

  base::Guarded<Openings> writers_;
};

using Writers = DiskTest<WritersDisk>;

// SQLite before 3.51.3 can damage a database that two connections write or checkpoint at once.
TEST_F(Writers, Q24_are_one_connection_whoever_asks_reads_or_closes_last) {
  settings_.log_checkpoint = 64 << 10;
  open();
  std::unique_ptr<Database> beside = Database::open_read_only(settings_, clock_);
  {
    std::jthread reader{[&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        std::ignore = Database::open_read_only(settings_, clock_)->feed_end();
        kept();
        std::ignore = beside->feed_end();
      }
    }};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int row = 0; row < 50; ++row) append();
      });
  }
  database_.reset();
  beside.reset();
  const auto writers = disk_.writers();
  EXPECT_EQ(writers.at("record.db").size(), 1U);
  EXPECT_EQ(writers.at("record.db-wal").size(), 1U);
  open();
  EXPECT_EQ(kept().size(), 200U);
  EXPECT_THAT(database_->damage(), testing::IsEmpty());
}

}  // namespace
}  // namespace hedgerow::store
