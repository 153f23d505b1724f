#include "store/sqlite.hpp"

#include <cerrno>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace hedgerow::store {

using base::Cause;
using base::Code;
using base::Failure;
using sql::Bytes;
using sql::Value;

namespace {

// Between two looks at the clock: about a millisecond of work.
constexpr int kStepsBetweenLooks = 20'000;
constexpr std::size_t kStatementsMax = 300;
constexpr std::size_t kCountsMax = 1'000;

class SqliteRow final : public sql::Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_{statement} {}

  bool is_null(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  std::int64_t integer(int column) const override {
    return sqlite3_column_int64(statement_, column);
  }
  std::string_view text(int column) const override {
    const void* text = sqlite3_column_text(statement_, column);
    return {static_cast<const char*>(text), size(column)};
  }
  Bytes bytes(int column) const override {
    const void* blob = sqlite3_column_blob(statement_, column);
    return {static_cast<const std::byte*>(blob), size(column)};
  }

 private:
  std::size_t size(int column) const {
    return static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  }
  sqlite3_stmt* statement_;
};

// Values outlive the statement's run, so nothing needs to be copied.
sqlite3_destructor_type without_copy() { return nullptr; }

// An empty view may have no address, and that would bind NULL.
const char* address_of(const void* start) {
  return start == nullptr ? "" : static_cast<const char*>(start);
}

int bind_one(sqlite3_stmt* statement, int place, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return sqlite3_bind_int64(statement, place, *number);
  if (const auto* text = std::get_if<std::string_view>(&value))
    return sqlite3_bind_text64(statement, place, address_of(text->data()), text->size(),
                               without_copy(), SQLITE_UTF8);
  if (const auto* bytes = std::get_if<Bytes>(&value))
    return sqlite3_bind_blob64(statement, place, address_of(bytes->data()), bytes->size(),
                               without_copy());
  return sqlite3_bind_null(statement, place);
}

// A statement with its values: each with its type and length, so that no two make one text.
std::string question_of(std::string_view statement, std::span<const Value> values) {
  std::string question{statement};
  for (const Value& value : values) {
    question += fmt::format("|{}:", value.index());
    if (const auto* number = std::get_if<std::int64_t>(&value))
      question += fmt::format("{}", *number);
    if (const auto* text = std::get_if<std::string_view>(&value))
      question += fmt::format("{}:{}", text->size(), *text);
    if (const auto* bytes = std::get_if<Bytes>(&value)) question += base::hex(*bytes);
  }
  return question;
}

// To SQLite $1 is a name, counted by where it stands first; ?1 is a number. No text of ours holds a
// $ of its own.
std::string numbered_places(std::string_view statement) {
  std::string numbered{statement};
  std::ranges::replace(numbered, '$', '?');
  return numbered;
}

// A full disk, a quota and a limit on file size come as write errors.
bool is_full(int result, int place) {
  if ((result & 0xff) == SQLITE_FULL) return true;
  return (result & 0xff) == SQLITE_IOERR && (place == ENOSPC || place == EDQUOT || place == EFBIG);
}

// Nobody asks SQLite how much memory it has, and keeping count takes a lock at each allocation.
// Without effect where another part of the process has used SQLite before.
void keep_no_count_of_memory() {
  [[maybe_unused]] static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

}  // namespace

Failure sqlite_failure(int result, int place, std::string text) {
  text = fmt::format("{} (SQLite {}, errno {})", text, result, place);
  if (is_full(result, place))
    return Failure{Code::StorageFull, Cause::NotYet}.with_operator(std::move(text));
  switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Failure{Code::StorageBusy, Cause::Transient,
                     "Another program holds a lock on the database."}
          .with_operator(std::move(text));
    case SQLITE_INTERRUPT:
      return Failure{Code::StorageBusy, Cause::Transient,
                     "The database took too long and was stopped."}
          .with_operator(std::move(text));
    case SQLITE_NOMEM:
      return Failure{Code::OutOfMemory, Cause::Transient}.with_operator(std::move(text));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Failure{Code::StorageCorrupt, Cause::Refused}.with_operator(std::move(text));
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
      return Failure{Code::InternalFault, Cause::Refused}.with_operator(std::move(text));
    default: return Failure{Code::StorageError, Cause::Transient}.with_operator(std::move(text));
  }
}

sql::Scope::Instant instant_of(const base::Clock& clock) {
  return {clock.wall(), clock.since_boot().count()};
}

