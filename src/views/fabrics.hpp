// What people may see of fabrics: one snapshot of facts, the computed headline and recent runs, so
// that no two parts of a page can contradict each other. How it is written down is left to the
// faces.
#pragma once

#include "model/headline.hpp"
#include "store/snapshot.hpp"

namespace hedgerow::views {

struct FabricView {
  model::Fabric fabric;
  model::ReachFact reach;
  model::MatchFact match;
  model::LastRun last_run = model::LastRun::NoneYet;
  std::optional<base::WallTime> last_run_as_of;
  std::optional<model::RunId> last_run_id;
  model::Headline headline;
  std::optional<model::Run> working;          // Running or queued; an overlay beside the headline.
  std::vector<model::Run> recent;             // Latest first.
  std::vector<model::LostClick> lost_clicks;  // Latest first.
  std::vector<model::KindState> kinds;        // By group and kind.
  std::optional<std::int64_t> objects;        // Nothing while nothing was ever read.
  // Since when kinds are frozen because the cluster went back, until somebody confirms that.
  std::optional<base::WallTime> rewound;
};

// How the instant and the limit of freshness enter: both decide the headline.
struct Instant {
  base::WallTime now;
  base::Milliseconds fresh_for;
};

// Throws Failure{NotFound} also for what the actor may not see.
[[nodiscard]] FabricView fabric(const store::Snapshot& seen, const model::Actor& actor,
                                model::FabricId id, const Instant& at);

enum class FabricOrder : std::uint8_t { WorstFirst, Name, NameDescending };

struct FabricQuery {
  std::string q;
  FabricOrder order = FabricOrder::WorstFirst;
  store::Page page;
};

[[nodiscard]] store::Paged<FabricView> fabrics(const store::Snapshot& seen,
                                               const model::Actor& actor, const FabricQuery& query,
                                               const Instant& at);

}  // namespace hedgerow::views
