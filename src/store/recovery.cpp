#include "store/recovery.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/json_out.hpp"
#include "base/text.hpp"
#include "store/sqlite_database.hpp"

namespace hedgerow::store {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

// Rows are looked for by `key`, a whole number from 1 on, which has no value beyond the last id
// given out of `ids`.
struct Table {
  std::string_view name;
  std::string_view key;
  std::string_view ids;
};

// What names other rows comes after them. Of the other tables, signs of life and announcements are
// of a server that is gone, and who was signed in signs in again: the end of a session could be
// among what was lost.
constexpr std::array kKept{
    Table{"users", "id", "users"},
    Table{"fabrics", "id", "fabrics"},
    Table{"credentials", "fabric_id", "fabrics"},
    Table{"runs", "id", "runs"},
    Table{"request_keys", "user_id", "users"},
    Table{"lost_clicks", "id", "lost_clicks"},
    Table{"connection_tests", "id", "connection_tests"},
    Table{"audit", "id", "audit"},
};
constexpr std::array kObserved{
    Table{"kinds", "id", "kinds"},
    Table{"objects", "id", "objects"},
    Table{"history", "id", "history"},
};

// Where the last id given out cannot be read, the next one is so far behind those that were seen.
constexpr std::int64_t kBeyond = 1'000'000;
// So many are then tried without a row until there are no more.
constexpr std::int64_t kTries = 100'000;

struct Column {
  std::string name;
  std::string type;  // "integer", "text", "blob"
};

Failure refused(std::string detail, std::string next) {
  return Failure{Code::StorageError, Cause::Refused, std::move(detail)}.with_next(std::move(next));
}

// Tables, indexes and triggers, in the words that made them.
std::vector<std::string> schema_of(SqliteConnection& connection) {
  std::vector<std::string> schema;
  connection.run(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
      " ORDER BY name",
      {}, [&](const sql::Row& row) { schema.emplace_back(row.text(0)); });
  return schema;
}

std::unique_ptr<SqliteConnection> open_damaged(const Settings& settings, const base::Clock& clock) {
  try {
    auto connection = open_reader(settings, clock);
    (void)schema_of(*connection);
    return connection;
  } catch (const Failure& failure) {
    if (failure.code() != Code::StorageCorrupt) throw;
    throw Failure{Code::StorageCorrupt, Cause::Refused,
                  "Not even the list of its tables can be read, so nothing of it can be recovered."}
        .with_next(
            "Put the latest backup in its place; without one, start with a new file and enter the "
            "fabrics again.");
  }
}

sql::Value value_in(const sql::Row& row, int place, const Column& column) {
  if (row.is_null(place)) return {};
  if (column.type == "integer") return row.integer(place);
  if (column.type == "text") return row.text(place);
  return row.bytes(place);
}

std::size_t size_of(const sql::Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return text->size();
  if (const auto* bytes = std::get_if<sql::Bytes>(&value)) return bytes->size();
  return 0;
}

// No text of ours has a zero byte.
bool is_legible(const sql::Value& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  return text == nullptr || (!text->contains('\0') && base::valid_utf8(*text));
}

// One turn: from the first table to the last, in one transaction of the copy.
class Recovery {
 public:
  Recovery(SqliteConnection& from, SqliteConnection& to, sql::Scope& copy)
      : from_{from},
        to_{to},
        copy_{copy},
        page_size_{from.number("PRAGMA page_size")},
        numbered_{copy.list("SELECT name FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%'",
                            [](const sql::Row& row) { return std::string{row.text(0)}; })} {}

  Recovered run();

 private:
  // How a table is read and written, and what became of its rows so far.
  struct Copying {
    std::vector<Column> columns;
    std::string insert;
    bool sound = false;
    std::int64_t seen = 0;
    std::int64_t copied = 0;
  };

  // False when the damaged file does not give what is asked of it.
  bool readable(const std::function<void()>& read);
  // Whether SQLite finds nothing wrong with a table, its indexes and its long rows.
  bool is_sound(std::string_view table);
  // How many rows one of the table's indexes has.
  std::optional<std::int64_t> entries_of(const Table& table);
  void learn_last_ids();
  [[nodiscard]] std::int64_t last_id(std::string_view table) const;

  RecoveredTable copy(const Table& table);
  void copy_row(Copying& copying, const sql::Row& row);
  bool copy_observed(Recovered& recovered);

