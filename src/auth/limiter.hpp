// Slows down guessing: per account (5 wrong passwords are free, then 1 s doubling to 15 min) and
// per address, whose counters live in fixed memory, so that strangers can neither fill it nor evict
// anybody.
#pragma once

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "store/users.hpp"

namespace hedgerow::auth {

struct LimiterSettings {
  std::int64_t free_failures = 5;
  base::Milliseconds first_lock{1'000};
  base::Milliseconds longest_lock{15 * 60'000};
  // Beside its lock, while the try that brought it is being verified.
  base::Milliseconds pending_lock{15'000};
  std::int64_t devices = 20;                 // Of each user, those used last.
  std::int64_t address_burst = 60;           // Tries of one address at once,
  base::Milliseconds address_refill{1'000};  // and one more each.
};

// How long an account is locked after this many wrong passwords in a row; 0 while they are free.
[[nodiscard]] base::Milliseconds lock_after(std::int64_t failures, const LimiterSettings& settings);

// The lock while a try is being verified that is counted as wrong already: as long as that may last
// and what follows it; 0 while tries are free.
[[nodiscard]] base::Milliseconds lock_pending(std::int64_t failures,
                                              const LimiterSettings& settings);

// What becomes of a name's tries, whether a user has that name or nobody: the same rule and the
// same record for both, so that nobody learns which is which.
//
// Left of the lock; 0 when there is none.
[[nodiscard]] base::Milliseconds left_of_lock(const store::Tries& tries, base::WallTime now,
                                              const LimiterSettings& settings);
// A try counts as wrong before it is verified. After a quiet as long as the longest lock a name
// begins anew.
[[nodiscard]] store::Tries reserved(store::Tries tries, base::WallTime now,
                                    const LimiterSettings& settings);
// A reserved try was wrong: its lock begins now.
[[nodiscard]] store::Tries refused(const store::Tries& tries, base::WallTime now,
                                   const LimiterSettings& settings);
// A reserved try was not verified after all.
[[nodiscard]] store::Tries given_back(const store::Tries& tries, base::WallTime now,
                                      const LimiterSettings& settings);

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
