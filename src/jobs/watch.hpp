// The watch over the workers: rings for them when something is queued, stops what shall not go on,
// ends what does not move, and gives the workers' sign of life. For this room only.
#pragma once

#include "jobs/desk.hpp"

namespace hedgerow::jobs {

class Watch {
 public:
  struct Sign {
    std::size_t worker = 0;
    bool for_tests = false;
  };
  // Of the workers that are alive.
  using Alive = std::function<std::vector<Sign>()>;
  // That worker hangs: note where it stands, and put another one in its place.
  using Replace = std::function<void(std::size_t worker)>;

  Watch(Desk& desk, Alive alive, Replace replace);

  void start();
  void stop();
  // One turn: waits for a change, at most a second, then does all that follows.
  void step(const std::stop_token& stop);

  // The parts of a turn.
  void look();
  void settle();
  void end_stalled();
  void beat();

 private:
  [[nodiscard]] std::optional<base::Failure> why_stop(const store::Snapshot& seen,
                                                      const InHand& in_hand) const;
  void end_stalled(const model::Run& run);

  Desk& desk_;
  const Alive alive_;
  const Replace replace_;
  store::Position seen_;
  base::SteadyTime beaten_;
  std::jthread thread_;  // Last, so that it ends before anything it uses is gone.
};

}  // namespace hedgerow::jobs
