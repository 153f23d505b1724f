#include "store/runs.hpp"

#include "store/json.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

constexpr std::string_view kRunColumns =
    "id, fabric_id, fabric_name, operation, trigger, actor_id, actor_name, state, outcome, code,"
    " detail, next, epoch, created, started, ended, progress_at, retry_of, cancel_by, "
    "created_count,"
    " changed_count, unchanged_count, removed_count, skipped_count, failed_count, kinds, trace,"
    " revision";

model::Run run_of(const sql::Row& row) {
  model::Run run;
  std::optional<model::Outcome> outcome;
  model::Ending ending;
  model::Counts& counts = run.counts;
  std::string_view kinds;
  std::string_view trace;
  sql::read(row, run.id, run.fabric, run.fabric_name, run.operation, run.trigger, run.actor,
            run.actor_name, run.state, outcome, ending.code, ending.detail, ending.next, run.epoch,
            run.created, run.started, run.ended, run.progress_at, run.retry_of,
            run.cancel_requested_by, counts.created, counts.changed, counts.unchanged,
            counts.removed, counts.skipped, counts.failed, kinds, trace, run.revision);
  json::read(kinds, run.kinds);
  json::read(trace, run.trace);
  if (outcome) {
    ending.outcome = *outcome;
    run.ending = std::move(ending);
  }
  return run;
}

// All statements on what has not ended say so in these words: they are those of the index.
constexpr std::string_view kOpen = "state <> 'ended'";

std::string select(std::string_view rest) {
  return fmt::format("SELECT {} FROM runs WHERE {}", kRunColumns, rest);
}
std::string select_open(std::string_view rest) {
  return fmt::format("SELECT {} FROM runs WHERE {} AND {}", kRunColumns, kOpen, rest);
}

// Whether the run of this alias repeats a lost one.
std::string repeats_lost(std::string_view run) {
  return fmt::format(
      "({0}.retry_of IS NOT NULL AND EXISTS (SELECT 1 FROM runs lost"
      " WHERE lost.id = {0}.retry_of AND lost.outcome = 'lost'))",
      run);
}

constexpr std::string_view kSetProgress =
    "created_count = $3, changed_count = $4, unchanged_count = $5, removed_count = $6,"
    " skipped_count = $7, failed_count = $8, kinds = $9, trace = $10";

}  // namespace

model::Run Runs::get(model::RunId id) const {
  auto run = find(id);
  if (!run) sql::missing("run", id.value);
  return std::move(*run);
}

std::optional<model::Run> Runs::find(model::RunId id) const {
  return sql_.first(select("id = $1"), run_of, id);
}

std::optional<model::Run> Runs::find_queued(model::FabricId fabric, model::Operation operation,
                                            std::string_view scope) const {
  return sql_.first(select_open("state = 'queued' AND fabric_id = $1 AND operation = $2"
                                " AND scope IN ('', $3) ORDER BY id"),
                    run_of, fabric, operation, scope);
}

std::optional<model::Run> Runs::find_running(model::FabricId fabric, model::Operation operation,
                                             std::string_view scope) const {
  return sql_.first(select_open("state = 'running' AND fabric_id = $1 AND operation = $2"
                                " AND scope IN ('', $3) ORDER BY id"),
                    run_of, fabric, operation, scope);
}

std::int64_t Runs::queued_before(const model::Run& run) const {
  return sql_.one(fmt::format("SELECT count(*) FROM runs WHERE {} AND state = 'queued' AND id < $1"
                              " AND (operation = 'test') = $2",
                              kOpen),
                  run.id, run.operation == model::Operation::Test);
}

std::vector<model::Run> Runs::latest_of(model::FabricId fabric, std::int64_t most) const {
  return sql_.list(select("fabric_id = $1 ORDER BY id DESC LIMIT $2"), run_of, fabric, most);
}

