// What a run is for this room: an operation with a handler that somebody else registered. A handler
// is given the run as it was claimed, does the work, and says how it ended; which layers of a trace
// mean what, and what the counts count, is its own business.
#pragma once

#include "model/run.hpp"
#include "store/database.hpp"

namespace hedgerow::jobs {

struct Result {
  model::Run run;  // Counts, kinds and trace as the work left them.
  model::Ending ending;
  // Written in the transaction that ends the run, so that both facts change at once; may be empty.
  // It may run again, as every function that is given to Database::write().
  std::function<void(store::Txn&)> also;
};

// Runs in a worker's thread. Returns soon after a stop, by whatever it throws then. A failure that
// it throws ends the run with that code; anything else it throws is a defect and ends it with
// internal_fault.
using Handler = std::function<Result(const model::Run& claimed, const std::stop_token& stop)>;
using Handlers = std::map<model::Operation, Handler>;

}  // namespace hedgerow::jobs
