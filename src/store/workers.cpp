#include "store/workers.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

std::optional<base::Milliseconds> Workers::silence(bool for_tests) const {
  const auto latest = sql_.one<std::optional<std::int64_t>>(
      "SELECT max(beat_tick) FROM workers WHERE for_tests = $1", for_tests);
  if (!latest) return std::nullopt;
  return base::Milliseconds{std::max<std::int64_t>(sql_.tick() - *latest, 0)};
}

std::int64_t Workers::heard_within(base::Milliseconds span) const {
  return sql_.one("SELECT count(*) FROM workers WHERE beat_tick > $1", sql_.tick() - span.count());
}

void Workers::beat(std::string_view replica, std::int64_t worker, bool for_tests) {
  sql_.run(
      "INSERT INTO workers (replica, worker, for_tests, beat_tick) VALUES ($1, $2, $3, $4)"
      " ON CONFLICT (replica, worker) DO UPDATE SET beat_tick = excluded.beat_tick",
      replica, worker, for_tests, sql_.tick());
}

void Workers::remove_all_of(std::string_view replica) {
  sql_.run("DELETE FROM workers WHERE replica = $1", replica);
}

}  // namespace hedgerow::store