Paged<model::Run> Runs::page_of(model::FabricId fabric, const Page& page) const {
  return {sql_.list(select("fabric_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3"), run_of, fabric,
                    page.limit, page.offset),
          sql_.one("SELECT count(*) FROM runs WHERE fabric_id = $1", fabric)};
}

Paged<model::Run> Runs::page(const Page& page) const {
  return {sql_.list(select("id > 0 ORDER BY id DESC LIMIT $1 OFFSET $2"), run_of, page.limit,
                    page.offset),
          sql_.one("SELECT count(*) FROM runs")};
}

std::optional<model::Run> Runs::working_on(model::FabricId fabric) const {
  return sql_.first(
      select_open("fabric_id = $1 AND operation <> 'test'"
                  " ORDER BY CASE state WHEN 'running' THEN 0 ELSE 1 END, id LIMIT 1"),
      run_of, fabric);
}

std::optional<model::Run> Runs::last_ended(model::FabricId fabric) const {
  return sql_.first(select("fabric_id = $1 AND state = 'ended' AND operation <> 'test'"
                           " ORDER BY ended_rank DESC LIMIT 1"),
                    run_of, fabric);
}

std::vector<model::Run> Runs::queued() const {
  return sql_.list(select_open("state = 'queued' ORDER BY id"), run_of);
}

std::vector<model::Run> Runs::running() const {
  return sql_.list(select_open("state = 'running' ORDER BY id"), run_of);
}

std::vector<model::Run> Runs::open_of(model::FabricId fabric) const {
  return sql_.list(select_open("fabric_id = $1 ORDER BY id"), run_of, fabric);
}

std::vector<model::Run> Runs::orphaned() const {
  return sql_.list(select_open("state = 'running' AND NOT EXISTS (SELECT 1 FROM ownership o"
                               " WHERE o.fabric_id = runs.fabric_id AND o.epoch = runs.epoch"
                               " AND o.replica <> '' AND o.expires_tick > $1) ORDER BY id"),
                   run_of, sql_.tick());
}

std::vector<model::Run> Runs::stalled(base::Milliseconds longer_than) const {
  return sql_.list(select_open("state = 'running' AND progress_tick < $1 ORDER BY id"), run_of,
                   sql_.tick() - longer_than.count());
}

std::vector<model::Run> Runs::waiting(base::Milliseconds longer_than) const {
  return sql_.list(select_open("state = 'queued' AND queued_tick < $1 ORDER BY id"), run_of,
                   sql_.tick() - longer_than.count());
}

std::int64_t Runs::lost_in_a_row(model::FabricId fabric) const {
  return sql_.one(
      "SELECT count(*) FROM runs WHERE fabric_id = $1 AND state = 'ended' AND operation <> 'test'"
      " AND ended_rank > coalesce((SELECT max(x.ended_rank) FROM runs x WHERE x.fabric_id = $1"
      " AND x.state = 'ended' AND x.operation <> 'test' AND x.outcome <> 'lost'), 0)",
      fabric);
}

model::RunId Runs::enqueue(const RunOrder& order) {
  const auto id = sql_.maybe<model::RunId>(
      "INSERT INTO runs (fabric_id, fabric_name, operation, scope, trigger, actor_id, actor_name,"
      " reason, created, queued_tick, retry_of, trace)"
      " SELECT id, name, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM fabrics WHERE id = $1"
      " RETURNING id",
      order.fabric, order.operation, order.scope, order.trigger, order.actor, order.actor_name,
      order.reason, sql_.now(), sql_.tick(), order.retry_of, json::text_of(order.trace));
  if (!id) sql::missing("fabric", order.fabric.value);
  return *id;
}

