// What people may see of kinds, objects and their history. Reading is paged in the database;
// verdicts are computed here.
#pragma once

#include "model/actor.hpp"
#include "model/verdict.hpp"
#include "store/snapshot.hpp"

namespace hedgerow::views {

struct ObjectView {
  model::Object object;
  std::string fabric_name;
  model::Authority decides = model::Authority::Cluster;
  model::Verdict verdict = model::Verdict::Watched;
  // When the cluster was last proven to have it so: its kind's last complete list, the last one
  // before it went out of scope, or its own removal.
  std::optional<base::WallTime> as_of;
};

struct ObjectQuery {
  store::ObjectFilter filter;
  store::ObjectOrder order;
  store::Page page;
};

[[nodiscard]] std::vector<model::KindState> kinds(const store::Snapshot& seen,
                                                  const model::Actor& actor,
                                                  model::FabricId fabric);

[[nodiscard]] store::Paged<ObjectView> objects(const store::Snapshot& seen,
                                               const model::Actor& actor, model::FabricId fabric,
                                               const ObjectQuery& query);

// With its document. Throws Failure{NotFound}.
[[nodiscard]] ObjectView object(const store::Snapshot& seen, const model::Actor& actor,
                                model::ObjectId id);

[[nodiscard]] store::Paged<model::Change> history(const store::Snapshot& seen,
                                                  const model::Actor& actor, model::ObjectId id,
                                                  const store::Page& page);

}  // namespace hedgerow::views
