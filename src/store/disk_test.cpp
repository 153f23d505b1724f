// A disk whose n-th write or flush kills the process or fails: what was acknowledged is there
// afterwards, and what was not done is not half done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>

#include <filesystem>
#include <latch>

#include "base/check.hpp"
#include "base/log.hpp"
#include "store/database.hpp"

namespace hedgerow::store {

namespace {

using base::Code;
using base::Milliseconds;

enum class Fault : std::uint8_t { None, Kill, WriteError, FlushError, Full };

// Stands in for SQLite's own file layer until it is gone.
class FailingDisk {
 public:
  FailingDisk() : real_{sqlite3_vfs_find(nullptr)}, vfs_{*real_} {
    vfs_.zName = "failing";
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pAppData = this;
    vfs_.xOpen = &open;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FailingDisk() { sqlite3_vfs_unregister(&vfs_); }
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  // The operation number `at`, counted from now and from 1, of those that the fault concerns meets
  // it, once.
  void arm(Fault fault, int at) {
    fault_ = fault;
    left_ = at;
  }
  [[nodiscard]] bool is_armed() const { return fault_.load() != Fault::None; }
  [[nodiscard]] int flushes() const { return flushes_.load(); }
  // Files opened so far.
  [[nodiscard]] int opened() const { return opened_.load(); }

 private:
  struct File {
    sqlite3_file base;
    FailingDisk* disk;
  };

  static sqlite3_file* real_of(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
  }
  static FailingDisk& disk_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->disk; }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    auto& disk = *static_cast<FailingDisk*>(vfs->pAppData);
    reinterpret_cast<File*>(file)->disk = &disk;
    ++disk.opened_;
    const int result = disk.real_->xOpen(disk.real_, name, real_of(file), flags, out);
    file->pMethods = result == SQLITE_OK ? &kMethods : nullptr;
    return result;
  }
  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
    const int failed = disk_of(file).next({Fault::Kill, Fault::WriteError, Fault::Full});
    return failed != SQLITE_OK ? failed
                               : real_of(file)->pMethods->xWrite(real_of(file), bytes, count, at);
  }
  static int flush(sqlite3_file* file, int flags) {
    ++disk_of(file).flushes_;
    const int failed = disk_of(file).next({Fault::Kill, Fault::FlushError});
    return failed != SQLITE_OK ? failed : real_of(file)->pMethods->xSync(real_of(file), flags);
  }

  int next(std::initializer_list<Fault> concerned) {
    const Fault fault = fault_.load();
    if (std::ranges::find(concerned, fault) == concerned.end() || --left_ > 0) return SQLITE_OK;
    fault_ = Fault::None;
    switch (fault) {
      case Fault::Kill: _exit(9);
      case Fault::Full: return SQLITE_FULL;
      case Fault::FlushError: return SQLITE_IOERR_FSYNC;
      default: return SQLITE_IOERR_WRITE;
    }
  }

  template <auto Method, class... Args>
  static int pass(sqlite3_file* file, Args... args) {
    return (real_of(file)->pMethods->*Method)(real_of(file), args...);
  }
  template <auto Method, class... Args>
  static void pass_void(sqlite3_file* file, Args... args) {
    (real_of(file)->pMethods->*Method)(real_of(file), args...);
  }
  using Methods = sqlite3_io_methods;
  static constexpr Methods kMethods{
      2,
      &pass<&Methods::xClose>,
      &pass<&Methods::xRead, void*, int, sqlite3_int64>,
      &write,
      &pass<&Methods::xTruncate, sqlite3_int64>,
      &flush,
      &pass<&Methods::xFileSize, sqlite3_int64*>,
      &pass<&Methods::xLock, int>,
      &pass<&Methods::xUnlock, int>,
      &pass<&Methods::xCheckReservedLock, int*>,
      &pass<&Methods::xFileControl, int, void*>,
      &pass<&Methods::xSectorSize>,
      &pass<&Methods::xDeviceCharacteristics>,
      &pass<&Methods::xShmMap, int, int, int, void volatile**>,
      &pass<&Methods::xShmLock, int, int, int>,
      &pass_void<&Methods::xShmBarrier>,
      &pass<&Methods::xShmUnmap, int>,
      nullptr,
      nullptr,
  };

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  std::atomic<Fault> fault_{Fault::None};
  std::atomic<int> left_{0};
  std::atomic<int> flushes_{0};
  std::atomic<int> opened_{0};
};

class Disk : public testing::Test {
 protected:
  Disk() {
    base::log::set_least(base::log::Level::Error);
    std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-XXXXXX").string();
    CHECK(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    settings_.path = folder_ / "record.db";
  }
  ~Disk() override { std::filesystem::remove_all(folder_); }

  void open() { database_ = Database::open(settings_, clock_, random_); }
  void start_afresh() {
    database_.reset();
    for (const auto& entry : std::filesystem::directory_iterator{folder_})
      std::filesystem::remove(entry.path());
  }
  std::int64_t append(std::size_t size = 3'000) {
    const auto deadline = base::Deadline::in(clock_, Milliseconds{20'000});
    return database_->write(deadline, [&](Txn& txn) {
      AuditRow row;
      row.action = "x";
      row.details = std::string(size, 'x');
      return txn.audit().append(row);
    });
  }
  std::set<std::int64_t> kept() {
    std::set<std::int64_t> ids;
    const auto page =
        database_->read([](const auto& s) { return s.audit().page({.limit = 1'000}); });
    for (const AuditRow& row : page.rows) ids.insert(row.id);
    return ids;
  }
  std::optional<Code> code_of_append() {
    try {
      append();
    } catch (const base::Failure& failure) {
      return failure.code();
    }
    return std::nullopt;
  }

  FailingDisk disk_;
  std::filesystem::path folder_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  Settings settings_;
  std::unique_ptr<Database> database_;
};

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

TEST_F(Disk, an_error_at_any_write_or_flush_loses_nothing_that_was_acknowledged) {
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
      disk_.arm(Fault::None, 0);
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
  EXPECT_EQ(code_of_append(), std::nullopt);
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
