#include "views/fabrics.hpp"

namespace hedgerow::views {

namespace {

constexpr std::int64_t kRecentRuns = 10;
constexpr std::int64_t kLostClicks = 5;

// The newest end stands for what is running or queued now, unless only a test works.
void fill_last_run(FabricView& view, const std::optional<model::Run>& ended) {
  const model::Run* run = nullptr;
  if (view.working && view.working->operation != model::Operation::Test)
    run = &*view.working;
  else if (ended)
    run = &*ended;
  if (!run) return;
  view.last_run = model::last_run_state(*run);
  view.last_run_id = run->id;
  view.last_run_as_of = run->ended ? run->ended : run->started ? run->started : run->created;
}

model::ReachFact reach_of(const FabricView& view) {
  if (!view.fabric.cluster) return {.state = model::Reach::NotSetUp};
  const bool testing = std::any_of(view.recent.begin(), view.recent.end(), [](const auto& run) {
    return run.operation == model::Operation::Test && run.state == model::RunState::Running;
  });
  model::ReachFact reach = view.fabric.reach;
  if (testing) reach.state = model::Reach::Checking;
  return reach;
}

FabricView view_of(const store::Snapshot& seen, model::Fabric fabric, const Instant& at) {
  FabricView view;
  const model::FabricId id = fabric.id;
  view.fabric = std::move(fabric);
  view.kinds = seen.kinds().of(id);
  view.rewound = model::rewound_since(view.kinds);
  view.recent = seen.runs().latest_of(id, kRecentRuns);
  view.lost_clicks = seen.lost_clicks().latest_of(id, kLostClicks);
  view.working = seen.runs().working_on(id);
  auto ended = seen.runs().last_ended(id);
  fill_last_run(view, ended);
  view.reach = reach_of(view);

  model::Facts facts;
  facts.has_cluster = view.fabric.cluster.has_value();
  facts.pause = view.fabric.pause;
  // While a test measures anew, the headline keeps what was measured last.
  facts.reach = view.fabric.reach;
  facts.reading = model::reading_of(view.kinds);
  facts.match = model::match_of(facts.reading, facts.declared);
  facts.last_run = std::move(ended);
  facts.fresh_for = at.fresh_for;
  view.match = facts.match;
  if (facts.reading.kinds > 0 && facts.reading.as_of) view.objects = facts.reading.objects;
  view.headline = model::headline(facts, at.now);
  return view;
}

// What wants a person's eyes first.
int urgency(model::HeadlineState state) noexcept {
  using enum model::HeadlineState;
  switch (state) {
    case Failing: return 0;
    case CannotTell: return 1;
    case Differs: return 2;
    case NotMeasured: return 3;
    case NotSetUp: return 4;
    case Paused: return 5;
    case DeclaredOnly: return 6;
    case Read: return 7;
    case InSync: return 8;
  }
  return 9;
}

}  // namespace

FabricView fabric(const store::Snapshot& seen, const model::Actor& actor, model::FabricId id,
                  const Instant& at) {
  model::Fabric row = seen.fabrics().get(id);
  model::require(actor, model::Permission::FabricView, row.name);
  return view_of(seen, std::move(row), at);
}

store::Paged<FabricView> fabrics(const store::Snapshot& seen, const model::Actor& actor,
                                 const FabricQuery& query, const Instant& at) {
  model::require(actor, model::Permission::FabricView, "");
  const auto by = query.order == FabricOrder::NameDescending ? store::FabricOrder::NameDescending
                                                             : store::FabricOrder::Name;
  // A headline is computed, never stored, so the worst can only be found by computing all of them.
  const bool whole = query.order == FabricOrder::WorstFirst;
  const store::Page wanted =
      whole ? store::Page{.limit = std::numeric_limits<std::int32_t>::max(), .offset = 0}
            : query.page;
  auto rows = seen.fabrics().page(query.q, by, wanted);
  store::Paged<FabricView> result;
  result.count = rows.count;
  for (auto& row : rows.rows) result.rows.push_back(view_of(seen, std::move(row), at));
  if (!whole) return result;
  const auto rank = [](const FabricView& view) {
    return std::tuple{urgency(view.headline.state), view.fabric.name, view.fabric.id};
  };
  std::sort(result.rows.begin(), result.rows.end(),
            [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  const auto size = static_cast<std::int64_t>(result.rows.size());
  const auto first = std::min(query.page.offset, size);
  const auto last = std::min(first + query.page.limit, size);
  std::vector<FabricView> cut(std::make_move_iterator(result.rows.begin() + first),
                              std::make_move_iterator(result.rows.begin() + last));
  result.rows = std::move(cut);
  return result;
}

}  // namespace hedgerow::views
