#include "http/commons.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "http/events.hpp"
#include "http/parser.hpp"
#include "http/security_headers.hpp"

namespace hedgerow::http {

namespace {

[[nodiscard]] bool breaks_a_header(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

// A handler's mistake must not let a client write headers of its own.
[[nodiscard]] bool is_sound(const Response& response) {
  if (response.status < 200 || response.status > 599) return false;
  return std::ranges::none_of(response.headers.all(), [](const Pair& header) {
    return header.name.empty() || header.name.find_first_of(" :\t") != std::string::npos ||
           std::ranges::any_of(header.name, breaks_a_header) ||
           std::ranges::any_of(header.value, breaks_a_header);
  });
}

// The last resort, when even the renderer fails: plain words, no form.
[[nodiscard]] Response bare_fault(const Request& request) {
  return Response::of(500, "text/plain; charset=utf-8",
                      fmt::format("Internal fault F-{}. It was logged.\n", request.id));
}

[[nodiscard]] base::Failure fault(const Request& request, std::string_view what) {
  return base::Failure{
      base::Code::InternalFault, base::Cause::Refused,
      fmt::format("Internal fault F-{}. It was logged and stands under System health.", request.id)}
      .with_operator(std::string{what});
}

void log_failure(const base::Failure& failure, const Request& request) {
  const base::CodeFacts& facts = base::facts_of(failure.code());
  // Being busy is told by the line of the request itself; a second one each would feed the
  // overload.
  const bool loud = facts.http >= 500 && failure.code() != base::Code::Unavailable;
  const auto level = loud ? failure.log_level() : base::log::Level::Debug;
  base::log::write(level, "request_failed",
                   {{"request_id", request.id},
                    {"method", request.method},
                    {"route", request.route},
                    {"code", facts.name},
                    {"detail", failure.detail()},
                    {"operator", failure.operator_text()},
                    {"doing", fmt::format("{}", fmt::join(failure.trail(), " > "))}});
}

[[nodiscard]] std::string date_of(base::WallTime time) {
  // RFC 9110 section 5.6.7, whatever the locale.
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - days)};
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays.at(std::chrono::weekday{days}.c_encoding()),
      static_cast<unsigned>(date.day()), kMonths.at(static_cast<unsigned>(date.month()) - 1),
      static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
      clock.seconds().count());
}

[[nodiscard]] Response answer_or_throw(const Commons& commons, Request& request) {
  // Everything lies below the base path; outside of it is another program's ground.
  if (request.path.empty()) throw base::Failure{base::Code::NotFound, base::Cause::Missing};
  Response response = commons.router.answer(request);
  if (is_sound(response)) return response;
  if (response.events) response.events->abandon();
  throw std::logic_error{"a handler gave a status or a header that cannot be sent"};
}

}  // namespace

Response answer_to(const Commons& commons, Request& request) noexcept {
  try {
    return answer_or_throw(commons, request);
  } catch (const base::Failure& failure) {
    return refusal(commons, failure, request);
  } catch (const std::bad_alloc&) {
    return refusal(commons, {base::Code::OutOfMemory, base::Cause::Transient}, request);
  } catch (const std::exception& error) {
    return refusal(commons, fault(request, error.what()), request);
  } catch (...) {
    return refusal(commons, fault(request, "an exception of unknown type"), request);
  }
}

Response refusal(const Commons& commons, const base::Failure& failure,
                 const Request& request) noexcept {
  try {
    log_failure(failure, request);
    Response response = commons.render(failure, request);
    if (failure.code() == base::Code::MethodNotAllowed)
      response.headers.set_if_absent("Allow", commons.router.allowed(request.path));
    if (failure.retry_after())
      response.headers.set_if_absent("Retry-After", fmt::to_string(failure.retry_after()->count()));
    if (is_sound(response)) return response;
    base::log::error("render_fault", {{"request_id", request.id}, {"what", "unsound headers"}});
  } catch (const std::exception& error) {
    base::log::error("render_fault", {{"request_id", request.id}, {"what", error.what()}});
  }
  return bare_fault(request);
}

base::Failure busy(std::string sentence) {
  return base::Failure{base::Code::Unavailable, base::Cause::Transient, std::move(sentence)}
      .with_retry_after(std::chrono::seconds{1});
}

std::string head_text(const Commons& commons, const Request& request, Response& response,
                      Framing framing, bool keep_alive) {
  // Framing is the server's alone.
  for (const std::string_view name : {"Content-Length", "Transfer-Encoding", "Connection",
                                      "Keep-Alive", "Date", "Server", "X-Request-ID"})
    response.headers.remove(name);
  add_security_headers(response, request.tls);
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_of(response.status));
  for (const Pair& header : response.headers.all())
    fmt::format_to(std::back_inserter(text), "{}: {}\r\n", header.name, header.value);
  const bool bodiless = response.status == 204 || response.status == 304;
  if (framing == Framing::Chunks) text.append("Transfer-Encoding: chunked\r\n");
  if (framing == Framing::Length && !bodiless)
    fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n", response.bytes().size());
  fmt::format_to(std::back_inserter(text), "Date: {}\r\nX-Request-ID: {}\r\nConnection: {}\r\n\r\n",
                 date_of(commons.clock.wall()), request.id, keep_alive ? "keep-alive" : "close");
  return text;
}

}  // namespace hedgerow::http