std::optional<model::Run> Runs::claim(const Claim& claim) {
  const std::string kind =
      claim.tests ? "r.operation = 'test'"
                  : fmt::format(
                        "r.operation <> 'test' AND f.paused_since IS NULL"
                        " AND NOT EXISTS (SELECT 1 FROM runs x WHERE x.fabric_id = r.fabric_id"
                        " AND x.state = 'running' AND x.operation <> 'test')"
                        " AND NOT ({} AND EXISTS (SELECT 1 FROM runs y WHERE y.{} AND"
                        " y.state = 'running' AND y.operation <> 'test' AND {}))",
                        repeats_lost("r"), kOpen, repeats_lost("y"));
  const std::string_view reach =
      claim.unreachable_fabrics ? ""
                                : " AND f.reach NOT IN ('unreachable', 'refused', 'untrusted')";
  const auto statement = fmt::format(
      "UPDATE runs SET state = 'running', started = $2, progress_at = $2, progress_tick = $3,"
      " epoch = (SELECT epoch FROM ownership o WHERE o.fabric_id = runs.fabric_id) WHERE id = ("
      "SELECT r.id FROM runs r JOIN ownership o ON o.fabric_id = r.fabric_id"
      " JOIN fabrics f ON f.id = r.fabric_id"
      " WHERE r.{} AND r.state = 'queued' AND o.replica = $1 AND o.expires_tick > $3"
      " AND {}{} ORDER BY r.id LIMIT 1) RETURNING {}",
      kOpen, kind, reach, kRunColumns);
  return sql_.first(statement, run_of, claim.replica, sql_.now(), sql_.tick());
}

bool Runs::progress(model::RunId id, const Progress& progress) {
  const model::Counts& counts = progress.counts;
  return sql_.run(fmt::format("UPDATE runs SET progress_at = $2, {}, progress_tick = $11"
                              " WHERE id = $1 AND state = 'running'",
                              kSetProgress),
                  id, sql_.now(), counts.created, counts.changed, counts.unchanged, counts.removed,
                  counts.skipped, counts.failed, json::text_of(progress.kinds),
                  json::text_of(progress.trace), sql_.tick()) == 1;
}

bool Runs::beat(model::RunId id) {
  return sql_.run(
             "UPDATE runs SET progress_at = $2, progress_tick = $3"
             " WHERE id = $1 AND state = 'running'",
             id, sql_.now(), sql_.tick()) == 1;
}

bool Runs::end(model::RunId id, const model::Ending& ending, const std::optional<Progress>& last) {
  if (last) {
    const model::Counts& counts = last->counts;
    sql_.run(fmt::format("UPDATE runs SET progress_at = $2, {} WHERE id = $1 AND {}", kSetProgress,
                         kOpen),
             id, sql_.now(), counts.created, counts.changed, counts.unchanged, counts.removed,
             counts.skipped, counts.failed, json::text_of(last->kinds), json::text_of(last->trace));
  }
  const auto statement = fmt::format(
      "UPDATE runs SET state = 'ended', outcome = $2, code = $3, detail = $4, next = $5, ended = "
      "$6,"
      " ended_rank = (SELECT coalesce(max(x.ended_rank), 0) + 1 FROM runs x"
      " WHERE x.fabric_id = runs.fabric_id AND x.state = 'ended') WHERE id = $1 AND {}",
      kOpen);
  return sql_.run(statement, id, ending.outcome, ending.code, ending.detail, ending.next,
                  sql_.now()) == 1;
}

bool Runs::request_cancel(model::RunId id, std::string_view by) {
  CHECK(!by.empty());
  return sql_.run(
             "UPDATE runs SET cancel_by = $2 WHERE id = $1 AND state <> 'ended' AND cancel_by = ''",
             id, by) == 1;
}

std::int64_t Runs::sweep(base::WallTime before, std::int64_t most) {
  return sql_.run(
      "DELETE FROM runs WHERE id IN (SELECT r.id FROM runs r WHERE r.state = 'ended'"
      " AND r.ended < $1 AND (r.fabric_id IS NULL OR r.ended_rank <"
      " (SELECT max(x.ended_rank) FROM runs x WHERE x.fabric_id = r.fabric_id"
      " AND x.state = 'ended' AND x.operation = r.operation)) LIMIT $2)",
      before, most);
}

}  // namespace hedgerow::store
