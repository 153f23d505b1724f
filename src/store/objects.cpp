#include "store/objects.hpp"

#include "base/text.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

constexpr std::string_view kObjectColumns =
    "o.id, o.fabric_id, k.group_name, k.kind, o.namespace, o.name, o.version, o.uid,"
    " o.resource_version, o.digest, o.raw_hash, o.deleting, o.first_seen, o.changed, o.removed,"
    " o.out_of_scope";

model::Object object_of(const sql::Row& row) {
  model::Object object;
  model::Identity& identity = object.identity;
  model::Observed& observed = object.observed;
  sql::read(row, object.id, object.fabric, identity.group, identity.kind, identity.name_space,
            identity.name, observed.version, observed.uid, observed.resource_version,
            observed.digest, observed.raw_hash, observed.deleting, object.first_seen,
            object.changed, object.removed, object.out_of_scope);
  return object;
}

// The plus hides from SQLite that the two are then the same for all rows: it would not see any more
// that an index in which they stand gives the order, and sort.
std::string_view presence_term(model::Presence presence) {
  switch (presence) {
    case model::Presence::Present: return " AND +o.removed IS NULL AND +o.out_of_scope IS NULL";
    case model::Presence::OutOfScope: return " AND o.out_of_scope IS NOT NULL";
    case model::Presence::Removed: return " AND o.removed IS NOT NULL";
    case model::Presence::Any: return "";
  }
  return "";
}

// Nothing where the filter names kinds and the fabric has none of them.
std::optional<std::vector<std::int64_t>> kind_ids(sql::Scope& sql, model::FabricId fabric,
                                                  std::span<const KindName> wanted) {
  std::vector<std::int64_t> ids;
  sql.each(
      "SELECT id, group_name, kind FROM kinds WHERE fabric_id = $1",
      [&](const sql::Row& row) {
        const std::string_view group = row.text(1);
        const std::string_view kind = row.text(2);
        if (std::ranges::any_of(wanted, [&](const KindName& name) {
              return name.kind == kind && (name.group.empty() || name.group == group);
            }))
          ids.push_back(row.integer(0));
      },
      fabric);
  if (ids.empty()) return std::nullopt;
  return ids;
}

// Where no kind and no namespace of the fabric has what is looked for, names are all that need be
// looked at, and these an index has.
std::vector<std::int64_t> kinds_like(sql::Scope& sql, model::FabricId fabric,
                                     const std::string& pattern) {
  std::vector<std::int64_t> ids;
  sql.each(
      "SELECT id FROM kinds WHERE fabric_id = $1 AND lower(kind) LIKE $2 ESCAPE '\\'",
      [&](const sql::Row& row) { ids.push_back(row.integer(0)); }, fabric, pattern);
  return ids;
}
// Of each namespace only the first object is read.
bool is_in_a_namespace(sql::Scope& sql, model::FabricId fabric, const std::string& pattern) {
  return sql.one(
             "WITH RECURSIVE spaces (name) AS (SELECT min(namespace) FROM objects"
             " WHERE fabric_id = $1 UNION ALL SELECT (SELECT min(o.namespace) FROM objects o"
             " WHERE o.fabric_id = $1 AND o.namespace > spaces.name) FROM spaces"
             " WHERE spaces.name IS NOT NULL)"
             " SELECT count(*) FROM spaces WHERE name LIKE $2 ESCAPE '\\'",
             fabric, pattern) > 0;
}

// So few are quicker found by what the filter asks for, and put into order, than met on a walk
// through all in that order.
constexpr std::int64_t kFew = 2'000;

std::string_view column_of(ObjectColumn by) {
  switch (by) {
    case ObjectColumn::Name: return "o.name";
    case ObjectColumn::Kind: return "k.kind";
    case ObjectColumn::Namespace: return "o.namespace";
    case ObjectColumn::Changed: return "o.changed";
  }
  return "";
}

// As the indexes have it: of equals those that are there come first. Among few by what no index
// has.
std::string order_by(const ObjectOrder& order, bool few) {
  const std::string_view column = column_of(order.by);
  std::vector<std::string> terms;
  if (few)
    terms.push_back(
        fmt::format("{} {}", column, order.by == ObjectColumn::Changed ? "+ 0" : "|| ''"));
  terms.emplace_back(column);
  if (order.by == ObjectColumn::Kind) terms.emplace_back("k.group_name");
  terms.insert(terms.end(), {"o.removed", "o.out_of_scope", "o.id"});
  const std::string_view direction = order.descending ? " DESC" : " ASC";
  return fmt::format("{}{}", fmt::join(terms, fmt::format("{}, ", direction)), direction);
}

// The planner follows the order in which a CROSS JOIN names its tables: the one first whose index
// gives the order.
std::string_view tables_for(const ObjectOrder& order, bool few) {
  return order.by == ObjectColumn::Kind && !few ? "kinds k CROSS JOIN objects o"
                                                : "objects o CROSS JOIN kinds k";
}

