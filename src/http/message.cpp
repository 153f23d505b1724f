#include "http/message.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

namespace hedgerow::http {

namespace {

[[nodiscard]] char lowered(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lowered, lowered);
}

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  all_.push_back({std::string{name}, std::string{value}});
}

void Headers::set(std::string_view name, std::string_view value) {
  // Copied first: both may be views into what is about to be removed.
  Pair header{std::string{name}, std::string{value}};
  remove(header.name);
  all_.push_back(std::move(header));
}

void Headers::set_if_absent(std::string_view name, std::string_view value) {
  if (!has(name)) add(name, value);
}

void Headers::remove(std::string_view name) {
  const std::string wanted{name};
  std::erase_if(all_, [&](const Pair& header) { return same_name(header.name, wanted); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(all_, [&](const Pair& header) { return same_name(header.name, name); });
  if (found == all_.end()) return std::nullopt;
  return found->value;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      all_, [&](const Pair& header) { return same_name(header.name, name); }));
}

std::vector<std::string_view> Request::cookies_named(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Pair& cookie : cookies)
    if (cookie.name == name) values.emplace_back(cookie.value);
  return values;
}

const std::string& Request::parameter(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, &Pair::name);
  CHECK(found != parameters.end());
  return found->value;
}

Response Response::of(int status, std::string_view content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

Response Response::json(int status, std::string body) {
  return of(status, "application/json", std::move(body));
}

Response Response::nothing() {
  Response response;
  response.status = 204;
  return response;
}

Response Response::stream(std::shared_ptr<EventStream> events) {
  CHECK(events != nullptr);
  Response response;
  response.headers.add("Content-Type", "text/event-stream");
  // Proxies of the nginx family hold back what is not marked so.
  response.headers.add("X-Accel-Buffering", "no");
  response.events = std::move(events);
  return response;
}

std::string_view Response::bytes() const noexcept {
  return fixed_body.empty() ? std::string_view{body} : base::text_of(fixed_body);
}

}  // namespace hedgerow::http
