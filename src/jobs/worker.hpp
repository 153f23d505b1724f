// One worker: takes a run from the queue, lets its handler do the work, writes down how it ended.
// For this room only.
#pragma once

#include "jobs/desk.hpp"

namespace hedgerow::jobs {

class Worker {
 public:
  // A worker for tests takes nothing else, and tests never queue behind anything.
  Worker(Desk& desk, std::size_t number, bool for_tests);

  void start();
  // Its thread ends after the turn it is in; does not wait for it.
  void leave();
  // Waits until the thread has ended, at most until then.
  [[nodiscard]] bool has_left(base::SteadyTime until);

  // One turn: takes a run and carries it out, or waits for the bell.
  void step(const std::stop_token& stop);

  [[nodiscard]] std::size_t number() const noexcept { return number_; }
  [[nodiscard]] bool is_for_tests() const noexcept { return for_tests_; }
  // Where its thread stands.
  [[nodiscard]] std::string stack();
  // When it last began a turn.
  [[nodiscard]] base::SteadyTime turned() const { return turned_.load(); }

 private:
  using Work = std::variant<Result, base::Failure>;

  [[nodiscard]] std::optional<InHand> claim();
  [[nodiscard]] std::optional<InHand> claim_in(store::Txn& txn, bool unreachable_too) const;
  void carry_out(InHand in_hand, const std::stop_token& stop);
  [[nodiscard]] Work work(const InHand& in_hand, const std::stop_token& stop) const;
  void end(const InHand& in_hand, const Work& work);

  Desk& desk_;
  const std::size_t number_;
  const bool for_tests_;
  std::atomic<base::SteadyTime> turned_;
  base::Guarded<bool> left_;
  std::jthread thread_;  // Last, so that it ends before anything it uses is gone.
};

}  // namespace hedgerow::jobs
