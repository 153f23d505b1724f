#include "store/connection_tests.hpp"

#include "store/json.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

ConnectionTest test_of(const sql::Row& row) {
  ConnectionTest test;
  std::string_view contexts;
  std::string_view rungs;
  sql::read(row, test.id, test.actor, test.server, contexts, test.state, test.outcome, rungs,
            test.created, test.revision);
  json::read(contexts, test.contexts);
  json::read(rungs, test.rungs);
  return test;
}

}  // namespace

ConnectionTest ConnectionTests::get(model::ConnectionTestId id) const {
  auto test = sql_.first(
      "SELECT id, actor_id, server, contexts, state, outcome, rungs, created, revision"
      " FROM connection_tests WHERE id = $1",
      test_of, id);
  if (!test) sql::missing("connection test", id.value);
  return std::move(*test);
}

model::ConnectionTestId ConnectionTests::create(model::UserId actor, std::string_view server,
                                                std::span<const std::string> contexts) {
  return sql_.one<model::ConnectionTestId>(
      "INSERT INTO connection_tests (actor_id, server, contexts, created) VALUES ($1, $2, $3, $4)"
      " RETURNING id",
      actor, server, json::text_of(contexts), sql_.now());
}

bool ConnectionTests::put(model::ConnectionTestId id, std::span<const MeasuredRung> rungs) {
  return sql_.run(
             "UPDATE connection_tests SET state = 'running', rungs = $2"
             " WHERE id = $1 AND state <> 'ended'",
             id, json::text_of(rungs)) == 1;
}

bool ConnectionTests::end(model::ConnectionTestId id, model::Outcome outcome,
                          std::span<const MeasuredRung> rungs) {
  return sql_.run(
             "UPDATE connection_tests SET state = 'ended', outcome = $2, rungs = $3"
             " WHERE id = $1 AND state <> 'ended'",
             id, outcome, json::text_of(rungs)) == 1;
}

std::int64_t ConnectionTests::end_all_unfinished() {
  return sql_.run(
      "UPDATE connection_tests SET state = 'ended', outcome = 'lost', revision = revision + 1"
      " WHERE state <> 'ended'");
}

std::int64_t ConnectionTests::sweep(base::WallTime before) {
  return sql_.run("DELETE FROM connection_tests WHERE created < $1", before);
}

}  // namespace hedgerow::store
