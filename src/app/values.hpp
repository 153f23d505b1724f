// How single values of the settings are written: spans of time, origins, a base path. What a
// setting is for is not known here.
#pragma once

#include "base/clock.hpp"

namespace hedgerow::app {

// "500ms", "5s", "15m", "24h" and back.
[[nodiscard]] std::optional<base::Milliseconds> parse_span(std::string_view text);
[[nodiscard]] std::string span_text(base::Milliseconds span);

// As a browser writes it ("https://hedgerow.example:8443"): what is spelled in another way would
// never be equal to what browsers send.
[[nodiscard]] bool is_origin(std::string_view text);
// "/plugins/hedgerow"
[[nodiscard]] bool is_base_path(std::string_view text);

}  // namespace hedgerow::app
