// How a run ends in the record, whoever ends it: its worker, the watch over the workers, the Keeper
// for one whose worker is gone, or somebody's act. For this room and for actions.
#pragma once

#include "jobs/handler.hpp"

namespace hedgerow::jobs {

struct Closing {
  model::Ending ending;
  // What there is to say of its work; absent takes what stands in the row.
  std::optional<store::Progress> last;
  std::function<void(store::Txn&)> also;
};

// Ends a running run under its epoch, together with `also`; the first end stays, and then nothing
// of `closing` is written and the answer is false. A run that was stopped because the server shuts
// down or the fabric's settings changed is queued again when it only reads. Throws as
// Txn::require_epoch() does.
bool close(store::Txn& txn, const model::Run& run, const Closing& closing);

// Ends a run without a worker; its epoch need not hold any more. False when it had ended.
bool close_abandoned(store::Txn& txn, const model::Run& run, const model::Ending& ending);

// Ends all that is queued or running of a fabric that is about to go; their workers find nothing to
// end any more.
void close_all_of(store::Txn& txn, model::FabricId fabric, const model::Ending& ending);

// A new run that does what this one did not finish; one that is queued already is enough.
void queue_again(store::Txn& txn, const model::Run& run);

// The run and its fabric look different now.
void announce(store::Txn& txn, const model::Run& run);

// What a trace says once its run has ended: the layer of the code is where it broke, and nothing is
// still running.
[[nodiscard]] model::Trace settled(model::Trace trace, const model::Ending& ending);

// For a run that did not come to its own end: kinds that it was reading are so in part.
[[nodiscard]] store::Progress left(const model::Run& run, const model::Ending& ending);

}  // namespace hedgerow::jobs
