// Who sent a request, from its cookie, and whether an unsafe one was sent by our own page: layers 3
// to 5, for every face that browsers see.
#pragma once

#include "auth/sign_in.hpp"
#include "http/message.hpp"

namespace hedgerow::auth {

class Callers {
 public:
  // `origins` are those whose pages may ask for changes; empty: this host's own. `sign_in` must
  // outlive it.
  Callers(std::vector<std::string> origins, SignIn& sign_in, store::Database& db);

  // Runs before every handler: refuses /api/ without a session (but for the open routes), and
  // unsafe requests from elsewhere. Fills in `request.caller`.
  void check(http::Request& request) const;

  // Of a request that is none of /api/: who sent it, nothing without a cookie. Throws as
  // SignIn::resolve does.
  [[nodiscard]] std::optional<Proven> resolve(const http::Request& request) const;
  // A form of our own pages, sent by one of them. Throws Failure{OriginRefused},
  // Failure{UnsupportedMediaType}.
  void require_own_form(const http::Request& request) const;
  // Its field with the security token, and that a person is here. Throws Failure{CsrfStale}.
  void accept(Proven& caller, std::string_view token) const;

  // Who is signed in; a handler of an open route may find nobody.
  [[nodiscard]] static const Proven* find(const http::Request& request);
  [[nodiscard]] static const Proven& of(const http::Request& request);

  [[nodiscard]] Visitor visitor(const http::Request& request) const;
  // Why the cookie that came does not stand for a session; nothing when it does or none came.
  [[nodiscard]] std::optional<base::Failure> fault(const http::Request& request) const;

  // Of the session and of the device; the latter outlives the former. By TLS they are Secure and
  // carry the __Host- prefix.
  void set_cookies(http::Response& response, const http::Request& request,
                   const Fresh& fresh) const;
  // Of the session.
  void clear_cookie(http::Response& response, const http::Request& request) const;
  // Whether the request was made on this machine: a forwarded one came from somewhere else,
  // whoever the last hop was.
  [[nodiscard]] static bool is_from_here(const http::Request& request);
  // Whether nobody on the way can read along: TLS, or the same machine.
  [[nodiscard]] bool is_protected(const http::Request& request) const;

 private:
  void require_own_page(const http::Request& request) const;

  [[nodiscard]] std::string_view cookie_name(const http::Request& request) const;
  [[nodiscard]] std::string device_cookie_name(const http::Request& request) const;
  static void add_cookie(http::Response& response, const http::Request& request,
                         std::string_view name, std::string_view value, std::string_view lasting);

  const std::vector<std::string> origins_;
  SignIn& sign_in_;
  const std::string plain_cookie_;
};

}  // namespace hedgerow::auth