// One run of a prepared statement; whatever happens, the statement is ready for the next one
// afterwards.
class SqliteConnection::Running {
 public:
  Running(SqliteConnection& connection, sqlite3_stmt* statement)
      : connection_{connection}, statement_{statement} {
    CHECK(sqlite3_stmt_busy(statement) == 0);
    if (connection_.statement_ends_ != base::SteadyTime::max()) return;
    const base::SteadyTime now = connection_.clock_.steady();
    if (now >= connection_.stops_) throw sqlite_failure(SQLITE_INTERRUPT, 0, "no time is left");
    outermost_ = true;
    connection_.statement_ends_ = std::min(now + connection_.statement_max_, connection_.stops_);
  }
  ~Running() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    if (outermost_) connection_.statement_ends_ = base::SteadyTime::max();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  SqliteConnection& connection_;
  sqlite3_stmt* statement_;
  bool outermost_ = false;
};

SqliteConnection::SqliteConnection(const SqliteOpening& opening, const base::Clock& clock)
    : clock_{clock},
      statement_max_{opening.statement_max},
      only_reads_{opening.use == SqliteUse::Read} {
  keep_no_count_of_memory();
  const int access = opening.use == SqliteUse::Write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(opening.path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (result != SQLITE_OK)
    throw sqlite_failure(result, handle == nullptr ? 0 : sqlite3_system_errno(handle),
                         fmt::format("opening {}", opening.path.string()));
  set_up(opening);
}

SqliteConnection::~SqliteConnection() { roll_back(); }

void SqliteConnection::set_up(const SqliteOpening& opening) {
  sqlite3* const handle = handle_.get();
  sqlite3_busy_timeout(handle, static_cast<int>(opening.busy_wait.count()));
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_progress_handler(handle, kStepsBetweenLooks, &on_progress, this);
  // Of no effect once the file has its first page. Twice the usual size holds most documents
  // without overflow.
  run_script("PRAGMA page_size = 8192;");
  run_script(
      fmt::format("PRAGMA cache_size = -{}; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;"
                  "PRAGMA cell_size_check = ON;",
                  opening.cache_bytes / 1024));
  if (opening.use == SqliteUse::Read) return run_script("PRAGMA query_only = ON;");
  run_script(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
      "PRAGMA journal_size_limit = 67108864;");
  // Takes the place of automatic checkpoints, so it comes after them.
  sqlite3_wal_hook(handle, &on_commit, this);
  if (opening.size_max > 0) {
    const std::int64_t pages = opening.size_max / number("PRAGMA page_size");
    run_script(fmt::format("PRAGMA max_page_count = {};", std::max<std::int64_t>(pages, 1)));
  }
}

std::int64_t SqliteConnection::run(std::string_view statement, std::span<const Value> values,
                                   const sql::EachRow& each) {
  sqlite3_stmt* const ready = prepared(statement);
  const Running running{*this, ready};
  bind(ready, values);
  step_through(ready, each);
  return sqlite3_stmt_readonly(ready) != 0 ? 0 : sqlite3_changes64(handle_.get());
}

std::int64_t SqliteConnection::run_batch(std::string_view statement, const sql::Batch& batch) {
  sqlite3_stmt* const ready = prepared(statement);
  const bool changes = sqlite3_stmt_readonly(ready) == 0;
  std::int64_t changed = 0;
  std::vector<Value> values(batch.values);
  for (std::size_t i = 0; i < batch.runs; ++i) {
    const Running running{*this, ready};
    batch.fill(i, values);
    bind(ready, values);
    if (batch.each)
      step_through(ready, [&](const sql::Row& row) { batch.each(i, row); });
    else
      step_through(ready, {});
    if (changes) changed += sqlite3_changes64(handle_.get());
  }
  return changed;
}

std::int64_t SqliteConnection::count(std::string_view statement, std::span<const Value> values) {
  const auto ask = [&] {
    std::int64_t count = 0;
    run(statement, values, [&](const sql::Row& row) { count = row.integer(0); });
    return count;
  };
  // The version tells of what others commit, not of what this connection itself writes.
  if (!only_reads_) return ask();
  if (!version_read_) {
    const std::int64_t version = number("PRAGMA data_version");
    if (version != counted_at_) counts_.clear();
    counted_at_ = version;
    // A snapshot has one version, however long it is held.
    version_read_ = !is_idle();
  }
  if (counts_.size() >= kCountsMax) counts_.clear();
  std::string question = question_of(statement, values);
  if (const auto known = counts_.find(question); known != counts_.end()) return known->second;
  return counts_.emplace(std::move(question), ask()).first->second;
}

void SqliteConnection::run_script(const std::string& script) {
  const int result = sqlite3_exec(handle_.get(), script.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(result, std::string_view{script}.substr(0, 200));
}

std::int64_t SqliteConnection::number(std::string_view statement) {
  std::int64_t number = 0;
  run(statement, {}, [&](const sql::Row& row) { number = row.integer(0); });
  return number;
}

bool SqliteConnection::is_idle() const noexcept {
  return sqlite3_get_autocommit(handle_.get()) != 0;
}

void SqliteConnection::roll_back() noexcept {
  version_read_ = false;
  if (handle_ != nullptr && !is_idle())
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void SqliteConnection::roll_back_to(std::string_view savepoint) noexcept {
  const auto script = fmt::format("ROLLBACK TO {0}; RELEASE {0};", savepoint);
  if (is_idle()) return;
  if (sqlite3_exec(handle_.get(), script.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    roll_back();
}

bool SqliteConnection::checkpoint() {
  int pages = 0;
  int moved = 0;
  const int result =
      sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
  if (result != SQLITE_OK && result != SQLITE_BUSY) fail(result, "checkpoint");
  if (pages == moved) log_pages_ = 0;
  return pages == moved;
}

sqlite3_stmt* SqliteConnection::prepared(std::string_view statement) {
  if (const auto found = statements_.find(statement); found != statements_.end())
    return found->second.get();
  // Only lists with many filters have ever new texts; a fresh start is cheap then.
  if (statements_.size() >= kStatementsMax)
    std::erase_if(statements_, [](auto& entry) { return !sqlite3_stmt_busy(entry.second.get()); });
  const std::string numbered = numbered_places(statement);
  sqlite3_stmt* raw = nullptr;
  const int result =
      sqlite3_prepare_v3(handle_.get(), numbered.data(), static_cast<int>(numbered.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  Statement ready{raw};
  if (result != SQLITE_OK) fail(result, statement);
  return statements_.emplace(statement, std::move(ready)).first->second.get();
}

void SqliteConnection::bind(sqlite3_stmt* statement, std::span<const Value> values) {
  CHECK(sqlite3_bind_parameter_count(statement) == static_cast<int>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int result = bind_one(statement, static_cast<int>(i) + 1, values[i]);
    if (result != SQLITE_OK) fail(result, sqlite3_sql(statement));
  }
}

void SqliteConnection::step_through(sqlite3_stmt* statement, const sql::EachRow& each) {
  const SqliteRow row{statement};
  int result = sqlite3_step(statement);
  for (; result == SQLITE_ROW; result = sqlite3_step(statement))
    if (each) each(row);
  if (result != SQLITE_DONE) fail(result, sqlite3_sql(statement));
}

int SqliteConnection::read_error() const noexcept {
  for (const int which : {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}) {
    sqlite3_file* file = nullptr;
    if (sqlite3_file_control(handle_.get(), "main", which, static_cast<void*>(&file)) != SQLITE_OK)
      continue;
    if (file == nullptr || file->pMethods == nullptr) continue;
    int place = 0;
    file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &place);
    if (place == EIO || place == ENXIO || place == ERANGE) return place;
  }
  return 0;
}

void SqliteConnection::fail(int result, std::string_view doing) {
  sqlite3* const handle = handle_.get();
  CHECK(result != SQLITE_MISUSE);
  int place = sqlite3_system_errno(handle);
  if ((result & 0xff) == SQLITE_CORRUPT) {
    if (const int refused = read_error(); refused != 0) {
      result = SQLITE_IOERR_READ;
      place = refused;
    }
  }
  auto failure = sqlite_failure(
      result, place, fmt::format("{}: {}", sqlite3_errmsg(handle), base::shown(doing, 300)));
  saw_damage_ |= failure.code() == Code::StorageCorrupt;
  saw_disk_fault_ |= failure.code() == Code::StorageError;
  throw failure;
}

int SqliteConnection::on_progress(void* self) noexcept {
  const auto& connection = *static_cast<SqliteConnection*>(self);
  return connection.clock_.steady() >= connection.statement_ends_ ? 1 : 0;
}

int SqliteConnection::on_commit(void* self, sqlite3*, const char*, int pages) noexcept {
  auto& connection = *static_cast<SqliteConnection*>(self);
  connection.log_pages_ = pages;
  ++connection.commits_;
  return SQLITE_OK;
}

}  // namespace hedgerow::store
