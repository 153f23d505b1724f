#include "views/runs.hpp"

namespace hedgerow::views {

RunView run(const store::Snapshot& seen, const model::Actor& actor, model::RunId id) {
  RunView view{.run = seen.runs().get(id), .waiting = {}};
  model::require(actor, model::Permission::FabricView, view.run.fabric_name);
  if (view.run.state != model::RunState::Queued || !view.run.fabric) return view;
  view.waiting.place = seen.runs().queued_before(view.run) + 1;
  const auto working = seen.runs().working_on(*view.run.fabric);
  if (working && working->id != id) view.waiting.for_run = working->id;
  return view;
}

store::Paged<model::Run> runs(const store::Snapshot& seen, const model::Actor& actor,
                              std::optional<model::FabricId> fabric, const store::Page& page) {
  if (!fabric) {
    model::require(actor, model::Permission::FabricView, "");
    return seen.runs().page(page);
  }
  model::require(actor, model::Permission::FabricView, seen.fabrics().get(*fabric).name);
  return seen.runs().page_of(*fabric, page);
}

store::Paged<model::Change> changes(const store::Snapshot& seen, const model::Actor& actor,
                                    model::RunId id, std::optional<model::ChangeKind> only,
                                    const store::Page& page) {
  (void)run(seen, actor, id);
  return seen.history().of_run(id, only, page);
}

}  // namespace hedgerow::views