  void settle(Recovered& recovered);
  void forget_keys(Recovered& recovered);
  void go_on_numbering();
  void go_on_as_instance();
  void record(const Recovered& recovered);

  SqliteConnection& from_;
  SqliteConnection& to_;
  sql::Scope& copy_;
  const std::int64_t page_size_;
  const std::vector<std::string> numbered_;  // Tables whose ids SQLite gives out.
  std::map<std::string, std::int64_t, std::less<>> known_last_;
  std::map<std::string, std::int64_t, std::less<>> last_seen_;
};

Recovered Recovery::run() {
  Recovered recovered;
  learn_last_ids();
  for (const Table& table : kKept) recovered.tables.push_back(copy(table));
  recovered.has_observed = copy_observed(recovered);
  settle(recovered);
  forget_keys(recovered);
  go_on_numbering();
  go_on_as_instance();
  record(recovered);
  return recovered;
}

bool Recovery::readable(const std::function<void()>& read) {
  try {
    read();
    return true;
  } catch (const Failure& failure) {
    const bool gone =
        failure.code() == Code::StorageCorrupt || failure.code() == Code::StorageError;
    // What befalls the copy is no damage of the original.
    if (!gone || to_.saw_damage() || to_.saw_disk_fault()) throw;
    return false;
  }
}

bool Recovery::is_sound(std::string_view table) {
  bool sound = true;
  const auto question = fmt::format("PRAGMA integrity_check({})", table);
  return readable([&] {
           from_.run(question, {}, [&](const sql::Row& row) { sound &= row.text(0) == "ok"; });
         }) &&
         sound;
}

std::optional<std::int64_t> Recovery::entries_of(const Table& table) {
  const auto indexes = copy_.list(
      "SELECT name FROM pragma_index_list($1) WHERE partial = 0 AND origin <> 'pk'",
      [](const sql::Row& row) { return std::string{row.text(0)}; }, table.name);
  for (const std::string& index : indexes) {
    std::int64_t entries = 0;
    // Of a column, because count(*) takes whichever index it likes.
    const auto question =
        fmt::format("SELECT count({}) FROM {} INDEXED BY {}", table.key, table.name, index);
    if (readable([&] { entries = from_.number(question); })) return entries;
  }
  return std::nullopt;
}

void Recovery::learn_last_ids() {
  const auto learn = [&](const sql::Row& row) {
    known_last_.insert_or_assign(std::string{row.text(0)}, row.integer(1));
  };
  if (is_sound("last_ids")) from_.run("SELECT table_name, last_id FROM last_ids", {}, learn);
  if (!is_sound("sqlite_sequence")) return;
  // Of those that it does not name, none was ever given out.
  for (const std::string& table : numbered_) known_last_.emplace(table, 0);
  from_.run("SELECT name, seq FROM sqlite_sequence", {}, learn);
}

std::int64_t Recovery::last_id(std::string_view table) const {
  const auto seen = last_seen_.find(table);
  const std::int64_t last = seen == last_seen_.end() ? 0 : seen->second;
  const auto known = known_last_.find(table);
  return known == known_last_.end() ? last + kBeyond : std::max(last, known->second);
}

RecoveredTable Recovery::copy(const Table& table) {
  Copying copying;
  copying.columns = copy_.list(
      "SELECT name, lower(type) FROM pragma_table_info($1)",
      [](const sql::Row& row) {
        return Column{std::string{row.text(0)}, std::string{row.text(1)}};
      },
      table.name);
  copying.sound = is_sound(table.name);
  std::vector<std::string> names;
  std::vector<std::string> places;
  std::vector<std::string> types;
  for (const auto& [name, type] : copying.columns) {
    names.push_back(name);
    places.push_back(fmt::format("${}", names.size()));
    types.push_back(fmt::format("typeof({}) IN ('null', '{}')", name, type));
  }
  copying.insert = fmt::format("INSERT INTO {} ({}) VALUES ({})", table.name,
                               fmt::join(names, ", "), fmt::join(places, ", "));
  const auto select =
      fmt::format("SELECT {0}, {1}, {2} FROM {3} WHERE {0} >= $1 ORDER BY {0}", table.key,
                  fmt::join(types, " AND "), fmt::join(names, ", "), table.name);
  bool read_to_end = true;
  std::int64_t last = 0;
  const auto each = [&](const sql::Row& row) {
    last = std::max(last, row.integer(0));
    copy_row(copying, row);
  };
  const auto known = known_last_.find(table.ids);
  std::int64_t from = 1;
  const auto read_from = [&] { from_.run(select, std::array{sql::value_of(from)}, each); };
  while (!readable(read_from)) {
    read_to_end = false;
    // Past what can be read, id by id: what lies behind the damage is found by its first one.
    from = std::max(from, last) + 1;
    if (from > (known == known_last_.end() ? last + kTries : known->second)) break;
  }
  if (table.name == table.ids) last_seen_.emplace(table.name, last);
  RecoveredTable result{.name = std::string{table.name}, .copied = copying.copied, .left_out = {}};
  const auto all = copying.sound && read_to_end ? std::optional{copying.seen} : entries_of(table);
  if (all && *all >= copying.seen) result.left_out = *all - copying.copied;
  return result;
}

void Recovery::copy_row(Copying& copying, const sql::Row& row) {
  ++copying.seen;
  std::vector<sql::Value> values;
  std::size_t size = 0;
  bool fits = row.integer(1) != 0;
  for (std::size_t i = 0; fits && i < copying.columns.size(); ++i) {
    values.push_back(value_in(row, static_cast<int>(i) + 2, copying.columns[i]));
    size += size_of(values.back());
    fits = is_legible(values.back());
  }
  // A long row goes on elsewhere, and what stands there nobody checks while it is read.
  if (!copying.sound) fits &= static_cast<std::int64_t>(size) < page_size_ / 2;
  if (!fits) return;
  try {
    to_.run(copying.insert, values, {});
    ++copying.copied;
  } catch (const Failure& failure) {
    // The tables refuse it: it names a row that is lost, or stands twice.
    if (failure.code() != Code::InternalFault) throw;
  }
}

bool Recovery::copy_observed(Recovered& recovered) {
  to_.run("SAVEPOINT observed");
  std::vector<RecoveredTable> observed;
  for (const Table& table : kObserved) observed.push_back(copy(table));
  const bool whole = std::ranges::all_of(observed, &RecoveredTable::is_whole);
  if (!whole) {
    to_.roll_back_to("observed");
    for (RecoveredTable& table : observed) {
      if (table.left_out) *table.left_out += table.copied;
      table.copied = 0;
    }
  } else {
    to_.run("RELEASE observed");
  }
  std::ranges::move(observed, std::back_inserter(recovered.tables));
  return whole;
}

// What the rows that are left say of those that are not.
void Recovery::settle(Recovered& recovered) {
  constexpr std::string_view kHas =
      "EXISTS (SELECT 1 FROM credentials c WHERE c.fabric_id = fabrics.id AND c.which = '{}')";
  const auto has_token = fmt::format(kHas, "token");
  const auto has_key = fmt::format(kHas, "client_key");
  recovered.without_credential = copy_.list(
      fmt::format("SELECT name FROM fabrics WHERE has_token > {} OR (client_certificate <> '' AND"
                  " NOT {}) ORDER BY name_key",
                  has_token, has_key),
      [](const sql::Row& row) { return std::string{row.text(0)}; });
  // Pages that remember the old record are to see that this is another one.
  copy_.run(fmt::format("UPDATE fabrics SET revision = revision + 1, has_token = {}", has_token));
  copy_.run(
      "INSERT INTO ownership (fabric_id, epoch) SELECT f.id, coalesce((SELECT max(r.epoch) FROM"
      " runs r WHERE r.fabric_id = f.id), 0) FROM fabrics f");
  recovered.has_administrator =
      copy_.one("SELECT count(*) FROM users WHERE role = 'administrator'") > 0;
}

// A click whose run was lost may be made again.
void Recovery::forget_keys(Recovered& recovered) {
  constexpr std::array kMade{std::pair{"runs", "run"}, std::pair{"fabrics", "fabric"},
                             std::pair{"users", "user"},
                             std::pair{"connection_tests", "connection_test"}};
  RecoveredTable& keys =
      *std::ranges::find(recovered.tables, "request_keys", &RecoveredTable::name);
  for (const auto& [table, made] : kMade) {
    // What a whole table lacks was removed, and its key stays.
    if (std::ranges::find(recovered.tables, table, &RecoveredTable::name)->is_whole()) continue;
    const auto forgotten = copy_.run(
        fmt::format(
            "DELETE FROM request_keys WHERE made = $1 AND made_id NOT IN (SELECT id FROM {})",
            table),
        made);
    keys.copied -= forgotten;
    if (keys.left_out) *keys.left_out += forgotten;
  }
}

void Recovery::go_on_numbering() {
  for (const std::string_view table : {"objects", "history"})
    copy_.run("UPDATE last_ids SET last_id = $2 WHERE table_name = $1", table, last_id(table));
  copy_.run("DELETE FROM sqlite_sequence");
  for (const std::string& table : numbered_)
    copy_.run("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", table, last_id(table));
}

// The incarnation and the key of the security tokens are those of a new database.
void Recovery::go_on_as_instance() {
  std::int64_t revision = kBeyond;
  if (is_sound("instance")) {
    from_.run("SELECT name, created, fabrics_revision FROM instance", {}, [&](const sql::Row& row) {
      copy_.run("UPDATE instance SET name = $1, created = $2", row.text(0), row.integer(1));
      revision = row.integer(2) + 1;
    });
  }
  copy_.run("UPDATE instance SET fabrics_revision = $1, feed_swept = $2", revision,
            last_id("changes"));
}

void Recovery::record(const Recovered& recovered) {
  base::JsonOut left_out;
  left_out.begin_object();
  for (const RecoveredTable& table : recovered.tables)
    if (!table.is_whole()) left_out.field(table.name, table.left_out);
  left_out.end_object();
  AuditRow row;
  row.actor_name = "command line";
  row.action = "database.recover";
  row.subject_kind = "instance";
  row.result = "done";
  row.details = left_out.text();
  AuditLog audit{copy_};
  audit.append(row);
  const auto lost = std::ranges::find(recovered.tables, "audit", &RecoveredTable::name);
  if (lost->is_whole()) return;
  row.action = "audit.lost";
  audit.append(row);
}

// The copy while it is made; what is not finished leaves nothing behind.
class Unfinished {
 public:
  explicit Unfinished(const std::filesystem::path& whole)
      : whole_{whole}, path_{whole.string() + ".unfinished"} {
    remove();
  }
  ~Unfinished() { remove(); }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  // Never over a file that came to be meanwhile; lasting once it returns.
  void finish() const {
    if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, whole_.c_str(), RENAME_NOREPLACE) != 0)
      fail(errno);
    const auto folder = whole_.has_parent_path() ? whole_.parent_path() : ".";
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool kept = file >= 0 && ::fsync(file) == 0;
    const int error = errno;
    if (file >= 0) ::close(file);
    if (!kept) fail(error);
  }

 private:
  void remove() const noexcept {
    for (const char* ending : {"", "-wal", "-shm", "-journal"}) {
      std::error_code ignored;
      std::filesystem::remove(path_.string() + ending, ignored);
    }
  }
  [[noreturn]] void fail(int error) const {
    throw Failure{Code::StorageError, Cause::Refused,
                  fmt::format("{} cannot be made: {}.", whole_.string(),
                              std::generic_category().message(error))};
  }

  std::filesystem::path whole_;
  std::filesystem::path path_;
};

}  // namespace

