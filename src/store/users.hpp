// Local users. Passwords come as finished hashes; how they are made and when sign-in is locked is
// the business of auth.
#pragma once

#include "base/clock.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

struct User {
  model::UserId id;
  std::string name;
  model::Role role = model::Role::Viewer;
  std::string password_hash;
  std::int64_t failures = 0;  // Wrong passwords in a row.
  std::optional<base::WallTime> locked_until;
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
  // Counts one more wrong password; gives back how many there are in a row now.
  std::int64_t count_failure(model::UserId id);
  // Takes one back that was counted and was none.
  void uncount_failure(model::UserId id);
  // Counts nothing for nobody at the cost of counting: a name without an account must take as long.
  void count_nobodys_failure();
  void lock_until(model::UserId id, base::WallTime until);
  // A right password: no failures, no lock.
  void clear_failures(model::UserId id);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
