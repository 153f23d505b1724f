// The threads that carry out runs: some for everything but tests, some for tests, and one that
// watches over them. What a run does is its handler's business; leases are the Keeper's.
//
//   queued ─claim─► handler ─► ended (the last transaction: also, counts, outcome, changes)
//                └ cancel, pause, deletion, changed connection, shutdown: stop ─► ended cancelled
//                └ nothing moves for a minute ─► ended failed by the watch, the thread is replaced
#pragma once

#include "jobs/handler.hpp"
#include "jobs/settings.hpp"

namespace hedgerow::jobs {

class Workers {
 public:
  // Neither is copied; both must outlive it. `replica` is the name that the Keeper holds leases in.
  Workers(store::Database& database, const base::Clock& clock, const Settings& settings,
          std::string replica, Handlers handlers);
  // Calls stop(); ends the process when a handler never returns, since what its thread uses would
  // be gone.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void start();
  // Stops what runs: each run ends cancelled (shutdown), and is queued again as a new one when it
  // only reads. False when a handler did not return in time; then nothing that it uses may be
  // destroyed.
  bool stop();

  class Crew;

 private:
  std::unique_ptr<Crew> crew_;
};

}  // namespace hedgerow::jobs
