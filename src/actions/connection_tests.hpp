// Climbs the ladder of a connection that belongs to no fabric yet. Its credentials live in memory
// only, for as long as the climb; what each rung measured is stored as it comes.
#pragma once

#include "actions/fabrics.hpp"
#include "base/guarded.hpp"
#include "reconcile/ladder.hpp"

namespace hedgerow::actions {

class ConnectionTests {
 public:
  static constexpr std::size_t kThreads = 2;
  static constexpr std::size_t kWaitingMost = 16;

  ConnectionTests(const Deps& deps, const kube::Settings& settings, base::Random& random);
  ~ConnectionTests();
  ConnectionTests(const ConnectionTests&) = delete;
  ConnectionTests& operator=(const ConnectionTests&) = delete;

  // Ends what an earlier process left unfinished, then begins to work.
  void start();
  // Stops climbs under way; they end as cancelled.
  void stop();

  // Throws Failure{Forbidden}, Failure{Unavailable} when too many wait, and what checked() throws.
  [[nodiscard]] model::ConnectionTestId begin(const model::Actor& actor, ConnectionRequest request);

  // Waits for the next test at most a second and climbs it.
  void step(const std::stop_token& stop);

 private:
  struct Waiting {
    model::ConnectionTestId id;
    CheckedConnection checked;
  };
  void climb(const Waiting& test, const std::stop_token& stop);
  // What was measured so far, for whoever looks on; false when it could not be written.
  [[nodiscard]] bool put(model::ConnectionTestId id,
                         std::span<const store::MeasuredRung> rungs) noexcept;
  // Tries until it is written or the server stops: whoever waits for the end must hear of it.
  void end(model::ConnectionTestId id, model::Outcome outcome,
           std::span<const store::MeasuredRung> rungs, const std::stop_token& stop);

  Deps deps_;
  kube::Settings settings_;
  base::Random& random_;
  base::Guarded<std::deque<Waiting>> waiting_;
  std::vector<std::jthread> threads_;  // Last, so that they end before anything they use is gone.
};

}  // namespace hedgerow::actions
