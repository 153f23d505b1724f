#include "store/history.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

model::Change change_of(const sql::Row& row) {
  model::Change change;
  sql::read(row, change.id, change.object, change.run, change.at, change.kind,
            change.identity.group, change.identity.kind, change.identity.name_space,
            change.identity.name, change.resource_version);
  return change;
}

constexpr std::string_view kSelectChanges =
    "SELECT h.id, h.object_id, h.run_id, h.at, h.change, k.group_name, k.kind, o.namespace, o.name,"
    " h.resource_version FROM history h JOIN objects o ON o.id = h.object_id"
    " JOIN kinds k ON k.id = o.kind_id WHERE";

}  // namespace

Paged<model::Change> History::of_object(model::ObjectId object, const Page& page) const {
  return {sql_.list(fmt::format("{} h.object_id = $1 ORDER BY h.id DESC LIMIT $2 OFFSET $3",
                                kSelectChanges),
                    change_of, object, page.limit, page.offset),
          sql_.one("SELECT count(*) FROM history WHERE object_id = $1", object)};
}

Paged<model::Change> History::of_run(model::RunId run, std::optional<model::ChangeKind> only,
                                     const Page& page) const {
  constexpr std::string_view kWhich = "h.run_id = $1 AND ($2 IS NULL OR h.change = $2)";
  return {sql_.list(fmt::format("{} {} ORDER BY h.id LIMIT $3 OFFSET $4", kSelectChanges, kWhich),
                    change_of, run, only, page.limit, page.offset),
          sql_.one(fmt::format("SELECT count(*) FROM history h WHERE {}", kWhich), run, only)};
}

std::optional<std::string> History::document(model::ChangeId change) const {
  return sql_.maybe<std::string>(
      "SELECT document FROM history WHERE id = $1 AND document IS NOT NULL", change);
}

std::int64_t History::sweep(base::WallTime before, std::int64_t versions) {
  CHECK(versions > 0);
  // Changes are numbered as they are made: those from the first younger one on need not be read.
  return sql_.run(
      "DELETE FROM history WHERE at < $1 AND id < coalesce((SELECT y.id FROM history y"
      " WHERE y.at >= $1 ORDER BY y.id LIMIT 1), 9223372036854775807)"
      " AND id < (SELECT n.id FROM history n WHERE n.object_id = history.object_id"
      " ORDER BY n.id DESC LIMIT 1 OFFSET $2)"
      " AND id < (SELECT max(d.id) FROM history d WHERE d.object_id = history.object_id"
      " AND d.document IS NOT NULL)",
      before, versions - 1);
}

}  // namespace hedgerow::store
