// What only a database in one file can suffer: a second process, a kill in the middle, another
// version, a full disk, a foreign lock, damage.
#include <gmock/gmock.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "backend.hpp"
#include "base/log.hpp"
#include "store/lock_file.hpp"

namespace hedgerow::conformance {

namespace {

using base::Code;
using base::Milliseconds;
using store::Txn;
using testing::HasSubstr;

// Another process that writes to a database until it is killed, and what it has said.
class Writer {
 public:
  explicit Writer(const std::filesystem::path& database) {
    std::array<int, 2> ends{};
    CHECK(pipe(ends.data()) == 0);
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      execl(CONFORMANCE_WRITER, CONFORMANCE_WRITER, database.c_str(), nullptr);
      _exit(3);
    }
    ::close(ends[1]);
    from_ = fdopen(ends[0], "r");
  }
  ~Writer() {
    if (process_ != 0) kill();
    fclose(from_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Nothing at the end. A line that was cut off by a kill is no line.
  std::optional<std::string> line() {
    std::array<char, 500> text{};
    if (fgets(text.data(), text.size(), from_) == nullptr) return std::nullopt;
    std::string line{text.data()};
    if (!line.ends_with('\n')) return std::nullopt;
    line.pop_back();
    return line;
  }
  void kill() {
    ::kill(process_, SIGKILL);
    wait();
  }
  int wait() {
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  [[nodiscard]] pid_t process() const { return process_; }

 private:
  pid_t process_ = 0;
  FILE* from_ = nullptr;
};

class SqliteFile : public DatabaseTest {
 protected:
  std::string refusal() {
    try {
      open();
    } catch (const base::Failure& failure) {
      EXPECT_EQ(failure.code(), Code::StorageError);
      EXPECT_FALSE(failure.next().empty());
      return failure.detail();
    }
    return "";
  }
  static std::int64_t append(Txn& txn) {
    store::AuditRow row;
    row.action = "x";
    row.details = std::string(10'000, 'x');
    return txn.audit().append(row);
  }
  std::int64_t count() {
    return read([](const auto& s) { return s.audit().page({.limit = 1}).count; });
  }
};
INSTANTIATE_TEST_SUITE_P(Store, SqliteFile, kBackends, name_of_backend);

TEST_P(SqliteFile, keeps_every_acknowledged_row_when_its_writer_is_killed) {
  close();
  std::set<std::string> acknowledged;
  for (int round = 0; round < 10; ++round) {
    Writer writer{settings_.path};
    for (int lines = 0; lines < 20 + 15 * round; ++lines) acknowledged.insert(*writer.line());
    writer.kill();
    while (const auto line = writer.line()) acknowledged.insert(*line);
  }
  open();
  const auto rows = count();
  EXPECT_GE(rows, static_cast<std::int64_t>(acknowledged.size()));
  std::set<std::string> kept;
  for (std::int64_t offset = 0; offset < rows; offset += 1'000) {
    const auto page =
        read([&](const auto& s) { return s.audit().page({.limit = 1'000, .offset = offset}); });
    for (const auto& row : page.rows) kept.insert(std::to_string(row.id));
  }
  EXPECT_THAT(kept, testing::IsSupersetOf(acknowledged));
  EXPECT_EQ(ask_outside("PRAGMA integrity_check"), "ok");
}

TEST_P(SqliteFile, J17_Q24_is_served_by_one_process_only) {
  Writer second{settings_.path};
  EXPECT_EQ(second.line(), fmt::format("Process {} already serves the database {}.", getpid(),
                                       settings_.path.string()));
  EXPECT_EQ(second.wait(), 11);
  close();
  Writer third{settings_.path};
  EXPECT_TRUE(third.line());
  EXPECT_EQ(code_of([&] { open(); }), Code::DatabaseInUse);
  third.kill();
  open();
  EXPECT_GE(count(), 1);
}

TEST_P(SqliteFile, of_a_newer_version_is_refused) {
  close();
  outside("INSERT INTO migrations VALUES (999, '0999_later', 'x', 0)");
  EXPECT_THAT(refusal(), HasSubstr("comes from a newer version: it has migration 0999_later"));
  EXPECT_EQ(code_of([&] { return store::Database::open_read_only(settings_, clock_); }),
            Code::StorageError);
  outside("DELETE FROM migrations WHERE number = 999");
  outside("INSERT INTO codes VALUES ('a_later_code')");
  EXPECT_THAT(refusal(), HasSubstr("comes from a newer version: it knows the code a_later_code"));
  outside("DELETE FROM codes WHERE name = 'a_later_code'");
  EXPECT_EQ(refusal(), "");
}

TEST_P(SqliteFile, made_by_another_text_of_a_migration_is_refused) {
  close();
  outside("UPDATE migrations SET checksum = 'other'");
  EXPECT_THAT(refusal(), HasSubstr("another text of migration 0001_"));
}

TEST_P(SqliteFile, of_another_program_is_refused_and_left_alone) {
  close();
  settings_.path = folder_.path() / "other.db";
  outside("CREATE TABLE theirs (x)");
  EXPECT_THAT(refusal(), HasSubstr("another program"));
  EXPECT_EQ(ask_outside("SELECT group_concat(name) FROM sqlite_schema"), "theirs");
}

TEST_P(SqliteFile, that_is_no_database_is_damaged) {
  close();
  std::ofstream{settings_.path} << std::string(8'192, 'x');
  EXPECT_EQ(code_of([&] { open(); }), Code::StorageCorrupt);
}

TEST_P(SqliteFile, is_readable_by_its_owner_only) {
  const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  write([](Txn& txn) { append(txn); });
  for (const auto& entry : std::filesystem::directory_iterator{folder_.path()})
    EXPECT_EQ(entry.status().permissions() & others, std::filesystem::perms::none) << entry;
}

TEST_P(SqliteFile, in_a_folder_that_is_not_there_is_refused) {
  close();
  settings_.path = folder_.path() / "nowhere" / "record.db";
  EXPECT_THAT(refusal(), HasSubstr("nowhere cannot be used"));
}

TEST_P(SqliteFile, Q08_on_a_network_file_system_is_refused) {
  EXPECT_EQ(store::network_file_system(0x6969), "NFS");
  EXPECT_EQ(store::network_file_system(0xfe534d42), "SMB");
  EXPECT_EQ(store::network_file_system(0xef53), "") << "ext4";
  EXPECT_EQ(store::network_file_system(0x01021994), "") << "tmpfs";
  store::require_local(settings_.path);
}

TEST_P(SqliteFile, that_is_full_says_so_keeps_what_it_had_and_goes_on_when_there_is_room) {
  close();
  settings_.size_max = 1 << 20;
  open();
  std::int64_t kept = 0;
  const auto fill = [&] {
    for (int i = 0; i < 1'000; ++i) {
      write([](Txn& txn) { append(txn); });
      ++kept;
    }
  };
  EXPECT_EQ(code_of(fill), Code::StorageFull);
  EXPECT_GT(kept, 10);
  EXPECT_EQ(count(), kept);
  EXPECT_EQ(code_of([&] { write([](Txn& txn) { append(txn); }); }), Code::StorageFull);
  close();
  settings_.size_max = 0;
  open();
  write([](Txn& txn) { append(txn); });
  EXPECT_EQ(count(), kept + 1);
}

TEST_P(SqliteFile, a_function_too_large_for_the_disk_takes_nobody_along) {
  close();
  settings_.size_max = 1 << 20;
  open();
  std::vector<std::jthread> threads;
  std::atomic<int> kept = 0;
  std::atomic<int> full = 0;
  const auto add = [&](int rows) {
    threads.emplace_back([&, rows] {
      const auto code = code_of([&] {
        write([&](Txn& txn) {
          for (int row = 0; row < rows; ++row) append(txn);
        });
      });
      ++(code == Code::StorageFull ? full : kept);
    });
  };
  {
    const Busy busy{*this};
    for (int i = 0; i < 7; ++i) add(1);
    add(1'000);
  }
  threads.clear();
  EXPECT_EQ(full, 1);
  EXPECT_EQ(kept, 7);
  EXPECT_EQ(count(), 7);
}

TEST_P(SqliteFile, locked_by_a_foreign_process_is_busy_and_then_goes_on) {
  close();
  settings_.busy_wait = Milliseconds{200};
  open();
  sqlite3* foreign = nullptr;
  sqlite3_open(settings_.path.c_str(), &foreign);
  ASSERT_EQ(sqlite3_exec(foreign, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto begin = clock_.steady();
  EXPECT_EQ(code_of([&] { write([](Txn& txn) { append(txn); }); }), Code::StorageBusy);
  EXPECT_GE(clock_.steady() - begin, Milliseconds{150});
  EXPECT_LT(clock_.steady() - begin, Milliseconds{5'000});
  EXPECT_EQ(count(), 0) << "readers are not in the way";
  sqlite3_exec(foreign, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(foreign);
  write([](Txn& txn) { append(txn); });
  EXPECT_EQ(count(), 1);
}

TEST_P(SqliteFile, once_unlocked_refuses_only_who_had_waited_for_the_lock) {
  close();
  settings_.busy_wait = Milliseconds{200};
  open();
  sqlite3* foreign = nullptr;
  sqlite3_open(settings_.path.c_str(), &foreign);
  ASSERT_EQ(sqlite3_exec(foreign, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  std::once_flag unlocked;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 32; ++i)
      threads.emplace_back([&] {
        EXPECT_EQ(code_of([&] { write([](Txn& txn) { append(txn); }); }), Code::StorageBusy);
        std::call_once(unlocked, [&] { sqlite3_close(foreign); });
        EXPECT_NO_THROW(write([](Txn& txn) { append(txn); }));
      });
  }
  EXPECT_EQ(count(), 32);
}

TEST_P(SqliteFile, waits_five_seconds_for_a_lock_unless_told_otherwise) {
  EXPECT_EQ(store::Settings{}.busy_wait, Milliseconds{5'000});
  EXPECT_EQ(store::Settings{}.read_wait, Milliseconds{5'000});
  EXPECT_EQ(store::Settings{}.statement_max, Milliseconds{30'000});
}

// The log cannot be moved past what a reader holds, nor begun anew.
TEST_P(SqliteFile, Q06_a_snapshot_held_too_long_ends_and_the_log_grows_no_more) {
  EXPECT_EQ(store::Settings{}.snapshot_max, Milliseconds{30'000});
  EXPECT_EQ(store::Settings{}.log_alarm, 256 << 20);
  close();
  settings_.log_checkpoint = 256 << 10;
  settings_.log_alarm = 1 << 20;
  // A writer at work while the clock is set ahead does not hang.
  settings_.write_wait = std::chrono::hours{1};
  open();
  const auto log_after = [&](int rows) {
    for (int i = 0; i < rows; ++i) write([](Txn& txn) { append(txn); });
    return std::filesystem::file_size(settings_.path.string() + "-wal");
  };
  EXPECT_LT(log_after(100), 1U << 20) << "nobody holds it";
  base::log::set_least(base::log::Level::Warning);
  testing::internal::CaptureStderr();
  std::optional<Code> cut;
  read([&](const store::Snapshot& snapshot) {
    EXPECT_EQ(snapshot.audit().page({.limit = 1}).count, 100);
    EXPECT_GT(log_after(150), 2U << 20) << "it is held";
    clock_.advance(Milliseconds{29'000});
    EXPECT_EQ(snapshot.audit().page({.limit = 1}).count, 100) << "it may be held for so long";
    clock_.advance(Milliseconds{1'000});
    cut = code_of([&] { return snapshot.audit().page({.limit = 1}); });
  });
  EXPECT_EQ(cut, Code::StorageBusy);
  const auto held = log_after(10);
  EXPECT_EQ(log_after(200), held) << "the log is moved and used again";
  EXPECT_EQ(count(), 460) << "the same reader reads on";
  base::log::flush();
  base::log::set_least(base::log::Level::Error);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("write_ahead_log_large"));
}

TEST_P(SqliteFile, cuts_off_a_statement_that_takes_too_long_and_takes_nobody_along) {
  write([](Txn& txn) {
    for (int i = 0; i < 10'000; ++i)
      txn.request_keys().remember({{1}, "POST /", fmt::format("key-{}", i)}, {});
  });
  close();
  settings_.statement_max = Milliseconds{0};
  open();
  std::vector<std::jthread> threads;
  std::optional<Code> slow;
  {
    const Busy busy{*this};
    for (int i = 0; i < 7; ++i) threads.emplace_back([&] { write([](Txn& txn) { append(txn); }); });
    threads.emplace_back([&] {
      slow = code_of([&] {
        write([](Txn& txn) {
          append(txn);
          txn.request_keys().sweep(txn.now() + std::chrono::hours{1}, 1'000);
        });
      });
    });
  }
  threads.clear();
  EXPECT_EQ(slow, Code::StorageBusy);
  EXPECT_EQ(count(), 7) << "SQLite has undone all of them; they ran again";
}

TEST_P(SqliteFile, Q10_with_a_damaged_page_writes_nothing_more) {
  write([](Txn& txn) {
    for (int i = 0; i < 300; ++i) append(txn);
  });
  close();
  {
    // The root page of the audit table.
    const auto page =
        std::stoll(ask_outside("SELECT rootpage FROM sqlite_schema WHERE name = 'audit'"));
    std::fstream file{settings_.path, std::ios::in | std::ios::out | std::ios::binary};
    const auto size = std::stoll(ask_outside("PRAGMA page_size"));
    file.seekp((page - 1) * size);
    file << std::string(static_cast<std::size_t>(size), '\xab');
  }
  open();
  EXPECT_EQ(code_of([&] { return count(); }), Code::StorageCorrupt);
  EXPECT_EQ(code_of([&] { write([](Txn& txn) { append(txn); }); }), Code::StorageCorrupt);
  EXPECT_EQ(
      code_of([&] { write([](Txn& txn) { txn.changes().append(model::Topic::Fabrics, 0); }); }),
      Code::StorageCorrupt);
}

TEST_P(SqliteFile, that_is_not_there_cannot_be_opened_for_reading) {
  settings_.path = folder_.path() / "none.db";
  EXPECT_EQ(code_of([&] { return store::Database::open_read_only(settings_, clock_); }),
            Code::StorageError);
  EXPECT_FALSE(std::filesystem::exists(settings_.path));
}

TEST_P(SqliteFile, two_migrations_never_run_twice) {
  const auto applied = ask_outside("SELECT group_concat(name || applied) FROM migrations");
  open_again();
  EXPECT_EQ(ask_outside("SELECT group_concat(name || applied) FROM migrations"), applied);
}

}  // namespace
}  // namespace hedgerow::conformance
