// A lock and its data are one object: whoever has no lock has no data either. Waiting for a change
// of the data is here too, so that no condition variable stands alone.
#pragma once

#include "base/clock.hpp"

namespace hedgerow::base {

template <class T>
class Guarded {
 public:
  Guarded() = default;
  template <class... Args>
  explicit Guarded(std::in_place_t, Args&&... args) : value_(std::forward<Args>(args)...) {}

  // Runs `use` with the data while the lock is held. Never do I/O or take another lock inside.
  template <class Use>
  decltype(auto) with(Use&& use) {
    const std::scoped_lock lock{mutex_};
    return std::forward<Use>(use)(value_);
  }
  template <class Use>
  decltype(auto) with(Use&& use) const {
    const std::scoped_lock lock{mutex_};
    return std::forward<Use>(use)(value_);
  }

  // Changes the data and wakes everybody who waits for it.
  template <class Use>
  void change(Use&& use) {
    with(std::forward<Use>(use));
    changed_.notify_all();
  }

  // As `change`, but wakes one: where all who wait do the same, and one of them is enough.
  template <class Use>
  void hand_over(Use&& use) {
    with(std::forward<Use>(use));
    changed_.notify_one();
  }

  // Waits until `ready(data)`, at most until `at` or a stop; true when it is ready.
  template <class Ready>
  bool wait(std::stop_token stop, SteadyTime at, Ready&& ready) {
    std::unique_lock lock{mutex_};
    return changed_.wait_until(lock, std::move(stop), at, [&] { return ready(value_); });
  }

  // As `wait`, then `use(data)` under the same lock; nothing when it never was ready.
  template <class Ready, class Use>
  auto wait_then(std::stop_token stop, SteadyTime at, Ready&& ready, Use&& use)
      -> std::optional<std::invoke_result_t<Use, T&>> {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_until(lock, std::move(stop), at, [&] { return ready(value_); }))
      return std::nullopt;
    return std::forward<Use>(use)(value_);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  T value_{};
};

}  // namespace hedgerow::base
