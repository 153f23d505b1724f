#include "auth/limiter.hpp"

#include <arpa/inet.h>

#include <cstring>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace hedgerow::auth {

namespace {

// The network that shares one bucket. What is no address is a bucket of its own.
std::string network_of(std::string_view address) {
  in6_addr six{};
  if (::inet_pton(AF_INET6, std::string{address}.c_str(), &six) != 1) return std::string{address};
  return std::string{reinterpret_cast<const char*>(six.s6_addr), 8};
}

base::Milliseconds left_until(base::SteadyTime until, base::SteadyTime now) {
  return std::max(std::chrono::ceil<base::Milliseconds>(until - now), base::Milliseconds{0});
}

}  // namespace

base::Milliseconds lock_after(std::int64_t failures, const LimiterSettings& settings) {
  const std::int64_t paid = failures - settings.free_failures;
  if (paid < 0) return base::Milliseconds{0};
  base::Milliseconds lock = settings.first_lock;
  for (std::int64_t i = 0; i < paid && lock < settings.longest_lock; ++i) lock *= 2;
  return std::min(lock, settings.longest_lock);
}

base::Milliseconds lock_pending(std::int64_t failures, const LimiterSettings& settings) {
  const base::Milliseconds lock = lock_after(failures, settings);
  return lock > base::Milliseconds{0} ? lock + settings.pending_lock : lock;
}

base::Milliseconds StrangerCounters::locked_for(std::string_view name, base::SteadyTime now) const {
  const auto until =
      slots_.with([at = slot_of(name)](const auto& slots) { return slots[at].until; });
  return left_until(until, now);
}

base::Milliseconds StrangerCounters::reserve(std::string_view name, base::SteadyTime now,
                                             const LimiterSettings& settings) {
  return slots_.with([&, at = slot_of(name)](auto& slots) {
    Slot& slot = slots[at];
    const base::Milliseconds left = left_until(slot.until, now);
    if (left > base::Milliseconds{0}) return left;
    // Long quiet names begin anew; the slot may be another name's by now.
    if (now - slot.until > settings.longest_lock) slot.failures = 0;
    slot.until = now + lock_pending(++slot.failures, settings);
    return base::Milliseconds{0};
  });
}

void StrangerCounters::refuse(std::string_view name, base::SteadyTime now,
                              const LimiterSettings& settings) {
  slots_.with([&, at = slot_of(name)](auto& slots) {
    slots[at].until = now + lock_after(slots[at].failures, settings);
  });
}

void StrangerCounters::give_back(std::string_view name, base::SteadyTime now,
                                 const LimiterSettings& settings) {
  slots_.with([&, at = slot_of(name)](auto& slots) {
    Slot& slot = slots[at];
    slot.failures = std::max<std::int64_t>(slot.failures - 1, 0);
    slot.until = now + lock_after(slot.failures, settings);
  });
}

std::size_t StrangerCounters::slot_of(std::string_view name) {
  return base::quick_hash(base::lower_ascii(name)) % kSlots;
}

std::optional<base::Milliseconds> AddressBuckets::refuse(std::string_view address,
                                                         base::SteadyTime now,
                                                         const LimiterSettings& settings) {
  const std::size_t at = base::quick_hash(network_of(address)) % kSlots;
  return slots_.with([&](auto& slots) -> std::optional<base::Milliseconds> {
    Slot& slot = slots[at];
    const std::chrono::duration<double, std::milli> passed = now - slot.at;
    const auto refill = static_cast<double>(settings.address_refill.count());
    slot.spent = std::max(0.0, slot.spent - passed.count() / refill);
    slot.at = now;
    const double over = slot.spent + 1 - static_cast<double>(settings.address_burst);
    if (over > 0) return base::Milliseconds{static_cast<std::int64_t>(over * refill) + 1};
    slot.spent += 1;
    return std::nullopt;
  });
}

}  // namespace hedgerow::auth
