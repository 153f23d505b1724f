#include "auth/csrf.hpp"

#include <sodium.h>

#include "base/check.hpp"
#include "base/text.hpp"

namespace hedgerow::auth {

std::string csrf_token(std::span<const std::byte> key, const base::Digest& session) {
  crypto_auth_hmacsha256_state state;
  std::array<std::byte, crypto_auth_hmacsha256_BYTES> mac{};
  constexpr std::string_view kPurpose = "csrf";
  const auto raw = [](auto bytes) { return reinterpret_cast<const unsigned char*>(bytes); };
  crypto_auth_hmacsha256_init(&state, raw(key.data()), key.size());
  crypto_auth_hmacsha256_update(&state, raw(kPurpose.data()), kPurpose.size());
  crypto_auth_hmacsha256_update(&state, raw(session.bytes.data()), session.bytes.size());
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(mac.data()));
  return base::base64url(mac);
}

void require_same_origin(const Provenance& from, std::span<const std::string> origins) {
  using base::Cause;
  using base::Code;
  using base::Failure;
  if (from.sec_fetch_site) {
    if (*from.sec_fetch_site == "same-origin") return;
    throw Failure{Code::OriginRefused, Cause::Denied,
                  fmt::format("This request came from another site ({}) and was refused.",
                              base::shown(from.origin.value_or(*from.sec_fetch_site), 100))};
  }
  if (!from.origin) {
    throw Failure{Code::OriginRefused, Cause::Denied,
                  "This request does not say which page sent it and was refused."};
  }
  const std::string own = fmt::format("{}://{}", from.tls ? "https" : "http", from.host);
  const bool known = origins.empty()
                         ? *from.origin == own
                         : std::find(origins.begin(), origins.end(), *from.origin) != origins.end();
  if (known) return;
  throw Failure{Code::OriginRefused, Cause::Denied,
                fmt::format("This request came from another site ({}) and was refused.",
                            base::shown(*from.origin, 100))};
}

}  // namespace hedgerow::auth
