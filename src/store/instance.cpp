#include "store/instance.hpp"

#include "base/random.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

std::string Instance::name() const { return sql_.one<std::string>("SELECT name FROM instance"); }

std::string Instance::incarnation() const {
  return sql_.one<std::string>("SELECT incarnation FROM instance");
}

std::vector<std::byte> Instance::csrf_key() const {
  return sql_.one<std::vector<std::byte>>("SELECT csrf_key FROM instance");
}

std::optional<SetupCode> Instance::setup_code() const {
  return sql_.first("SELECT setup_hash, setup_expires FROM instance WHERE setup_hash IS NOT NULL",
                    [](const sql::Row& row) {
                      SetupCode code;
                      sql::read(row, code.hash, code.expires);
                      return code;
                    });
}

void Instance::rotate_csrf_key() {
  std::array<std::byte, 32> key{};
  sql_.random().fill(key);
  sql_.run("UPDATE instance SET csrf_key = $1", sql::Bytes{key});
}

void Instance::put_setup_code(const SetupCode& code) {
  sql_.run("UPDATE instance SET setup_hash = $1, setup_expires = $2", code.hash, code.expires);
}

void Instance::remove_setup_code() {
  sql_.run("UPDATE instance SET setup_hash = NULL, setup_expires = NULL");
}

base::WallTime Instance::kept_now() {
  std::optional<std::int64_t> last;
  std::optional<std::int64_t> tick;
  sql_.each("SELECT kept_now, kept_tick FROM instance",
            [&](const sql::Row& row) { sql::read(row, last, tick); });
  base::WallTime now = sql_.now();
  if (last && tick) {
    // Ticks that begin anew with the machine have gone on at least since then.
    const std::int64_t passed = sql_.tick() >= *tick ? sql_.tick() - *tick : sql_.tick();
    now = std::min(now, base::wall_time(*last + 2 * passed));
  }
  sql_.run("UPDATE instance SET kept_now = $1, kept_tick = $2", now, sql_.tick());
  return now;
}

}  // namespace hedgerow::store
