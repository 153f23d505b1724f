#include "store/sqlite_database.hpp"

#include "base/failure.hpp"
#include "base/log.hpp"
#include "store/first_rows.hpp"
#include "store/migrations.hpp"

namespace hedgerow::store {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

SqliteOpening opening_for(const Settings& settings, SqliteUse use) {
  const std::int64_t cache =
      use == SqliteUse::Write ? settings.cache_bytes : settings.cache_bytes / 4;
  return {.path = settings.path,
          .use = use,
          .busy_wait = settings.busy_wait,
          .statement_max = settings.statement_max,
          .cache_bytes = cache,
          .size_max = settings.size_max};
}

std::int64_t bytes_of(const std::filesystem::path& database) {
  std::int64_t bytes = 0;
  for (const char* ending : {"", "-wal"}) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(database.string() + ending, ignored);
    if (!ignored) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

}  // namespace

void require_there(const std::filesystem::path& database) {
  if (std::filesystem::exists(database)) return;
  throw Failure{Code::StorageError, Cause::Missing,
                fmt::format("There is no database at {}.", database.string())}
      .with_next("Name the data folder of the server, or start the server once.");
}

std::unique_ptr<SqliteConnection> open_reader(const Settings& settings, const base::Clock& clock) {
  return std::make_unique<SqliteConnection>(opening_for(settings, SqliteUse::Read), clock);
}

std::unique_ptr<SqliteConnection> open_writer(const Settings& settings, const base::Clock& clock,
                                              base::Random& random) {
  make_private_file(settings.path);
  auto writer = std::make_unique<SqliteConnection>(opening_for(settings, SqliteUse::Write), clock);
  migrate(*writer, sqlite_migrations(), clock.wall());
  writer->run("BEGIN IMMEDIATE");
  sql::Scope scope{*writer, instant_of(clock), &random};
  write_first_rows(scope);
  writer->run("COMMIT");
  return writer;
}

Readers::Readers(const Settings& settings, const base::Clock& clock)
    : opening_{opening_for(settings, SqliteUse::Read)},
      wait_{settings.read_wait},
      snapshot_max_{settings.snapshot_max},
      clock_{clock} {
  pool_.with([&](Pool& pool) { pool.unopened = settings.readers; });
}

void Readers::open() {
  const std::size_t count = pool_.with([](Pool& pool) { return std::exchange(pool.unopened, 0); });
  for (std::size_t reader = 0; reader < count; ++reader) {
    auto connection = std::make_unique<SqliteConnection>(opening_, clock_);
    // The log and its index are opened by the first reading.
    connection->number("SELECT count(*) FROM sqlite_schema");
    pool_.change([&](Pool& pool) { pool.free.push_back(std::move(connection)); });
  }
}

// A reader in use. One that met a failure of the disk is not lent again.
class Readers::Loan {
 public:
  explicit Loan(Readers& readers) : readers_{readers}, connection_{readers.borrow()} {}
  ~Loan() {
    if (connection_) {
      connection_->roll_back();
      connection_->stop_at(base::SteadyTime::max());
    }
    const bool sound = connection_ && !connection_->saw_damage() && !connection_->saw_disk_fault();
    readers_.pool_.change([&](Pool& pool) {
      if (sound)
        pool.free.push_back(std::move(connection_));
      else
        ++pool.unopened;
    });
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  SqliteConnection& connection() {
    if (!connection_)
      connection_ = std::make_unique<SqliteConnection>(readers_.opening_, readers_.clock_);
    return *connection_;
  }

 private:
  Readers& readers_;
  std::unique_ptr<SqliteConnection> connection_;
};

// Nothing where a place is free that has no connection yet.
std::unique_ptr<SqliteConnection> Readers::borrow() {
  const base::Deadline deadline = base::Deadline::in(clock_, wait_);
  auto taken = pool_.wait_then(
      {}, deadline.at, [](const Pool& pool) { return !pool.free.empty() || pool.unopened > 0; },
      [](Pool& pool) -> std::unique_ptr<SqliteConnection> {
        if (pool.free.empty()) return --pool.unopened, nullptr;
        auto connection = std::move(pool.free.back());
        pool.free.pop_back();
        return connection;
      });
  if (taken) return std::move(*taken);
  throw Failure{Code::StorageBusy, Cause::Transient, "All readers of the database are busy."};
}

void Readers::look(const std::function<void(const Snapshot&)>& function) {
  Loan loan{*this};
  loan.connection().run("BEGIN");
  // What the log holds after a snapshot cannot be moved into the file while it is held.
  loan.connection().stop_at(clock_.steady() + snapshot_max_);
  sql::Scope scope{loan.connection(), instant_of(clock_), nullptr};
  const Snapshot snapshot{scope};
  function(snapshot);
}

std::vector<std::string> Readers::damage() {
  Loan loan{*this};
  std::vector<std::string> lines;
  loan.connection().run("PRAGMA integrity_check(20)", {}, [&](const sql::Row& row) {
    if (row.text(0) != "ok") lines.emplace_back(row.text(0));
  });
  loan.connection().run("PRAGMA foreign_key_check", {}, [&](const sql::Row& row) {
    if (lines.size() < 40)
      lines.push_back(fmt::format("row {} of {} names a row of {} that is not there",
                                  row.integer(1), row.text(0), row.text(2)));
  });
  return lines;
}

SqliteDatabase::SqliteDatabase(const Settings& settings, const base::Clock& clock,
                               base::Random& random)
    : path_{settings.path},
      lock_{settings.path},
      writer_{std::make_unique<GroupCommit>(
          opening_for(settings, SqliteUse::Write), open_writer(settings, clock, random),
          base::Surroundings{clock, random},
          LogLimits{.checkpoint = settings.log_checkpoint, .alarm = settings.log_alarm},
          settings.write_wait)},
      readers_{settings, clock} {
  readers_.open();
  writer_->start();
}

void SqliteDatabase::commit(const base::Deadline& deadline,
                            const std::function<void(Txn&)>& function, WhileFlushed flushed) {
  writer_->run(deadline, function, flushed);
}

void SqliteDatabase::look(const std::function<void(const Snapshot&)>& function) {
  // It would not see what the function has written.
  writer_->require_outside();
  readers_.look(function);
}

bool SqliteDatabase::wait_for_changes(const Position& position, const base::Deadline& deadline,
                                      const std::stop_token& stop) {
  return writer_->wait_for_changes(position, deadline, stop);
}

std::int64_t SqliteDatabase::size_on_disk() const { return bytes_of(path_); }

SqliteReadOnly::SqliteReadOnly(const Settings& settings, const base::Clock& clock)
    : path_{settings.path}, readers_{settings, clock} {
  require_there(path_);
  require_migrated(*open_reader(settings, clock), sqlite_migrations());
}

void SqliteReadOnly::commit(const base::Deadline&, const std::function<void(Txn&)>&, WhileFlushed) {
  throw Failure{Code::StorageError, Cause::Refused, "The database was opened for reading only."};
}

void SqliteReadOnly::look(const std::function<void(const Snapshot&)>& function) {
  readers_.look(function);
}

// Nobody tells this process of another's commits.
bool SqliteReadOnly::wait_for_changes(const Position&, const base::Deadline&,
                                      const std::stop_token&) {
  return false;
}

std::int64_t SqliteReadOnly::size_on_disk() const { return bytes_of(path_); }

}  // namespace hedgerow::store
