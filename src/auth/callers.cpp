#include "auth/callers.hpp"

#include "auth/csrf.hpp"
#include "base/text.hpp"

namespace hedgerow::auth {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr std::string_view kApi = "/api/";
// What browsers send by themselves, in a type of its own.
constexpr std::string_view kPolicyReports = "/api/csp-reports/";

bool is_safe(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
}

// Routes of the API that answer without a session; everything else below /api/ is 401.
bool is_open(const http::Request& request) {
  if (request.route == "/api/openapi.json" || request.route == "/api/openapi.yaml") return true;
  if (request.route == "/api/setup/" || request.route == kPolicyReports) return true;
  return request.route == "/api/session/" &&
         (request.method == "GET" || request.method == "HEAD" || request.method == "POST");
}

bool is_own_name(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos)
    host = host.substr(0, colon);
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

std::optional<std::string> text(const http::Request& request, std::string_view header) {
  const auto value = request.header(header);
  return value ? std::optional{std::string{*value}} : std::nullopt;
}

// Whatever is asked for, and however it is spelled: addresses are kept in logs and histories.
void refuse_tokens(const http::Request& request) {
  for (const http::Pair& pair : request.query) {
    const std::string name = base::lower_ascii(pair.name);
    if (name == "token" || name == "access_token") throw Failure{Code::TokenInUrl, Cause::Refused};
  }
}

void require_media(const http::Request& request, std::string_view wanted) {
  if (request.body.empty()) return;
  const std::string type = base::lower_ascii(request.header("Content-Type").value_or(""));
  const std::string_view media = base::trimmed(std::string_view{type}.substr(0, type.find(';')));
  if (media == wanted) return;
  throw Failure{Code::UnsupportedMediaType, Cause::Refused,
                fmt::format("The body must be {}.", wanted)};
}

}  // namespace

Callers::Callers(std::vector<std::string> origins, SignIn& sign_in, store::Database& db)
    : origins_{std::move(origins)},
      sign_in_{sign_in},
      plain_cookie_{db.read(
          [](const store::Snapshot& seen) { return "hedgerow_" + seen.instance().name(); })} {}

// Cookies of one host are shared by all its ports, so without the prefix the name says whose it is.
std::string_view Callers::cookie_name(const http::Request& request) const {
  if (request.tls) return "__Host-hedgerow";
  return plain_cookie_;
}

std::string Callers::device_cookie_name(const http::Request& request) const {
  return fmt::format("{}_device", cookie_name(request));
}

std::optional<Proven> Callers::resolve(const http::Request& request) const {
  const auto cookies = request.cookies_named(cookie_name(request));
  if (cookies.empty()) return std::nullopt;
  if (cookies.size() > 1)
    throw Failure{Code::BadRequest, Cause::Refused, "The session cookie came twice."};
  return sign_in_.resolve(cookies.front(), visitor(request));
}

void Callers::check(http::Request& request) const {
  refuse_tokens(request);
  if (!request.path.starts_with(kApi) && request.path != "/api") return;
  const bool open = is_open(request);
  std::optional<Proven> caller;
  try {
    caller = resolve(request);
  } catch (const Failure&) {
    // An open route answers whoever asks; whether the cookie still stands for anybody is its own
    // question.
    if (!open) throw;
  }
  if (!caller && !open) {
    throw Failure{Code::SessionMissing, Cause::Refused, "Nobody is signed in."};
  }
  if (!is_safe(request)) {
    require_own_page(request);
    require_media(request,
                  request.route == kPolicyReports ? "application/csp-report" : "application/json");
    if (caller && !open) accept(*caller, request.header("X-CSRF-Token").value_or(""));
  }
  if (caller) request.caller = std::move(*caller);
}

void Callers::require_own_form(const http::Request& request) const {
  require_own_page(request);
  require_media(request, "application/x-www-form-urlencoded");
}

void Callers::accept(Proven& caller, std::string_view token) const {
  if (!base::same_secret(token, sign_in_.csrf_token(caller.session)))
    throw Failure{Code::CsrfStale, Cause::Refused};
  sign_in_.renew(caller);
}

void Callers::require_own_page(const http::Request& request) const {
  require_same_origin({.sec_fetch_site = text(request, "Sec-Fetch-Site"),
                       .origin = text(request, "Origin"),
                       .host = text(request, "Host").value_or(""),
                       .tls = request.tls},
                      origins_);
}

const Proven* Callers::find(const http::Request& request) {
  return std::any_cast<Proven>(&request.caller);
}

const Proven& Callers::of(const http::Request& request) {
  const Proven* caller = find(request);
  if (!caller) throw Failure{Code::SessionMissing, Cause::Refused, "Nobody is signed in."};
  return *caller;
}

Visitor Callers::visitor(const http::Request& request) const {
  const auto devices = request.cookies_named(device_cookie_name(request));
  return {.address = request.peer,
          .agent = std::string{request.header("User-Agent").value_or("")},
          .request = request.id,
          .device = devices.size() == 1 ? std::string{devices.front()} : std::string{}};
}

std::optional<Failure> Callers::fault(const http::Request& request) const {
  try {
    (void)resolve(request);
  } catch (const Failure& failure) {
    return failure;
  }
  return std::nullopt;
}

bool Callers::is_from_here(const http::Request& request) {
  constexpr std::array<std::string_view, 6> kForwarded{
      "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"};
  return request.peer_is_loopback &&
         std::ranges::none_of(kForwarded, [&](auto name) { return request.headers.has(name); });
}

bool Callers::is_protected(const http::Request& request) const {
  return request.tls || (is_from_here(request) && is_own_name(request.header("Host").value_or("")));
}

void Callers::set_cookies(http::Response& response, const http::Request& request,
                          const Fresh& fresh) const {
  // Browsers keep none for longer; the record forgets a device by its own rule.
  constexpr std::chrono::seconds kKept{400 * std::chrono::hours{24}};
  add_cookie(response, request, cookie_name(request), fresh.token, "");
  add_cookie(response, request, device_cookie_name(request), fresh.device,
             fmt::format("; Max-Age={}", kKept.count()));
}

void Callers::clear_cookie(http::Response& response, const http::Request& request) const {
  add_cookie(response, request, cookie_name(request), "", "; Max-Age=0");
}

void Callers::add_cookie(http::Response& response, const http::Request& request,
                         std::string_view name, std::string_view value, std::string_view lasting) {
  response.headers.add("Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax{}{}", name,
                                                 value, lasting, request.tls ? "; Secure" : ""));
}

}  // namespace hedgerow::auth
