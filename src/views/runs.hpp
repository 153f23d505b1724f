// What people may see of runs, and of what each changed in the record. How it is written down is
// left to the faces.
#pragma once

#include "model/actor.hpp"
#include "store/snapshot.hpp"

namespace hedgerow::views {

// Of a queued run.
struct Waiting {
  std::optional<model::RunId> for_run;  // The run of this fabric that goes first.
  std::optional<std::int64_t> place;    // 1 is the next that a worker takes.
};

struct RunView {
  model::Run run;
  Waiting waiting;
};

// Throws Failure{NotFound}.
[[nodiscard]] RunView run(const store::Snapshot& seen, const model::Actor& actor, model::RunId id);

[[nodiscard]] store::Paged<model::Run> runs(const store::Snapshot& seen, const model::Actor& actor,
                                            std::optional<model::FabricId> fabric,
                                            const store::Page& page);

[[nodiscard]] store::Paged<model::Change> changes(const store::Snapshot& seen,
                                                  const model::Actor& actor, model::RunId id,
                                                  std::optional<model::ChangeKind> only,
                                                  const store::Page& page);

}  // namespace hedgerow::views
