#include "store/lost_clicks.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

std::vector<model::LostClick> LostClicks::latest_of(model::FabricId fabric,
                                                    std::int64_t most) const {
  return sql_.list(
      "SELECT fabric_id, actor_id, actor_name, key, operation, code, tries, tab, page_version,"
      " clicked, told FROM lost_clicks WHERE fabric_id = $1 ORDER BY clicked DESC, id DESC LIMIT "
      "$2",
      [](const sql::Row& row) {
        model::LostClick click;
        sql::read(row, click.fabric, click.actor, click.actor_name, click.key, click.operation,
                  click.code, click.tries, click.tab, click.page_version, click.clicked,
                  click.told);
        return click;
      },
      fabric, most);
}

bool LostClicks::add(const model::LostClick& click, std::int64_t most) {
  const bool is_new =
      sql_.run(
          "INSERT INTO lost_clicks (fabric_id, actor_id, actor_name, key, operation, code, tries,"
          " tab, page_version, clicked, told) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
          " ON CONFLICT DO NOTHING",
          click.fabric, click.actor, click.actor_name, click.key, click.operation, click.code,
          click.tries, click.tab, click.page_version, click.clicked, sql_.now()) == 1;
  sql_.run(
      "DELETE FROM lost_clicks WHERE fabric_id = $1 AND id NOT IN (SELECT id FROM lost_clicks"
      " WHERE fabric_id = $1 ORDER BY clicked DESC, id DESC LIMIT $2)",
      click.fabric, most);
  return is_new;
}

void LostClicks::remove(model::UserId actor, std::string_view key) {
  sql_.run("DELETE FROM lost_clicks WHERE actor_id = $1 AND key = $2", actor, key);
}

std::int64_t LostClicks::sweep(base::WallTime before, std::int64_t most) {
  return sql_.run(
      "DELETE FROM lost_clicks WHERE id IN"
      " (SELECT id FROM lost_clicks WHERE told < $1 LIMIT $2)",
      before, most);
}

}  // namespace hedgerow::store
