#include "store/migrations.hpp"

#include "base/failure.hpp"
#include "base/log.hpp"

namespace hedgerow::store {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

// "Hdgr": says in the file itself whose it is.
constexpr std::int64_t kApplicationId = 0x48646772;

struct Done {
  int number = 0;
  std::string name;
  std::string checksum;
};

Failure refused(std::string detail, std::string next) {
  return Failure{Code::StorageError, Cause::Refused, std::move(detail)}.with_next(std::move(next));
}

std::vector<Done> done_in(SqliteConnection& connection) {
  std::vector<Done> done;
  if (connection.number("SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'") == 0)
    return done;
  connection.run("SELECT number, name, checksum FROM migrations ORDER BY number", {},
                 [&](const sql::Row& row) {
                   Done& one = done.emplace_back();
                   sql::read(row, one.number, one.name, one.checksum);
                 });
  return done;
}

std::string checksum_of(const Migration& migration) {
  return base::digest_of(migration.script).hex();
}

void require_ours(SqliteConnection& connection) {
  const std::int64_t id = connection.number("PRAGMA application_id");
  if (id == kApplicationId) return;
  if (id == 0 && connection.number("SELECT count(*) FROM sqlite_schema") == 0) return;
  throw refused("The file is an SQLite database of another program.",
                "Choose another file for Hedgerow's database.");
}

// What was done must be a beginning of what this program knows.
void require_known(std::span<const Done> done, std::span<const Migration> migrations) {
  if (done.size() > migrations.size())
    throw refused(
        fmt::format("The database comes from a newer version: it has migration {}, this version "
                    "knows {}.",
                    done.back().name, migrations.size()),
        "Start the newer version again, or restore a backup made before the upgrade.");
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (done[i].number == migrations[i].number && done[i].checksum == checksum_of(migrations[i]))
      continue;
    throw refused(
        fmt::format(
            "The database was made with another text of migration {} than this version has.",
            done[i].name),
        "Use the version that made the database; a development build cannot be upgraded.");
  }
}

void apply(SqliteConnection& connection, const Migration& migration, base::WallTime now) {
  connection.run_script("BEGIN IMMEDIATE");
  connection.run_script(
      "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL,"
      " checksum TEXT NOT NULL, applied INTEGER NOT NULL) STRICT");
  connection.run_script(std::string{migration.script});
  const std::string checksum = checksum_of(migration);
  const std::array values{sql::value_of(migration.number), sql::value_of(migration.name),
                          sql::value_of(checksum), sql::value_of(now)};
  connection.run("INSERT INTO migrations (number, name, checksum, applied) VALUES ($1, $2, $3, $4)",
                 values, {});
  connection.run_script(fmt::format("PRAGMA application_id = {}", kApplicationId));
  connection.run_script("COMMIT");
  base::log::info("migration_applied", {{"name", migration.name}});
}

}  // namespace

void migrate(SqliteConnection& connection, std::span<const Migration> migrations,
             base::WallTime now) {
  require_ours(connection);
  const std::vector<Done> done = done_in(connection);
  require_known(done, migrations);
  for (const Migration& migration : migrations.subspan(done.size()))
    apply(connection, migration, now);
}

void require_migrated(SqliteConnection& connection, std::span<const Migration> migrations) {
  require_ours(connection);
  const std::vector<Done> done = done_in(connection);
  require_known(done, migrations);
  if (done.size() == migrations.size()) return;
  throw refused("The database was not yet brought up to this version.",
                "Start the server of this version once, then run the command again.");
}

}  // namespace hedgerow::store
