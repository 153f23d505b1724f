#include "outbound/retries.hpp"

#include <curl/curl.h>

#include "base/text.hpp"

namespace hedgerow::outbound {

using base::Milliseconds;

namespace {

constexpr unsigned kDoublingsMax = 10;
// The last second of the year 9999.
constexpr std::time_t kDateMax = 253'402'300'799;

// The server could not do it just now; of anything else it would say the same again.
bool may_pass(int status) noexcept {
  return status == 429 || status == 500 || (status >= 502 && status <= 504);
}

}  // namespace

std::optional<Milliseconds> rest_after(const Tried& tried, const Retries& retries,
                                       Milliseconds left, base::Random& random) {
  // An answer takes time as well.
  const Milliseconds most = left - retries.pause;
  if (tried.tries >= retries.tries || most < Milliseconds{0}) return std::nullopt;
  // It was closed while it idled, so most likely the server has never seen the request.
  if (tried.broke && tried.kept) return Milliseconds{0};
  if (!tried.broke && !may_pass(tried.status)) return std::nullopt;
  const auto pause = retries.pause * (1u << std::min(tried.tries - 1, kDoublingsMax));
  const Milliseconds least =
      std::max<Milliseconds>(tried.retry_after.value_or(std::chrono::seconds{0}), pause);
  if (least > most) return std::nullopt;
  const Milliseconds chance{random.below(static_cast<std::uint64_t>(pause.count()) + 1)};
  return std::min(least + chance, most);
}

std::optional<std::chrono::seconds> retry_after_in(std::string_view header, base::WallTime sent) {
  if (!header.empty() && header.find_first_not_of("0123456789") == std::string_view::npos) {
    // What does not fit into any number is too long in any case.
    const auto count = base::whole_number<std::int64_t>(header).value_or(kRetryAfterMax.count());
    return std::min(std::chrono::seconds{count}, kRetryAfterMax);
  }
  const auto date = http_date(header);
  if (!date) return std::nullopt;
  const auto wait = std::chrono::ceil<std::chrono::seconds>(*date - sent);
  return std::clamp(wait, std::chrono::seconds{0}, kRetryAfterMax);
}

std::optional<base::WallTime> http_date(std::string_view text) {
  const std::time_t seconds_since_1970 = curl_getdate(std::string{text}.c_str(), nullptr);
  if (seconds_since_1970 < 0 || seconds_since_1970 > kDateMax) return std::nullopt;
  return base::WallTime{std::chrono::seconds{seconds_since_1970}};
}

std::string times_asked(unsigned tries) {
  return tries > 1 ? fmt::format(" It was asked {} times.", tries) : std::string{};
}

}  // namespace hedgerow::outbound
