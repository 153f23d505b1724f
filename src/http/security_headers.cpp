#include "http/security_headers.hpp"

namespace hedgerow::http {

void add_security_headers(Response& response, bool tls) {
  Headers& headers = response.headers;
  headers.set("X-Content-Type-Options", "nosniff");
  // Not "no-referrer": that turns the Origin of a form into "null", which the origin check refuses.
  headers.set("Referrer-Policy", "same-origin");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set(
      "Permissions-Policy",
      "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), "
      "fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), "
      "microphone=(), midi=(), payment=(), picture-in-picture=(), "
      "publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), "
      "xr-spatial-tracking=()");
  headers.set_if_absent("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  headers.set_if_absent("Cache-Control", "no-store");
  if (!tls) return;
  // Over plain HTTP browsers ignore it and complain on every page of a lab without TLS.
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
}

}  // namespace hedgerow::http
