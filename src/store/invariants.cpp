#include "store/invariants.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

struct Rule {
  std::string_view number;
  std::string_view breaches;  // One text a row.
};

// Those that rows can show. Of the others, some the tables themselves forbid (one running run, one
// end), some are about time or about the cluster. Of what was made before a recovery that lost rows
// of the audit, nobody need be on record.
constexpr std::array kRules{
    Rule{"I4",
         "SELECT 'Run ' || r.id || ' runs, and nothing says who owns its fabric.' FROM runs r"
         " WHERE r.state = 'running' AND NOT EXISTS (SELECT 1 FROM ownership o"
         " WHERE o.fabric_id = r.fabric_id)"},
    Rule{"I5",
         "SELECT 'Run ' || r.id || ' runs under epoch ' || r.epoch || ' of its fabric, which is at "
         "' "
         "|| o.epoch || '.' FROM runs r JOIN ownership o ON o.fabric_id = r.fabric_id"
         " WHERE r.state = 'running' AND r.epoch > o.epoch"},
    Rule{"I6",
         "SELECT 'A request key names run ' || made_id || ', which there never was.'"
         " FROM request_keys WHERE made = 'run' AND made_id > (SELECT coalesce(max(id), 0) FROM "
         "runs)"},
    Rule{"I7",
         "SELECT 'Object ' || o.id || ' stands in the record, and its history ends with ' ||"
         " coalesce(h.change, 'nothing') || '.' FROM objects o LEFT JOIN history h"
         " ON h.id = (SELECT max(n.id) FROM history n WHERE n.object_id = o.id)"
         " WHERE o.removed IS NULL AND coalesce(h.change, 'removed') = 'removed'"},
    Rule{"I7",
         "SELECT 'Object ' || o.id || ' is removed, and its history ends with ' ||"
         " coalesce(h.change, 'nothing') || '.' FROM objects o LEFT JOIN history h"
         " ON h.id = (SELECT max(n.id) FROM history n WHERE n.object_id = o.id)"
         " WHERE o.removed IS NOT NULL AND coalesce(h.change, '') <> 'removed'"},
    Rule{"I7",
         "SELECT 'Run ' || r.id || ' counts ' || (r.created_count + r.changed_count +"
         " r.removed_count) || ' changes, and the history has ' || count(*) || ' of it.'"
         " FROM runs r JOIN history h ON h.run_id = r.id WHERE r.state = 'ended' GROUP BY r.id"
         " HAVING count(*) > r.created_count + r.changed_count + r.removed_count"},
    Rule{"I7",
         "SELECT 'Fabric ' || f.id || ' and its stored token do not agree on whether there is one.'"
         " FROM fabrics f WHERE f.has_token <> (SELECT count(*) FROM credentials c"
         " WHERE c.fabric_id = f.id AND c.which = 'token')"},
    Rule{"I10",
         "SELECT n.what FROM"
         " (SELECT 'Nobody is on record for making fabric ' || f.id || '.' AS what, f.created"
         " FROM fabrics f WHERE NOT EXISTS (SELECT 1 FROM audit a WHERE a.action = 'fabric.create'"
         " AND a.subject_kind = 'fabric' AND a.subject = f.id)"
         " UNION ALL SELECT 'Nobody is on record for making user ' || u.id || '.', u.created"
         " FROM users u WHERE NOT EXISTS (SELECT 1 FROM audit a WHERE a.action = 'user.create'"
         " AND a.subject_kind = 'user' AND a.subject = u.id)"
         " UNION ALL SELECT 'Nobody is on record for starting run ' || r.id || '.', r.created"
         " FROM runs r WHERE r.retry_of IS NULL AND r.trigger = 'manual' AND NOT EXISTS"
         " (SELECT 1 FROM audit a WHERE a.run_id = r.id AND a.action IN ('run.start', 'run.join')))"
         " n WHERE NOT EXISTS (SELECT 1 FROM audit l WHERE l.action = 'audit.lost'"
         " AND l.at >= n.created)"},
    Rule{"I14",
         "SELECT 'Object ' || o.id || ' has uid ' || o.uid || ', and its history ends with ' || "
         "h.uid"
         " || '.' FROM objects o JOIN history h ON h.id = (SELECT max(n.id) FROM history n"
         " WHERE n.object_id = o.id) WHERE o.removed IS NULL AND h.uid <> o.uid"},
    Rule{"I15",
         "SELECT 'Object ' || o.id || ' of fabric ' || o.fabric_id || ' is of a kind of fabric ' ||"
         " k.fabric_id || '.' FROM objects o JOIN kinds k ON k.id = o.kind_id"
         " WHERE k.fabric_id <> o.fabric_id"},
    Rule{"I19",
         "SELECT 'Ids of ' || l.table_name || ' were given out up to ' || l.last_id || ', and "
         "there is"
         " one beyond.' FROM last_ids l WHERE l.last_id < CASE l.table_name"
         " WHEN 'objects' THEN (SELECT coalesce(max(id), 0) FROM objects)"
         " ELSE (SELECT coalesce(max(id), 0) FROM history) END"},
    Rule{"I29",
         "SELECT 'Revision ' || max(c.revision) || ' of run ' || r.id || ' was announced, and it "
         "is at '"
         " || r.revision || '.' FROM changes c JOIN runs r ON r.id = c.subject AND c.topic = 'run'"
         " GROUP BY r.id HAVING max(c.revision) > r.revision"},
    Rule{"I29",
         "SELECT 'Revision ' || max(c.revision) || ' of fabric ' || f.id || ' was announced, and "
         "it is"
         " at ' || f.revision || '.' FROM changes c JOIN fabrics f ON f.id = c.subject"
         " AND c.topic = 'fabric' GROUP BY f.id HAVING max(c.revision) > f.revision"},
};

}  // namespace

std::vector<Breach> Invariants::breaches(std::int64_t most) const {
  std::vector<Breach> found;
  for (const Rule& rule : kRules) {
    const auto limited = fmt::format("SELECT * FROM ({}) found LIMIT $1", rule.breaches);
    sql_.each(
        limited,
        [&](const sql::Row& row) {
          found.push_back({std::string{rule.number}, std::string{row.text(0)}});
        },
        most);
  }
  return found;
}

Sizes Invariants::sizes() const {
  return {.fabrics = sql_.one("SELECT count(*) FROM fabrics"),
          .objects = sql_.one("SELECT count(*) FROM objects"),
          .runs = sql_.one("SELECT count(*) FROM runs")};
}

std::size_t Invariants::rules() noexcept { return kRules.size(); }

}  // namespace hedgerow::store
