#include "store/users.hpp"

#include "store/name_key.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

constexpr std::string_view kUserColumns =
    "id, name, role, password_hash, failures, locked_until, created, revision";

User user_of(const sql::Row& row) {
  User user;
  sql::read(row, user.id, user.name, user.role, user.password_hash, user.failures,
            user.locked_until, user.created, user.revision);
  return user;
}

}  // namespace

User Users::get(model::UserId id) const {
  const auto user =
      sql_.first(fmt::format("SELECT {} FROM users WHERE id = $1", kUserColumns), user_of, id);
  if (!user) sql::missing("user", id.value);
  return *user;
}

std::optional<User> Users::find(std::string_view name) const {
  return sql_.first(fmt::format("SELECT {} FROM users WHERE name_key = $1", kUserColumns), user_of,
                    name_key(name));
}

Paged<User> Users::page(const Page& page) const {
  const auto statement =
      fmt::format("SELECT {} FROM users ORDER BY name_key LIMIT $1 OFFSET $2", kUserColumns);
  return {sql_.list(statement, user_of, page.limit, page.offset), count()};
}

std::int64_t Users::count() const { return sql_.one("SELECT count(*) FROM users"); }

std::int64_t Users::count_of(model::Role role) const {
  return sql_.one("SELECT count(*) FROM users WHERE role = $1", role);
}

model::UserId Users::create(const UserDraft& draft) {
  return sql_.one<model::UserId>(
      "INSERT INTO users (name, name_key, role, password_hash, created) VALUES ($1, $2, $3, $4, $5)"
      " RETURNING id",
      draft.name, name_key(draft.name), draft.role, draft.password_hash, sql_.now());
}

void Users::set_role(model::UserId id, model::Role role) {
  if (sql_.run("UPDATE users SET role = $2, revision = revision + 1 WHERE id = $1", id, role) == 0)
    sql::missing("user", id.value);
}

void Users::set_password_hash(model::UserId id, std::string_view hash) {
  if (sql_.run("UPDATE users SET password_hash = $2 WHERE id = $1", id, hash) == 0)
    sql::missing("user", id.value);
}

std::int64_t Users::count_failure(model::UserId id) {
  const auto failures =
      sql_.maybe("UPDATE users SET failures = failures + 1 WHERE id = $1 RETURNING failures", id);
  if (!failures) sql::missing("user", id.value);
  return *failures;
}

void Users::uncount_failure(model::UserId id) {
  sql_.run("UPDATE users SET failures = failures - 1 WHERE id = $1 AND failures > 0", id);
}

void Users::count_nobodys_failure() {
  for (const int step : {1, -1}) {
    sql_.run("UPDATE users SET failures = failures + $1 WHERE id = (SELECT min(id) FROM users)",
             step);
  }
}

void Users::lock_until(model::UserId id, base::WallTime until) {
  sql_.run("UPDATE users SET locked_until = $2 WHERE id = $1", id, until);
}

void Users::clear_failures(model::UserId id) {
  sql_.run(
      "UPDATE users SET failures = 0, locked_until = NULL"
      " WHERE id = $1 AND (failures > 0 OR locked_until IS NOT NULL)",
      id);
}

}  // namespace hedgerow::store
