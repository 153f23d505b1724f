// Whether a request is sent once more, and after what rest: a pure rule, and what servers say about
// it. Every request of this room may be repeated; resting, sending and counting are the session's.
#pragma once

#include "base/random.hpp"

namespace hedgerow::outbound {

// A server that wants a longer rest is taken to want this one.
inline constexpr std::chrono::seconds kRetryAfterMax{3'600};

struct Retries {
  unsigned tries = 3;  // In all.
  // Before the second try; before each further one twice as long. Up to as much again is added by
  // chance, so that those who were refused together do not come back together.
  base::Milliseconds pause{500};
};

// A try that has ended.
struct Tried {
  unsigned tries = 1;  // This one included.
  int status = 0;      // HTTP; 0: no answer came, or none that could be used.
  bool broke = false;  // The connection ended before the first byte of an answer.
  bool kept = false;   // It had been kept from before.
  std::optional<std::chrono::seconds> retry_after;  // What the server wants.
};

// How long to rest before the next try; nothing: this was the last one. Never shorter than the
// server wants, and never so long that nothing would remain of `left`, the time for all tries.
[[nodiscard]] std::optional<base::Milliseconds> rest_after(const Tried& tried,
                                                           const Retries& retries,
                                                           base::Milliseconds left,
                                                           base::Random& random);

// What Retry-After says (RFC 9110 section 10.2.3): seconds, or a date, which counts from `sent`.
// kRetryAfterMax at most.
[[nodiscard]] std::optional<std::chrono::seconds> retry_after_in(std::string_view header,
                                                                 base::WallTime sent);

// A date of HTTP, "Sat, 21 Nov 2026 16:00:00 GMT", of a year of four digits.
[[nodiscard]] std::optional<base::WallTime> http_date(std::string_view text);

// " It was asked 3 times.", for the end of a sentence; nothing for a single try.
[[nodiscard]] std::string times_asked(unsigned tries);

}  // namespace hedgerow::outbound
