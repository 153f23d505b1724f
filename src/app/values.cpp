#include "app/values.hpp"

#include "base/text.hpp"
#include "outbound/addresses.hpp"

namespace hedgerow::app {

using base::Milliseconds;

std::optional<Milliseconds> parse_span(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count < 0 || count > 1'000'000'000) return std::nullopt;
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  if (unit == "ms") return Milliseconds{count};
  if (unit == "s") return Milliseconds{count * 1'000};
  if (unit == "m") return Milliseconds{count * 60'000};
  if (unit == "h") return Milliseconds{count * 3'600'000};
  if (unit == "d") return Milliseconds{count * 86'400'000};
  return std::nullopt;
}

std::string span_text(Milliseconds span) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 4> kUnits{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}}};
  for (const auto& [size, unit] : kUnits)
    if (span.count() >= size && span.count() % size == 0)
      return fmt::format("{}{}", span.count() / size, unit);
  return fmt::format("{}ms", span.count());
}

bool is_origin(std::string_view text) {
  const bool tls = text.starts_with("https://");
  if (!tls && !text.starts_with("http://")) return false;
  const std::string_view place = text.substr(tls ? 8 : 7);
  // The end of the host: behind the bracket of an IPv6 address.
  const std::size_t bracket = place.starts_with('[') ? place.find(']') : 0;
  if (bracket == std::string_view::npos) return false;
  const std::size_t colon = place.find(':', bracket);
  const std::string_view host = place.substr(0, colon);
  if (colon != std::string_view::npos) {
    const auto port = base::whole_number<std::uint16_t>(place.substr(colon + 1));
    if (!port || *port == 0 || *port == (tls ? 443 : 80)) return false;
    if (place.substr(colon + 1) != std::to_string(*port)) return false;
  }
  if (bracket > 0) {
    const auto inner = host.substr(1, host.size() - 2);
    return host.ends_with(']') && inner.find(':') != std::string_view::npos &&
           base::Address::parse(inner) && inner == base::lower_ascii(inner);
  }
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool is_base_path(std::string_view text) {
  if (!text.starts_with('/')) return false;
  return std::ranges::all_of(base::split(text.substr(1), '/'), [](std::string_view segment) {
    return !segment.empty() && segment != "." && segment != ".." &&
           std::ranges::all_of(segment, [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '-' || c == '_' || c == '~';
           });
  });
}

}  // namespace hedgerow::app
