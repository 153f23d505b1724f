// Whether an unsafe request with a cookie was made by our own page (SECURITY.md): where it came
// from, and a token bound to the session that only our page can read. It ends with its session,
// never before.
#pragma once

#include "base/digest.hpp"

namespace hedgerow::auth {

// base64url(HMAC-SHA256(key, "csrf" || session hash)).
[[nodiscard]] std::string csrf_token(std::span<const std::byte> key, const base::Digest& session);

// What a request says about where it comes from; absent headers are empty optionals.
struct Provenance {
  std::optional<std::string> sec_fetch_site;
  std::optional<std::string> origin;
  std::string host;  // The Host header.
  bool tls = false;
};

// Throws Failure{OriginRefused, Denied}: Sec-Fetch-Site must be same-origin; where browsers do not
// send it (plain HTTP host names) Origin must be one of `origins` or, when none is configured, this
// host itself; without both it is refused.
void require_same_origin(const Provenance& from, std::span<const std::string> origins);

}  // namespace hedgerow::auth
