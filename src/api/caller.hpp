// Who sent a request, from its cookie, and whether an unsafe one was sent by our own page: layers 3
// to 5.
#pragma once

#include "api/api.hpp"

namespace hedgerow::api {

class Callers {
 public:
  Callers(const Settings& settings, auth::SignIn& sign_in, store::Database& db);

  // Runs before every handler: refuses /api/ without a session (but for the open routes), and
  // unsafe requests from elsewhere. Fills in `request.caller`.
  void check(http::Request& request) const;

  // Who is signed in; a handler of an open route may find nobody.
  [[nodiscard]] static const auth::Proven* find(const http::Request& request);
  [[nodiscard]] static const auth::Proven& of(const http::Request& request);

  [[nodiscard]] static auth::Visitor visitor(const http::Request& request);
  // Why the cookie that came does not stand for a session; nothing when it does or none came.
  [[nodiscard]] std::optional<base::Failure> fault(const http::Request& request) const;

  void set_cookie(http::Response& response, const std::string& token) const;
  void clear_cookie(http::Response& response) const;
  // Whether the request was made on this machine: a forwarded one came from somewhere else,
  // whoever the last hop was.
  [[nodiscard]] static bool is_from_here(const http::Request& request);
  // Whether nobody on the way can read along: TLS, or the same machine.
  [[nodiscard]] bool is_protected(const http::Request& request) const;

 private:
  [[nodiscard]] std::optional<auth::Proven> resolve(const http::Request& request) const;
  void require_own_page(const http::Request& request) const;

  const Settings& settings_;
  auth::SignIn& sign_in_;
  std::string cookie_name_;
};

}  // namespace hedgerow::api
