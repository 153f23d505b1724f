// Files of the browser application that live inside the program: chosen by Accept-Encoding, kept by
// browsers for ever when their name carries a digest.
#pragma once

#include "http/message.hpp"

namespace hedgerow::http {

struct Asset {
  std::string_view content_type;
  std::string_view etag;   // Without quotes. Empty: none is sent, and nothing is kept by anybody.
  bool immutable = false;  // The name changes with the content.
  std::span<const std::byte> plain;
  std::span<const std::byte> gzip;    // Empty: not there.
  std::span<const std::byte> brotli;  // Empty: not there.
};

// 200 with the smallest form that the browser takes, or 304 when it has that very form.
[[nodiscard]] Response answer_with(const Asset& asset, const Request& request);

}  // namespace hedgerow::http
