// What can still be read of a damaged database, written into a new one. Nothing is invented: a row
// is copied as it was, or left out and counted. SQLite keeps no checksums, so damage that still
// reads as a row of its table and fits all others cannot be told from one.
#pragma once

#include "store/database.hpp"

namespace hedgerow::store {

struct RecoveredTable {
  std::string name;
  std::int64_t copied = 0;
  // What could not be read, names a row that was lost, or belongs to a record that is not whole.
  // Nothing: how many rows there were cannot be told.
  std::optional<std::int64_t> left_out = 0;

  [[nodiscard]] bool is_whole() const noexcept { return left_out == 0; }
};

struct Recovered {
  std::vector<RecoveredTable> tables;  // Those whose rows are copied.
  // Whether kinds, objects and history are there. They are, for all fabrics, when not a row of
  // them was lost: with rows missing, a record would show as removed or fresh what is only unknown.
  bool has_observed = true;
  // By name; their token or key was lost and has to be entered again.
  std::vector<std::string> without_credential;
  bool has_administrator = true;
};

// Reads the database of `damaged`, which no server may use and which is not written, and makes
// `to`: of this version and another incarnation, with ids that go on behind the old ones, nobody
// signed in, and unfinished runs as a killed server leaves them. `to` is there whole and flushed,
// or not at all. Throws Failure{DatabaseInUse} while a server runs, Failure{StorageError}
// when `to` exists or cannot be made, or the tables are those of another version,
// Failure{StorageCorrupt} when not even the list of tables can be read, Failure{StorageFull}.
[[nodiscard]] Recovered recover(const Settings& damaged, const std::filesystem::path& to,
                                const base::Clock& clock, base::Random& random);

}  // namespace hedgerow::store
