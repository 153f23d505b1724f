// Work on a database from the command line: first users, another CSRF key, a new version's tables,
// whether it keeps what it promises.
#pragma once

#include "auth/password.hpp"
#include "base/random.hpp"
#include "store/database.hpp"

namespace hedgerow::upkeep {

struct Tools {
  store::Settings database;
  auth::PasswordCost cost;
  const base::Clock& clock;
  base::Random& random;
};

// These three write, and throw Failure{DatabaseInUse} while a server runs.

// Throws Failure{Invalid} for a name that is taken or a weak password.
void create_user(const Tools& tools, const std::string& name, model::Role role,
                 const base::SecretText& password);

void rotate_csrf_key(const Tools& tools);
// Brings the tables up to those of this version, as the server does at its start.
void migrate(const Tools& tools);

struct Checked {
  std::vector<std::string> faults;  // A sentence each; none: all is as it must be.
  std::string looked_at;            // "14 rules; 1 fabric, 48 objects, 3 runs".
};
// Reads every row, beside a server or without one, and writes nothing. Throws
// Failure{StorageCorrupt} when the file cannot even be read.
[[nodiscard]] Checked check(const Tools& tools);

struct Copied {
  std::vector<std::string> told;  // A line for each table, then what is missing and what to do.
  bool whole = true;              // Nothing was left out that was in the record.
  Checked checked;                // Of the copy.
};
// Writes what can still be read of the database into a new file `to` and checks that; the database
// itself is not written. Throws what store::recover() throws.
[[nodiscard]] Copied recover(const Tools& tools, const std::filesystem::path& to);

}  // namespace hedgerow::upkeep
