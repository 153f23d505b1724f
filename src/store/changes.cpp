#include "store/changes.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

// Where the revision of a topic's resources stands. The list of fabrics has one row, numbered 0 for
// the world.
struct Place {
  std::string_view table;
  std::string_view column;
  std::string_view key;
};

Place place_of(model::Topic topic) {
  switch (topic) {
    case model::Topic::Fabric: return {"fabrics", "revision", "id"};
    case model::Topic::Run: return {"runs", "revision", "id"};
    case model::Topic::Fabrics: return {"instance", "fabrics_revision", "only_row - 1"};
    case model::Topic::ConnectionTest: return {"connection_tests", "revision", "id"};
  }
  CHECK(false);
}

}  // namespace

std::vector<Changed> Changes::revisions(std::span<const Subject> subjects) const {
  std::vector<Changed> found;
  for (const Subject& subject : subjects) {
    const Place place = place_of(subject.topic);
    const auto revision = sql_.maybe(
        fmt::format("SELECT {} FROM {} WHERE {} = $1", place.column, place.table, place.key),
        subject.id);
    found.push_back({subject, revision.value_or(0)});
  }
  return found;
}

Feed Changes::after(const Position& position, std::size_t most) const {
  Feed feed;
  feed.next = position;
  const Position latest = end();
  const auto swept = sql_.one("SELECT feed_swept FROM instance");
  if (position.sequence < swept || position.sequence > latest.sequence) {
    feed.gap = true;
    feed.next = latest;
    return feed;
  }
  sql_.each(
      "SELECT sequence, topic, subject, revision FROM changes WHERE sequence > $1"
      " ORDER BY sequence LIMIT $2",
      [&](const sql::Row& row) {
        Changed& changed = feed.changes.emplace_back();
        sql::read(row, feed.next.sequence, changed.subject.topic, changed.subject.id,
                  changed.revision);
      },
      position.sequence, static_cast<std::int64_t>(most));
  return feed;
}

Position Changes::end() const {
  return {.transaction = 0,
          .sequence = sql_.one("SELECT coalesce((SELECT max(sequence) FROM changes), feed_swept)"
                               " FROM instance")};
}

std::int64_t Changes::append(model::Topic topic, std::int64_t id) {
  const Place place = place_of(topic);
  const auto revision =
      sql_.maybe(fmt::format("UPDATE {0} SET {1} = {1} + 1 WHERE {2} = $1 RETURNING {1}",
                             place.table, place.column, place.key),
                 id)
          .value_or(0);
  sql_.run("INSERT INTO changes (topic, subject, revision, at) VALUES ($1, $2, $3, $4)", topic, id,
           revision, sql_.now());
  return revision;
}

void Changes::probe() { sql_.run("UPDATE instance SET probes = probes + 1"); }

std::int64_t Changes::sweep(base::WallTime before, std::int64_t most) {
  const std::int64_t last_by_number = end().sequence - most;
  // What is older stands first, but a clock that was set back must not keep everything behind it.
  const std::int64_t last_by_age =
      sql_.one("SELECT coalesce(max(sequence), 0) FROM changes WHERE at < $1", before);
  const std::int64_t last = std::max(last_by_number, last_by_age);
  sql_.run("UPDATE instance SET feed_swept = $1 WHERE feed_swept < $1", last);
  return sql_.run("DELETE FROM changes WHERE sequence <= $1", last);
}

}  // namespace hedgerow::store