Recovered recover(const Settings& damaged, const std::filesystem::path& to,
                  const base::Clock& clock, base::Random& random) {
  const base::Doing doing{
      fmt::format("recovering the database {} to {}", damaged.path.string(), to.string())};
  for (const auto& path : {damaged.path, to}) require_local(path);
  require_there(damaged.path);
  if (std::filesystem::exists(to))
    throw refused(fmt::format("{} is there already.", to.string()),
                  "Name a file that is not there; none is written over.");
  const LockFile lock{damaged.path};
  const auto from = open_damaged(damaged, clock);
  const Unfinished unfinished{to};
  Settings settings = damaged;
  settings.path = unfinished.path();
  auto writer = open_writer(settings, clock, random);
  if (schema_of(*from) != schema_of(*writer))
    throw refused("The tables of the damaged database are not those of this version.",
                  "Recover it with the version that it belongs to.");
  writer->run("BEGIN IMMEDIATE");
  sql::Scope scope{*writer, instant_of(clock), &random};
  const Recovered recovered = Recovery{*from, *writer, scope}.run();
  writer->run("COMMIT");
  // All of it in the one file.
  writer->run_script("PRAGMA journal_mode = DELETE");
  writer.reset();
  unfinished.finish();
  return recovered;
}

}  // namespace hedgerow::store
