#include "store/users.hpp"

#include <cstring>

#include "base/digest.hpp"
#include "store/name_key.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

constexpr std::uint64_t kStrangersSlots = 262'144;
constexpr std::string_view kUserColumns = "id, name, role, password_hash, created, revision";

User user_of(const sql::Row& row) {
  User user;
  sql::read(row, user.id, user.name, user.role, user.password_hash, user.created, user.revision);
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

std::int64_t Users::strangers_slot(std::string_view name) const {
  const auto key = sql_.one<std::vector<std::byte>>("SELECT csrf_key FROM instance");
  std::string text{reinterpret_cast<const char*>(key.data()), key.size()};
  const base::Digest digest = base::digest_of(text += name_key(name));
  std::uint64_t number = 0;
  std::memcpy(&number, digest.bytes.data(), sizeof number);
  return static_cast<std::int64_t>(number % kStrangersSlots);
}

Tries Users::tries(std::string_view name) const {
  const auto tries_of = [](const sql::Row& row) {
    Tries tries;
    sql::read(row, tries.failures, tries.locked_until);
    return tries;
  };
  // For both it takes as long.
  const auto strangers =
      sql_.first("SELECT failures, locked_until FROM stranger_tries WHERE slot = $1", tries_of,
                 strangers_slot(name));
  const auto users = sql_.first("SELECT failures, locked_until FROM users WHERE name_key = $1",
                                tries_of, name_key(name));
  return users ? *users : strangers.value_or(Tries{});
}

void Users::keep_tries(std::string_view name, const Tries& tries) {
  const std::int64_t slot = strangers_slot(name);
  if (sql_.run("UPDATE users SET failures = $2, locked_until = $3 WHERE name_key = $1",
               name_key(name), tries.failures, tries.locked_until) > 0)
    return;
  sql_.run(
      "INSERT INTO stranger_tries (slot, failures, locked_until) VALUES ($1, $2, $3)"
      " ON CONFLICT (slot) DO UPDATE SET failures = excluded.failures,"
      " locked_until = excluded.locked_until",
      slot, tries.failures, tries.locked_until);
}

}  // namespace hedgerow::store
