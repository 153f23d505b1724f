// The Cookie header, and whether a request comes from our own page.
#include "auth/csrf.hpp"
#include "fuzz.hpp"
#include "http/head.hpp"

using namespace hedgerow;

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = fuzz::text_of(bytes, size);
  http::Headers headers;
  headers.add("Cookie", text);
  for (const http::Pair& pair : http::read_cookies(headers))
    fuzz::promise(pair.name.size() + pair.value.size() <= size, "a cookie is part of its header");
  const std::size_t half = size / 2;
  const auth::Provenance from{.sec_fetch_site = std::nullopt,
                              .origin = std::string{text.substr(0, half)},
                              .host = std::string{text.substr(half)},
                              .tls = false};
  const bool own = fuzz::accepted([&] { auth::require_same_origin(from, {}); });
  if (own)
    fuzz::promise(*from.origin == "http://" + from.host, "our own page is at our own address");
  return 0;
}
