// Slows down guessing: per account (5 wrong passwords are free, then 1 s doubling to 15 min) and
// per address. Counters of unknown names and of addresses live in fixed memory, so strangers can
// neither fill it nor evict anybody.
#pragma once

#include "base/clock.hpp"
#include "base/guarded.hpp"

namespace hedgerow::auth {

struct LimiterSettings {
  std::int64_t free_failures = 5;
  base::Milliseconds first_lock{1'000};
  base::Milliseconds longest_lock{15 * 60'000};
  // Beside its lock, while the try that brought it is being verified.
  base::Milliseconds pending_lock{15'000};
  std::int64_t address_burst = 60;           // Tries of one address at once,
  base::Milliseconds address_refill{1'000};  // and one more each.
};

// How long an account is locked after this many wrong passwords in a row; 0 while they are free.
[[nodiscard]] base::Milliseconds lock_after(std::int64_t failures, const LimiterSettings& settings);

// The lock while a try is being verified that is counted as wrong already: as long as that may last
// and what follows it; 0 while tries are free.
[[nodiscard]] base::Milliseconds lock_pending(std::int64_t failures,
                                              const LimiterSettings& settings);

// What is known of names without an account: the same waits as for those with one, so that nobody
// learns which is which.
class StrangerCounters {
 public:
  // Left of the lock for this name; 0 when there is none.
  [[nodiscard]] base::Milliseconds locked_for(std::string_view name, base::SteadyTime now) const;
  // Counts a try as wrong before it is verified; counts nothing, and gives what is left, when the
  // name is locked.
  [[nodiscard]] base::Milliseconds reserve(std::string_view name, base::SteadyTime now,
                                           const LimiterSettings& settings);
  // A reserved try was wrong: its lock begins now.
  void refuse(std::string_view name, base::SteadyTime now, const LimiterSettings& settings);
  // A reserved try was not verified after all.
  void give_back(std::string_view name, base::SteadyTime now, const LimiterSettings& settings);

 private:
  struct Slot {
    std::int64_t failures = 0;
    base::SteadyTime until{};
  };
  static constexpr std::size_t kSlots = 4096;
  [[nodiscard]] static std::size_t slot_of(std::string_view name);
  base::Guarded<std::array<Slot, kSlots>> slots_;
};

// A token bucket per address: /32 of IPv4, /64 of IPv6.
class AddressBuckets {
 public:
  // Takes one token; the wait until there is one when there is none.
  [[nodiscard]] std::optional<base::Milliseconds> refuse(std::string_view address,
                                                         base::SteadyTime now,
                                                         const LimiterSettings& settings);

 private:
  struct Slot {
    double spent = 0;  // Tokens taken and not yet refilled.
    base::SteadyTime at{};
  };
  static constexpr std::size_t kSlots = 4096;
  base::Guarded<std::array<Slot, kSlots>> slots_;
};

}  // namespace hedgerow::auth
