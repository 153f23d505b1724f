#include "store/request_keys.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

std::optional<Remembered> RequestKeys::find(const RequestKey& key) const {
  return sql_.first(
      "SELECT body_hash, made, made_id, joined FROM request_keys"
      " WHERE user_id = $1 AND route = $2 AND key = $3",
      [](const sql::Row& row) {
        Remembered made;
        sql::read(row, made.body_hash, made.made, made.id, made.joined);
        return made;
      },
      key.user, key.route, key.key);
}

void RequestKeys::remember(const RequestKey& key, const Remembered& made) {
  sql_.run(
      "INSERT INTO request_keys (user_id, route, key, body_hash, made, made_id, joined, created)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      key.user, key.route, key.key, made.body_hash, made.made, made.id, made.joined, sql_.now());
}

std::int64_t RequestKeys::sweep(base::WallTime before, std::int64_t most) {
  return sql_.run(
      "DELETE FROM request_keys WHERE (user_id, route, key) IN"
      " (SELECT user_id, route, key FROM request_keys WHERE created < $1 LIMIT $2)",
      before, most);
}

}  // namespace hedgerow::store
