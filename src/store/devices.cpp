#include "store/devices.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

std::optional<Tries> Devices::tries(const base::Digest& token, model::UserId user) const {
  return sql_.first(
      "SELECT failures, locked_until FROM devices WHERE token_hash = $1 AND user_id = $2",
      [](const sql::Row& row) {
        Tries tries;
        sql::read(row, tries.failures, tries.locked_until);
        return tries;
      },
      token, user);
}

void Devices::keep_tries(const base::Digest& token, model::UserId user, const Tries& tries) {
  sql_.run(
      "UPDATE devices SET failures = $3, locked_until = $4 WHERE token_hash = $1 AND user_id = $2",
      token, user, tries.failures, tries.locked_until);
}

void Devices::sign_in(const std::optional<base::Digest>& before, const base::Digest& token,
                      model::UserId user, std::int64_t most) {
  if (before) sql_.run("UPDATE devices SET token_hash = $2 WHERE token_hash = $1", *before, token);
  sql_.run(
      "INSERT INTO devices (token_hash, user_id, used) VALUES ($1, $2, $3)"
      " ON CONFLICT (token_hash, user_id) DO UPDATE SET used = excluded.used, failures = 0,"
      " locked_until = NULL",
      token, user, sql_.now());
  sql_.run(
      "DELETE FROM devices WHERE user_id = $1 AND token_hash NOT IN (SELECT token_hash FROM devices"
      " WHERE user_id = $1 ORDER BY used DESC, token_hash = $3 DESC LIMIT $2)",
      user, most, token);
}

void Devices::forget_all_of(model::UserId user) {
  sql_.run("DELETE FROM devices WHERE user_id = $1", user);
}

std::int64_t Devices::sweep(base::WallTime before) {
  return sql_.run("DELETE FROM devices WHERE used < $1", before);
}

}  // namespace hedgerow::store
