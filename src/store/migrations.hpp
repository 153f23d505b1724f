// The numbered migrations that are built into the program, and how a database is brought up to
// them: each in one transaction together with the note that it was applied. Nothing is ever taken
// back.
#pragma once

#include "store/sqlite.hpp"

namespace hedgerow::store {

struct Migration {
  int number = 0;
  std::string_view name;  // "0001_record"
  std::string_view script;
};

// From 1, without gaps. Made from src/store/migrations by the build.
[[nodiscard]] std::span<const Migration> sqlite_migrations() noexcept;

// Throws Failure{StorageError} when the database is not one of ours, comes from a newer version, or
// was made with another text of a migration.
void migrate(SqliteConnection& connection, std::span<const Migration> migrations,
             base::WallTime now);
// The same refusals, and one more where a migration is still to be applied. Writes nothing.
void require_migrated(SqliteConnection& connection, std::span<const Migration> migrations);

}  // namespace hedgerow::store
