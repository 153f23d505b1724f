// Work on a database that no server holds: first users, another CSRF key. Each throws
// Failure{DatabaseInUse} while a server runs.
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

// Throws Failure{Invalid} for a name that is taken or a weak password.
void create_user(const Tools& tools, const std::string& name, model::Role role,
                 const base::SecretText& password);

void rotate_csrf_key(const Tools& tools);

}  // namespace hedgerow::upkeep
