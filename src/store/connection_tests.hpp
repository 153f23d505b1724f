// Tests of a connection that belongs to no fabric yet: what each rung of the ladder measured, for
// the page that waits for it. The credentials that are tested are never stored.
#pragma once

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

struct MeasuredRung {
  model::Rung rung{};
  model::RungState state = model::RungState::NotReached;
  std::optional<base::Milliseconds> took;
  std::string evidence;
  std::optional<base::Code> code;
  std::string detail;
  std::string next;
  std::string remedy;
};

struct ConnectionTest {
  model::ConnectionTestId id;
  model::UserId actor;
  std::string server;
  std::vector<std::string> contexts;  // Of the kubeconfig, to choose from.
  model::RunState state = model::RunState::Queued;
  std::optional<model::Outcome> outcome;
  std::vector<MeasuredRung> rungs;
  base::WallTime created;
  std::int64_t revision = 0;
};

class ConnectionTests {
 public:
  explicit ConnectionTests(sql::Scope& sql) : sql_{sql} {}

  // Throws Failure{NotFound, Missing}.
  [[nodiscard]] ConnectionTest get(model::ConnectionTestId id) const;

  // Queued, with nothing measured.
  model::ConnectionTestId create(model::UserId actor, std::string_view server,
                                 std::span<const std::string> contexts);
  // Running, with what was measured so far. False when it has ended.
  bool put(model::ConnectionTestId id, std::span<const MeasuredRung> rungs);
  bool end(model::ConnectionTestId id, model::Outcome outcome, std::span<const MeasuredRung> rungs);
  // At the start of the serving process: what an earlier one left unfinished is lost.
  std::int64_t end_all_unfinished();
  std::int64_t sweep(base::WallTime before);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
