#include "store/invariants.hpp"

#include "model/object.hpp"
#include "model/run.hpp"
#include "store/json.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

struct Rule {
  std::string_view number;
  std::string_view breaches;  // One text a row.
};

// Those that rows can show. Of the others, some the tables themselves forbid (one running run, one
// end), some are about time or about the cluster. Of what was made before a recovery that lost rows
// of the audit, nobody need be on record, and a recovered copy has neither owners nor, where rows
// of them were lost, objects.
constexpr std::array kRules{
    Rule{"I4",
         "SELECT 'Run ' || r.id || ' runs, and nothing says who owns its fabric.' FROM runs r"
         " WHERE r.state = 'running' AND NOT EXISTS (SELECT 1 FROM ownership o"
         " WHERE o.fabric_id = r.fabric_id AND (o.replica <> '' OR EXISTS (SELECT 1 FROM audit l"
         " WHERE l.action = 'database.recover' AND l.at >= r.created)))"},
    // Told by the owner's own signs of life, since all may be long ago: it went on without its
    // lease and without a step of the run. Nothing may run so for longer than 20 s.
    Rule{"I4",
         "SELECT 'Run ' || r.id || ' runs without progress, and the lease of who owns its fabric"
         " has ended ' || ((b.tick - o.expires_tick) / 1000) || ' s before its last sign of life.'"
         " FROM runs r JOIN ownership o ON o.fabric_id = r.fabric_id"
         " JOIN (SELECT replica, max(beat_tick) AS tick FROM workers GROUP BY replica) b"
         " ON b.replica = o.replica WHERE r.state = 'running' AND o.expires_tick < b.tick - 20000"
         " AND coalesce(r.progress_tick, 0) < b.tick - 20000"},
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
    // The latest change of an object is never forgotten, so of a run after which nothing changed
    // all stand there, but where an object may have changed twice in it.
    Rule{"I7",
         "SELECT 'Run ' || r.id || ' counts ' || r.counted || ' changes, and the history has ' ||"
         " r.kept || ' of it.' FROM (SELECT s.id, s.created,"
         " s.created_count + s.changed_count + s.removed_count AS counted,"
         " (SELECT count(*) FROM history h WHERE h.run_id = s.id) AS kept,"
         " (SELECT count(*) FROM history h JOIN objects o ON o.id = h.object_id"
         " WHERE h.run_id = s.id AND ((h.change = 'created' AND o.first_seen < h.at)"
         " OR (h.change <> 'created' AND o.first_seen >= s.started))) AS twice"
         " FROM runs s LEFT JOIN (SELECT o.fabric_id, max(l.run_id) AS run FROM history l"
         " JOIN objects o ON o.id = l.object_id GROUP BY o.fabric_id) m"
         " ON m.fabric_id = s.fabric_id WHERE s.fabric_id IS NOT NULL AND s.state = 'ended'"
         " AND s.operation = 'pull' AND s.id >= coalesce(m.run, 0)) r"
         " WHERE r.kept < r.counted - r.twice AND NOT EXISTS (SELECT 1 FROM audit l"
         " WHERE l.action = 'database.recover' AND l.at >= r.created)"},
    // What a run counted is what is there until the next one; only a narrower scope may hide some.
    // One object that changed twice in the run was counted twice.
    Rule{"I7",
         "SELECT 'Run ' || r.id || ' read ' || r.counted || ' objects of fabric ' || r.fabric_id ||"
         " ', and the record has ' || r.present || '.' FROM (SELECT s.id, s.fabric_id, s.created,"
         " s.created_count + s.changed_count + s.unchanged_count AS counted,"
         " (SELECT count(*) FROM objects o WHERE o.fabric_id = s.fabric_id"
         " AND o.removed IS NULL AND o.out_of_scope IS NULL) AS present,"
         " (SELECT count(*) FROM objects o WHERE o.fabric_id = s.fabric_id"
         " AND o.out_of_scope IS NOT NULL) AS hidden,"
         " (SELECT count(*) - count(DISTINCT h.object_id) FROM history h"
         " WHERE h.run_id = s.id) AS twice"
         " FROM runs s WHERE s.id = (SELECT max(x.id) FROM runs x WHERE x.fabric_id = s.fabric_id"
         " AND x.operation <> 'test') AND s.operation = 'pull' AND s.outcome = 'succeeded'"
         " AND s.skipped_count = 0 AND s.failed_count = 0) r"
         " WHERE (r.present > r.counted OR r.present + r.hidden + r.twice < r.counted)"
         " AND NOT EXISTS (SELECT 1 FROM audit l WHERE l.action = 'database.recover'"
         " AND l.at >= r.created)"},
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

// Breaches that take more than a statement to find, at most so many of each rule.
class Findings {
 public:
  explicit Findings(std::int64_t most) : most_{most} {}

  void add(std::string_view rule, std::string what) {
    if (++times_[rule] <= most_) found_.push_back({std::string{rule}, std::move(what)});
  }
  [[nodiscard]] std::vector<Breach> take() { return std::move(found_); }

 private:
  const std::int64_t most_;
  std::map<std::string_view, std::int64_t> times_;
  std::vector<Breach> found_;
};

// One row of the history, with what its object is now.
struct Event {
  std::int64_t object = 0;
  std::int64_t fabric = 0;
  std::int64_t id = 0;
  model::ChangeKind change = model::ChangeKind::Created;
  std::string resource_version;
  std::string document;  // Empty for a removal.
  base::Digest digest;   // These two are the object's.
  std::string object_version;
};

Event event_of(const sql::Row& row) {
  Event event;
  std::optional<std::string> document;
  sql::read(row, event.object, event.fabric, event.id, event.change, event.resource_version,
            document, event.digest, event.object_version);
  event.document = std::move(document).value_or("");
  return event;
}

bool says(std::string_view document, const base::Digest& digest) {
  try {
    return base::content_digest(document) == digest;
  } catch (const base::Failure&) {
    return false;
  }
}

// Goes through the changes of one object after the other.
class Past {
 public:
  Past(sql::Scope& sql, Findings& findings) : sql_{sql}, findings_{findings} {}

  void judge() {
    // What somebody confirmed, another cluster or an older state, may have lower versions.
    sql_.each(
        "SELECT DISTINCT subject FROM audit WHERE subject_kind = 'fabric'"
        " AND action IN ('fabric.edit', 'fabric.accept_rewind')",
        [this](const sql::Row& row) { forgotten_.insert(row.integer(0)); });
    const bool lost = sql_.one("SELECT count(*) FROM audit WHERE action = 'audit.lost'") > 0;
    sql_.each(
        "SELECT h.object_id, o.fabric_id, h.id, h.change, h.resource_version, h.document, o.digest,"
        " o.resource_version FROM history h JOIN objects o ON o.id = h.object_id"
        " ORDER BY h.object_id, h.id",
        [&](const sql::Row& row) { take(event_of(row), lost); });
    end();
  }

 private:
  void take(Event now, bool lost) {
    if (!last_ || last_->object != now.object) {
      end();
      document_.clear();
      ordered_ = !lost && !forgotten_.contains(now.fabric);
    } else {
      if (now.change == model::ChangeKind::Changed && now.document == last_->document)
        findings_.add(
            "I11", fmt::format("Change {} of object {}, by which it is the same as before.", now.id,
                               now.object));
      if (ordered_ && model::is_older(now.resource_version, last_->resource_version))
        findings_.add("I13", fmt::format("Object {} went back from version {} to {}.", now.object,
                                         last_->resource_version, now.resource_version));
    }
    if (!now.document.empty()) document_ = now.document;
    last_ = std::move(now);
  }

  // An object is what its last document says, and no older than the last of its changes.
  void end() {
    if (!last_) return;
    if (!says(document_, last_->digest))
      findings_.add("I7",
                    fmt::format("Object {} is not what its history ends with.", last_->object));
    if (ordered_ && model::is_older(last_->object_version, last_->resource_version))
      findings_.add("I13",
                    fmt::format("Object {} is at version {}, and its history ends with {}.",
                                last_->object, last_->object_version, last_->resource_version));
  }

  sql::Scope& sql_;
  Findings& findings_;
  std::set<std::int64_t> forgotten_;  // Fabrics whose versions were.
  std::optional<Event> last_;
  std::string document_;  // The last that the object had.
  bool ordered_ = false;
};

// I2: what was read completely lacks no kind.
void judge_readings(sql::Scope& sql, Findings& findings) {
  std::vector<model::KindRead> kinds;
  sql.each("SELECT id, kinds FROM runs WHERE operation = 'pull' AND outcome = 'succeeded'",
           [&](const sql::Row& row) {
             json::read(row.text(1), kinds);
             for (const model::KindRead& kind : kinds)
               if (kind.state != model::LayerState::Passed)
                 findings.add("I2", fmt::format("Run {} succeeded without {}.{}.", row.integer(0),
                                                kind.kind, kind.group));
           });
}

// I2, I7, I11, I13.
constexpr std::size_t kRulesInSteps = 4;

}  // namespace

std::vector<Breach> Invariants::breaches(std::int64_t most) const {
  Findings findings{most};
  judge_readings(sql_, findings);
  Past{sql_, findings}.judge();
  std::vector<Breach> found = findings.take();
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

std::size_t Invariants::rules() noexcept { return kRules.size() + kRulesInSteps; }

}  // namespace hedgerow::store
