#include "store/kinds.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

// What two clocks that both go right may differ by, rounding included.
constexpr base::Milliseconds kSteps{1'000};

// When that was, seen from now: an hour ago by the ticks is an hour ago, although the wall clock,
// set back meanwhile, says that it was just now. Ticks of before the machine started say nothing.
base::WallTime corrected(base::WallTime as_of, std::int64_t tick, const sql::Scope& sql) {
  if (tick > sql.tick()) return as_of;
  const base::WallTime by_ticks = sql.now() - base::Milliseconds{sql.tick() - tick};
  return as_of - by_ticks > kSteps ? by_ticks : as_of;
}

}  // namespace

std::vector<model::KindState> Kinds::of(model::FabricId fabric) const {
  const auto present = [&](std::int64_t kind) {
    const std::array values{sql::value_of(fabric), sql::value_of(kind)};
    return sql_.count_with(
        "SELECT count(*) FROM objects WHERE fabric_id = $1 AND kind_id = $2 AND removed IS NULL"
        " AND out_of_scope IS NULL",
        values);
  };
  return sql_.list(
      "SELECT k.group_name, k.kind, k.version, k.plural, k.namespaced, k.coverage, k.as_of,"
      " k.read_by, k.read_tick, k.resource_version, k.rewound, k.code, k.detail, k.remedy, k.id"
      " FROM kinds k WHERE k.fabric_id = $1 ORDER BY k.group_name, k.kind",
      [&](const sql::Row& row) {
        model::KindState state;
        model::Kind& kind = state.kind;
        std::optional<std::int64_t> tick;
        std::int64_t id = 0;
        sql::read(row, kind.group, kind.kind, kind.version, kind.plural, kind.namespaced,
                  state.coverage, state.as_of, state.read_by, tick, state.resource_version,
                  state.rewound, state.code, state.detail, state.remedy, id);
        if (state.as_of && tick) state.as_of = corrected(*state.as_of, *tick, sql_);
        state.objects = present(id);
        return state;
      },
      fabric);
}

void Kinds::discovered(model::FabricId fabric, std::span<const model::Kind> kinds) {
  std::map<KindName, model::Kind> known;
  for (model::KindState& state : of(fabric))
    known.emplace(KindName{state.kind.group, state.kind.kind}, std::move(state.kind));
  for (const model::Kind& kind : kinds) {
    const auto found = known.find({kind.group, kind.kind});
    if (found == known.end()) {
      sql_.run(
          "INSERT INTO kinds (fabric_id, group_name, kind, version, plural, namespaced)"
          " VALUES ($1, $2, $3, $4, $5, $6)",
          fabric, kind.group, kind.kind, kind.version, kind.plural, kind.namespaced);
      continue;
    }
    const model::Kind& before = found->second;
    if (before.version == kind.version && before.plural == kind.plural &&
        before.namespaced == kind.namespaced)
      continue;
    sql_.run(
        "UPDATE kinds SET version = $4, plural = $5, namespaced = $6"
        " WHERE fabric_id = $1 AND group_name = $2 AND kind = $3",
        fabric, kind.group, kind.kind, kind.version, kind.plural, kind.namespaced);
  }
}

void Kinds::set_coverage(model::FabricId fabric, const KindName& kind,
                         const KindCoverage& coverage) {
  sql_.run(
      "UPDATE kinds SET coverage = $4, code = $5, detail = $6, remedy = $7"
      " WHERE fabric_id = $1 AND group_name = $2 AND kind = $3"
      " AND (coverage <> $4 OR code IS DISTINCT FROM $5 OR detail <> $6 OR remedy <> $7)",
      fabric, kind.group, kind.kind, coverage.coverage, coverage.code, coverage.detail,
      coverage.remedy);
}

void Kinds::mark_complete(model::FabricId fabric, const KindName& kind, const KindProof& proof) {
  sql_.run(
      "UPDATE kinds SET as_of = $4, resource_version = $5, read_by = $6, read_tick = $7"
      " WHERE fabric_id = $1 AND group_name = $2 AND kind = $3",
      fabric, kind.group, kind.kind, proof.as_of, proof.resource_version, proof.by,
      proof.tick.count());
}

void Kinds::mark_rewound(model::FabricId fabric, const KindName& kind, base::WallTime at) {
  sql_.run(
      "UPDATE kinds SET rewound = $4"
      " WHERE fabric_id = $1 AND group_name = $2 AND kind = $3 AND rewound IS NULL",
      fabric, kind.group, kind.kind, at);
}

void Kinds::forget_versions(model::FabricId fabric) {
  sql_.run("UPDATE kinds SET resource_version = '', rewound = NULL WHERE fabric_id = $1", fabric);
}

}  // namespace hedgerow::store
