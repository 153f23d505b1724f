// One SQLite connection: prepared statements by their text, failures by their cause, and how long
// one statement may take. Inside this room only; the one header that knows sqlite3.h.
#pragma once

#include <sqlite3.h>

#include <filesystem>

#include "store/sql.hpp"

namespace hedgerow::store {

enum class SqliteUse : std::uint8_t { Write, Read };

struct SqliteOpening {
  std::filesystem::path path;
  SqliteUse use = SqliteUse::Read;
  base::Milliseconds busy_wait{5'000};
  base::Milliseconds statement_max{30'000};
  std::int64_t cache_bytes = 4 << 20;
  std::int64_t size_max = 0;
};

class SqliteConnection final : public sql::Connection {
 public:
  // The file must exist. `clock` must outlive the connection.
  SqliteConnection(const SqliteOpening& opening, const base::Clock& clock);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  std::int64_t run(std::string_view statement, std::span<const sql::Value> values,
                   const sql::EachRow& each) override;
  std::int64_t run_batch(std::string_view statement, const sql::Batch& batch) override;
  std::int64_t count(std::string_view statement, std::span<const sql::Value> values) override;
  std::int64_t run(std::string_view statement) { return run(statement, {}, {}); }
  // Several statements in one text, without values.
  void run_script(const std::string& script);
  std::int64_t number(std::string_view statement);

  // True outside of a transaction, also after SQLite has undone one by itself.
  [[nodiscard]] bool is_idle() const noexcept;
  // Back to before the transaction, if there is one. Never fails: what cannot be rolled back is not
  // committed either.
  void roll_back() noexcept;
  // Back to a savepoint, which is gone then; where that fails, back to before the transaction.
  void roll_back_to(std::string_view savepoint) noexcept;
  // No statement goes on after that time, and none begins.
  void stop_at(base::SteadyTime end) noexcept { stops_ = end; }
  // Some statement met a damaged page, or the disk failed it.
  [[nodiscard]] bool saw_damage() const noexcept { return saw_damage_; }
  [[nodiscard]] bool saw_disk_fault() const noexcept { return saw_disk_fault_; }
  // Why the system could not read one of the files, if that ever was so; else 0. SQLite itself
  // tells of such a read as of a damaged page (SQLITE_IOERR_CORRUPTFS).
  [[nodiscard]] int read_error() const noexcept;

  // How many commits had something to keep.
  [[nodiscard]] std::int64_t commits() const noexcept { return commits_; }
  // Pages in the write-ahead log after the last commit.
  [[nodiscard]] int log_pages() const noexcept { return log_pages_; }
  // Moves what it can from the log into the file without waiting for anybody; true when nothing is
  // left.
  bool checkpoint();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
  };
  class Running;

  void set_up(const SqliteOpening& opening);
  [[nodiscard]] sqlite3_stmt* prepared(std::string_view statement);
  void bind(sqlite3_stmt* statement, std::span<const sql::Value> values);
  void step_through(sqlite3_stmt* statement, const sql::EachRow& each);
  [[noreturn]] void fail(int result, std::string_view doing);
  static int on_progress(void* self) noexcept;
  static int on_commit(void* self, sqlite3* handle, const char* name, int pages) noexcept;

  const base::Clock& clock_;
  const base::Milliseconds statement_max_;
  const bool only_reads_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string, Statement, std::less<>> statements_;
  // Of the state of the database that has this version.
  std::unordered_map<std::string, std::int64_t> counts_;
  std::int64_t counted_at_ = 0;
  bool version_read_ = false;  // In the transaction that goes on.
  base::SteadyTime statement_ends_ = base::SteadyTime::max();
  base::SteadyTime stops_ = base::SteadyTime::max();
  int log_pages_ = 0;
  std::int64_t commits_ = 0;
  bool saw_damage_ = false;
  bool saw_disk_fault_ = false;
};

// What the clocks say as a transaction begins. Leases of one serving process run by its steady
// clock.
[[nodiscard]] sql::Scope::Instant instant_of(const base::Clock& clock);

// The failure that an SQLite result means. `place` is the system's errno.
[[nodiscard]] base::Failure sqlite_failure(int result, int place, std::string text);

}  // namespace hedgerow::store
