#include "model/verdict.hpp"

namespace hedgerow::model {

namespace {

Verdict of_absent(const Sides& seen) {
  if (!seen.observed) return seen.agreed ? Verdict::RemovedInCluster : Verdict::NeverThere;
  return seen.agreed ? Verdict::RemovalWanted : Verdict::Foreign;
}

}  // namespace

Verdict judge(const Sides& seen) {
  if (seen.authority == Authority::Cluster) return Verdict::Watched;
  // A half-read world proves nothing: a missing object may only be unread. What nobody reads is not
  // known either.
  if (!seen.complete || seen.authority == Authority::Ignored) return Verdict::Unknown;
  if (!seen.desired || !seen.observed) return of_absent(seen);
  if (seen.differing.empty()) return Verdict::InSync;
  if (!seen.agreed) return Verdict::NeverAgreed;
  // Only fields that differ now say who moved: a controller's write to a field nobody asked for
  // moves nothing.
  const auto moved = [&](auto side) {
    return std::any_of(seen.differing.begin(), seen.differing.end(),
                       [&](const Difference& d) { return d.*side != d.agreed; });
  };
  const bool desired_moved = moved(&Difference::desired);
  const bool cluster_moved = moved(&Difference::observed);
  if (desired_moved && cluster_moved) return Verdict::Conflict;
  if (desired_moved) return Verdict::DesiredAhead;
  if (cluster_moved) return Verdict::ClusterAhead;
  return Verdict::RulesChanged;  // Same documents, other rules: an ignore rule went, or a
                                 // normaliser changed.
}

}  // namespace hedgerow::model
