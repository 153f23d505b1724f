#include "base/random.hpp"

#include <sodium.h>

#include "base/check.hpp"
#include "base/text.hpp"

namespace hedgerow::base {

std::string Random::token(std::size_t count) {
  std::vector<std::byte> bytes(count);
  fill(bytes);
  return base64url(bytes);
}

std::uint64_t Random::below(std::uint64_t bound) {
  CHECK(bound > 0);
  // Draws from the uneven end of the range are thrown away, else small values would be likelier.
  const std::uint64_t uneven = (0 - bound) % bound;
  for (;;) {
    std::uint64_t draw = 0;
    fill(std::as_writable_bytes(std::span{&draw, 1}));
    if (draw >= uneven) return draw % bound;
  }
}

SystemRandom::SystemRandom() { CHECK(sodium_init() >= 0); }

void SystemRandom::fill(std::span<std::byte> bytes) { randombytes_buf(bytes.data(), bytes.size()); }

}  // namespace hedgerow::base
