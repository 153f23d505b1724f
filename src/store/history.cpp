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

model::ChangeId History::sweep(const Old& old, model::ChangeId after, std::int64_t most) {
  CHECK(old.versions > 0);
  struct Chunk {
    model::ChangeId last;
    std::int64_t old = 0;
  };
  const auto chunk = sql_.first(
      "SELECT coalesce(max(id), 0), count(*) FILTER (WHERE at < $3)"
      " FROM (SELECT id, at FROM history WHERE id > $1 ORDER BY id LIMIT $2)",
      [](const sql::Row& row) {
        Chunk found;
        sql::read(row, found.last, found.old);
        return found;
      },
      after, most, old.before);
  // Changes are numbered as they are made: where none is old any more, the rest need not be read.
  if (!chunk || chunk->old == 0) return {};
  sql_.run(
      "DELETE FROM history WHERE id > $1 AND id <= $2 AND at < $3"
      " AND id < (SELECT n.id FROM history n WHERE n.object_id = history.object_id"
      " ORDER BY n.id DESC LIMIT 1 OFFSET $4)"
      " AND id < (SELECT max(d.id) FROM history d WHERE d.object_id = history.object_id"
      " AND d.document IS NOT NULL)",
      after, chunk->last, old.before, old.versions - 1);
  return chunk->last;
}

}  // namespace hedgerow::store
