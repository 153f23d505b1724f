#include "auth/limiter.hpp"

#include "base/digest.hpp"
#include "base/network.hpp"

namespace hedgerow::auth {

namespace {

// The network that shares one bucket. What is no address is a bucket of its own.
std::string network_of(std::string_view address) {
  const auto parsed = base::Address::parse(address);
  if (!parsed || parsed->is_ipv4()) return std::string{address};
  return std::string{reinterpret_cast<const char*>(parsed->bytes.data()), 8};
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

base::Milliseconds left_of_lock(const store::Tries& tries, base::WallTime now,
                                const LimiterSettings& settings) {
  if (!tries.locked_until) return base::Milliseconds{0};
  const base::Milliseconds left = *tries.locked_until - now;
  // The clock was set back: no lock of ours is as long.
  if (left > settings.longest_lock + settings.pending_lock) return base::Milliseconds{0};
  return std::max(left, base::Milliseconds{0});
}

store::Tries reserved(store::Tries tries, base::WallTime now, const LimiterSettings& settings) {
  if (tries.locked_until && now - *tries.locked_until > settings.longest_lock) tries.failures = 0;
  ++tries.failures;
  return {tries.failures, now + lock_pending(tries.failures, settings)};
}

store::Tries refused(const store::Tries& tries, base::WallTime now,
                     const LimiterSettings& settings) {
  return {tries.failures, now + lock_after(tries.failures, settings)};
}

store::Tries given_back(const store::Tries& tries, base::WallTime now,
                        const LimiterSettings& settings) {
  const auto failures = std::max<std::int64_t>(tries.failures - 1, 0);
  return {failures, now + lock_after(failures, settings)};
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
