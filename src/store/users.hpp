// Local users. Passwords come as finished hashes; how they are made and when sign-in is locked is
// the business of auth.
#pragma once

#include "base/clock.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

// What is known of a name that somebody tried to sign in with.
struct Tries {
  std::int64_t failures = 0;                   // Wrong passwords in a row.
  std::optional<base::WallTime> locked_until;  // The past, where they were free.
};

struct User {
  model::UserId id;
  std::string name;
  model::Role role = model::Role::Viewer;
  std::string password_hash;
  base::WallTime created;
  std::int64_t revision = 1;  // Grows with every change that an administrator makes.
};

struct UserDraft {
  std::string name;
  model::Role role = model::Role::Viewer;
  std::string password_hash;
};

class Users {
 public:
  explicit Users(sql::Scope& sql) : sql_{sql} {}

  // Throws Failure{NotFound, Missing}.
  [[nodiscard]] User get(model::UserId id) const;
  // Upper and lower case are the same name.
  [[nodiscard]] std::optional<User> find(std::string_view name) const;
  // By name.
  [[nodiscard]] Paged<User> page(const Page& page) const;
  [[nodiscard]] std::int64_t count() const;
  [[nodiscard]] std::int64_t count_of(model::Role role) const;

  // The name must be free: find() in the same transaction.
  model::UserId create(const UserDraft& draft);
  void set_role(model::UserId id, model::Role role);
  void set_password_hash(model::UserId id, std::string_view hash);

  // Of a name, whether a user has it or nobody: who asks cannot tell the two apart. Names of nobody
  // share 262,144 places, by a hash that only this installation can make, so that strangers neither
  // fill the table nor find a place that two names share.
  [[nodiscard]] Tries tries(std::string_view name) const;
  void keep_tries(std::string_view name, const Tries& tries);

 private:
  [[nodiscard]] std::int64_t strangers_slot(std::string_view name) const;

  sql::Scope& sql_;
};

}  // namespace hedgerow::store
