// Runs. The row is the queue entry: at most one run of a fabric is running (tests apart), at most
// one of each operation and scope is queued; the database refuses anything else. What a run does is
// not known here.
#pragma once

#include "model/run.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

struct RunOrder {
  model::FabricId fabric;
  model::Operation operation = model::Operation::Pull;
  std::string scope;  // Empty is everything; equal texts are equal scopes.
  model::Trigger trigger = model::Trigger::Manual;
  model::UserId actor;
  std::string actor_name;
  std::string reason;
  std::optional<model::RunId> retry_of;
  model::Trace trace;  // What is known of the layers before the queue.
};

// Which queued run a worker would take.
struct Claim {
  std::string replica;              // Only fabrics whose unexpired lease is this replica's.
  bool tests = false;               // Tests only, or everything but tests.
  bool unreachable_fabrics = true;  // Also fabrics whose last call failed.
};

struct Progress {
  model::Counts counts;
  std::vector<model::KindRead> kinds;
  model::Trace trace;
};

class Runs {
 public:
  explicit Runs(sql::Scope& sql) : sql_{sql} {}

  // Throws Failure{NotFound, Missing}.
  [[nodiscard]] model::Run get(model::RunId id) const;
  [[nodiscard]] std::optional<model::Run> find(model::RunId id) const;
  // The run whose scope covers the asked one: the same text, or everything.
  [[nodiscard]] std::optional<model::Run> find_queued(model::FabricId fabric,
                                                      model::Operation operation,
                                                      std::string_view scope) const;
  [[nodiscard]] std::optional<model::Run> find_running(model::FabricId fabric,
                                                       model::Operation operation,
                                                       std::string_view scope) const;
  // How many queued runs were there before it of those that the same workers take.
  [[nodiscard]] std::int64_t queued_before(const model::Run& run) const;
  // Newest first.
  [[nodiscard]] std::vector<model::Run> latest_of(model::FabricId fabric, std::int64_t most) const;
  [[nodiscard]] Paged<model::Run> page_of(model::FabricId fabric, const Page& page) const;
  [[nodiscard]] Paged<model::Run> page(const Page& page) const;
  // The run that is running, tests apart; else the oldest queued one.
  [[nodiscard]] std::optional<model::Run> working_on(model::FabricId fabric) const;
  // The latest ended run that is no test.
  [[nodiscard]] std::optional<model::Run> last_ended(model::FabricId fabric) const;
  [[nodiscard]] std::vector<model::Run> queued() const;
  [[nodiscard]] std::vector<model::Run> running() const;
  // Queued or running.
  [[nodiscard]] std::vector<model::Run> open_of(model::FabricId fabric) const;
  // Running, but the lease of their epoch is over or somebody else's.
  [[nodiscard]] std::vector<model::Run> orphaned() const;
  // Running, and nothing has moved for longer than this.
  [[nodiscard]] std::vector<model::Run> stalled(base::Milliseconds longer_than) const;
  // Queued for longer than this.
  [[nodiscard]] std::vector<model::Run> waiting(base::Milliseconds longer_than) const;
  // How many of the fabric's latest ended runs, tests apart, are lost in a row.
  [[nodiscard]] std::int64_t lost_in_a_row(model::FabricId fabric) const;

  // No run of that operation and scope may be queued: find_queued() in the same transaction.
  model::RunId enqueue(const RunOrder& order);
  // Takes the oldest run that may start: queued, owned, its fabric not paused and without a running
  // run (tests are started on paused and on busy fabrics too). It is running under the lease's
  // epoch then. Of the runs that repeat a lost one only one goes at a time: whichever of them takes
  // the process down is alone with the blame.
  std::optional<model::Run> claim(const Claim& claim);
  // Something has moved. False when the run is not running any more: its handler must stop.
  bool progress(model::RunId id, const Progress& progress);
  // Something has moved, but there is nothing new to say.
  bool beat(model::RunId id);
  // From queued or running. False when it had ended already: the first end stays. `last` is what
  // there is to say of its work; absent leaves what was said.
  bool end(model::RunId id, const model::Ending& ending, const std::optional<Progress>& last);
  // False when it has ended, or somebody asked before.
  bool request_cancel(model::RunId id, std::string_view by);
  // Removes runs that ended before then, at most so many; each fabric's latest ended run of each
  // operation stays, as long as the fabric does.
  std::int64_t sweep(base::WallTime before, std::int64_t most);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
