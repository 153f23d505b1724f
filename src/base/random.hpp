// Randomness as a parameter, so that tests can replay it. The real one is the kernel's, through
// libsodium.
#pragma once

#include "base/clock.hpp"

namespace hedgerow::base {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;

  // `count` random bytes as base64url without padding.
  [[nodiscard]] std::string token(std::size_t count);
  // Evenly in [0, bound); bound must be above 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
};

// What no code takes from the air, for those who need both.
struct Surroundings {
  const Clock& clock;
  Random& random;
};

class SystemRandom final : public Random {
 public:
  SystemRandom();
  void fill(std::span<std::byte> bytes) override;
};

}  // namespace hedgerow::base