// The terms of a list beside the fabric, $1. Nothing where nothing can match. Names and namespaces
// have no capitals (RFC 1123), so they are compared as they are.
std::optional<std::string> terms_of(sql::Scope& sql, model::FabricId fabric,
                                    const ObjectFilter& filter, sql::Values& values,
                                    std::deque<std::string>& patterns) {
  std::string terms{presence_term(filter.presence)};
  if (!filter.kinds.empty()) {
    const auto ids = kind_ids(sql, fabric, filter.kinds);
    if (!ids) return std::nullopt;
    terms += fmt::format(" AND o.kind_id IN ({})", values.add_all(*ids));
  }
  if (!filter.namespaces.empty())
    terms += fmt::format(" AND o.namespace IN ({})", values.add_all(filter.namespaces));
  if (!filter.name_part.empty()) {
    const auto place = values.add(patterns.emplace_back(sql::containing(filter.name_part)));
    terms += fmt::format(" AND o.name LIKE {} ESCAPE '\\'", place);
  }
  if (!filter.q.empty()) {
    const std::string& pattern = patterns.emplace_back(sql::containing(filter.q));
    const auto place = values.add(pattern);
    terms += fmt::format(" AND (o.name LIKE {} ESCAPE '\\'", place);
    if (is_in_a_namespace(sql, fabric, pattern))
      terms += fmt::format(" OR o.namespace LIKE {} ESCAPE '\\'", place);
    if (const auto kinds = kinds_like(sql, fabric, pattern); !kinds.empty())
      terms += fmt::format(" OR o.kind_id IN ({})", values.add_all(kinds));
    terms += ")";
  }
  return terms;
}

}  // namespace

model::Object Objects::get(model::ObjectId id) const {
  auto object = sql_.first(
      fmt::format("SELECT {} FROM objects o JOIN kinds k ON k.id = o.kind_id WHERE o.id = $1",
                  kObjectColumns),
      object_of, id);
  if (!object) sql::missing("object", id.value);
  object->observed.document = sql_.one<std::string>(
      "SELECT document FROM history WHERE object_id = $1 AND document IS NOT NULL"
      " ORDER BY id DESC LIMIT 1",
      id);
  return std::move(*object);
}

Paged<model::Object> Objects::page(model::FabricId fabric, const ObjectFilter& filter,
                                   const ObjectOrder& order, const Page& page) const {
  Paged<model::Object> paged;
  sql::Values values;
  values.add(fabric);
  std::deque<std::string> patterns;  // What `values` views; a deque does not move them.
  const auto terms = terms_of(sql_, fabric, filter, values, patterns);
  if (!terms) return paged;
  paged.count = sql_.count_with(
      fmt::format("SELECT count(*) FROM objects o WHERE o.fabric_id = $1{}", *terms), values.all());
  if (paged.count <= page.offset) return paged;
  const bool few = paged.count <= kFew;
  const auto limit = values.add(page.limit);
  const auto offset = values.add(page.offset);
  sql_.run_with(fmt::format("SELECT {} FROM {} WHERE o.fabric_id = $1 AND k.fabric_id = $1"
                            " AND k.id = o.kind_id{} ORDER BY {} LIMIT {} OFFSET {}",
                            kObjectColumns, tables_for(order, few), *terms, order_by(order, few),
                            limit, offset),
                values.all(), [&](const sql::Row& row) { paged.rows.push_back(object_of(row)); });
  return paged;
}

std::int64_t Objects::count(model::FabricId fabric) const {
  return sql_.one(
      "SELECT count(*) FROM objects WHERE fabric_id = $1 AND removed IS NULL"
      " AND out_of_scope IS NULL",
      fabric);
}

void Objects::known(model::FabricId fabric, const KindName& kind, std::string_view name_space,
                    const std::function<void(const Known&)>& each) const {
  const auto take = [&](const sql::Row& row) {
    Known known;
    sql::read(row, known.id, known.name_space, known.name, known.uid, known.resource_version,
              known.raw_hash, known.digest, known.removed, known.out_of_scope);
    each(known);
  };
  constexpr std::string_view kOfKind =
      "SELECT id, namespace, name, uid, resource_version, raw_hash, digest, removed IS NOT NULL,"
      " out_of_scope IS NOT NULL FROM objects WHERE kind_id = (SELECT id FROM kinds WHERE"
      " fabric_id = $1 AND group_name = $2 AND kind = $3){} ORDER BY namespace, name";
  if (name_space.empty())
    sql_.each(fmt::format(kOfKind, ""), take, fabric, kind.group, kind.kind);
  else
    sql_.each(fmt::format(kOfKind, " AND namespace = $4"), take, fabric, kind.group, kind.kind,
              name_space);
}

void Objects::leave_scope(model::FabricId fabric, std::span<const std::string> namespaces) {
  if (namespaces.empty()) return;
  sql::Values values;
  values.add(fabric);
  const std::string scope = values.add_all(namespaces);
  // A run that did not come to its end may have seen it after the last complete list.
  sql_.run_with(
      fmt::format("UPDATE objects SET out_of_scope = (SELECT CASE WHEN k.as_of > objects.changed"
                  " THEN k.as_of ELSE objects.changed END FROM kinds k WHERE k.id = kind_id)"
                  " WHERE fabric_id = $1 AND removed IS NULL AND out_of_scope IS NULL"
                  " AND namespace <> '' AND namespace NOT IN ({})",
                  scope),
      values.all(), {});
}

void Objects::forget_versions(model::FabricId fabric) {
  sql_.run("UPDATE objects SET resource_version = '' WHERE fabric_id = $1", fabric);
}

}  // namespace hedgerow::store
