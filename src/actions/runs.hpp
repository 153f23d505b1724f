// Starting, joining and cancelling runs: permission, one transaction, one announcement. Carrying a
// run out is the business of jobs and of the handler of its operation.
#pragma once

#include "actions/fabrics.hpp"
#include "model/lost_click.hpp"

namespace hedgerow::actions {

// What the page says of a click; all of it is for the trace, none of it decides.
struct Click {
  std::optional<base::WallTime> clicked_at;
  std::string page_version;
  std::string tab;
  std::int64_t tries = 1;
  bool csrf_refreshed = false;
};

// What the face proved before it came here: layers 1 to 5 of the trace.
struct Passage {
  std::optional<Click> click;  // Nothing: no page was involved.
  base::WallTime received;
  std::string signed_in;  // "password, since 14:02"
  base::WallTime session_ends;
};

struct RunRequest {
  model::FabricId fabric;
  model::Operation operation = model::Operation::Pull;
  bool follow_up = false;  // One more after the running one, instead of joining it.
  std::string reason;
  Passage passage;
};

struct StartedRun {
  model::RunId run;
  bool joined = false;
  bool replayed = false;
};

// Starts a run, joins the one that covers it, or replays what a key seen before made. Throws
// Failure{NotFound}, Failure{Forbidden}, Failure{NotConfigured}, Failure{Paused} or
// Failure{Quarantined}, Failure{KeyReused}.
[[nodiscard]] StartedRun start_run(const Deps& deps, const model::Actor& actor,
                                   const RunRequest& request, const Keyed& keyed);

// Notes a click of the actor's that never arrived, once. One that has arrived after all is left
// alone, and so is one of which that is not known any more. Throws Failure{NotFound},
// Failure{Forbidden}. `route` is that of start_run() for its fabric.
void tell_lost_click(const Deps& deps, const model::Actor& actor, model::LostClick click,
                     const std::string& route);

// A queued run ends at once, a running one is asked to stop. Asking again changes nothing.
// Throws Failure{NotFound}, Failure{Forbidden}.
void cancel_run(const Deps& deps, const model::Actor& actor, model::RunId id);

}  // namespace hedgerow::actions
