// One execution of one operation on one fabric: what started it, what it counted, its nine layers,
// its one outcome. An ended run never changes; another try is a new run with retry_of.
#pragma once

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "model/actor.hpp"

namespace hedgerow::model {

struct Counts {
  std::int64_t created = 0;
  std::int64_t changed = 0;
  std::int64_t unchanged = 0;
  std::int64_t removed = 0;
  std::int64_t skipped = 0;
  std::int64_t failed = 0;

  friend bool operator==(const Counts&, const Counts&) = default;
  Counts& operator+=(const Counts& more) noexcept;
};

inline constexpr int kLayers = 9;

struct TraceLayer {
  LayerState state = LayerState::NotReached;
  std::optional<base::WallTime> started;
  std::optional<base::Milliseconds> took;
  std::string evidence;
};

// Layer n stands at [n - 1].
struct Trace {
  std::array<TraceLayer, kLayers> layers;

  [[nodiscard]] TraceLayer& at(int layer) { return layers.at(static_cast<std::size_t>(layer - 1)); }
  [[nodiscard]] const TraceLayer& at(int layer) const {
    return layers.at(static_cast<std::size_t>(layer - 1));
  }
};

// The name of a layer in a trace: "Kubernetes, Git, database".
[[nodiscard]] std::string_view layer_name(int layer) noexcept;

// What a run read of one kind.
struct KindRead {
  std::string group;
  std::string kind;
  LayerState state = LayerState::NotReached;
  std::int64_t listed = 0;
  int pages = 0;
  int tries = 0;  // The most that one of its requests took.
  base::Milliseconds took{0};
  std::optional<base::Code> code;
  std::string detail;
  std::string remedy;
};

// How a run ended.
struct Ending {
  Outcome outcome = Outcome::Succeeded;
  std::optional<base::Code> code;
  std::string detail;  // The sentence of what happened; empty when it succeeded.
  std::string next;
};

//   queued ──► running ──► ended: succeeded | partly | failed | cancelled | lost
//      └─────────────────────► (cancelled, no_worker)
struct Run {
  RunId id;
  std::optional<FabricId> fabric;
  std::string fabric_name;
  Operation operation = Operation::Pull;
  Trigger trigger = Trigger::Manual;
  UserId actor;
  std::string actor_name;
  RunState state = RunState::Queued;
  std::optional<Ending> ending;
  std::int64_t epoch = 0;  // Of the ownership it runs under; 0 while queued.
  base::WallTime created;
  std::optional<base::WallTime> started;
  std::optional<base::WallTime> ended;
  std::optional<base::WallTime> progress_at;
  std::optional<RunId> retry_of;
  std::string cancel_requested_by;  // Empty when nobody asked.
  Counts counts;
  std::vector<KindRead> kinds;
  Trace trace;
  std::int64_t revision = 0;
};

[[nodiscard]] LastRun last_run_state(const Run& run) noexcept;

// Whether a run of `operation` only reads, so that a lost one may be started again by itself.
[[nodiscard]] bool only_reads(Operation operation) noexcept;

// The ending that a failure of the whole run gives, by the catalogue.
[[nodiscard]] Ending ending_of(const base::Failure& failure);

// The ending of a pull from what it read: succeeded only when every kind in scope was read
// completely, failed when none was, else partly with the first kind's reason. `kinds` without any
// is no_kinds.
[[nodiscard]] Ending ending_of(std::span<const KindRead> kinds);

// In words: what happened, in numbers, and what it means for the record.
[[nodiscard]] std::string summary_of(const Run& run);

// What people call an operation: "Sync from Fabric".
[[nodiscard]] std::string_view title_of(Operation operation) noexcept;

}  // namespace hedgerow::model
