// Signing in and out, who is signed in, and the first set-up.
#include "api/routes.hpp"

namespace hedgerow::api {

namespace {

std::string session_json(const Context& context, const http::Request& request,
                         const auth::Proven* proven) {
  const auto users =
      context.db().read([](const store::Snapshot& seen) { return seen.users().count(); });
  base::JsonOut out;
  out.begin_object().field("authenticated", proven != nullptr);
  if (proven) {
    const model::Actor& actor = proven->actor;
    out.key("user").begin_object().field("id", actor.user.value).field("username", actor.name);
    out.field("role", model::name_of(actor.role)).end_object();
    out.key("permissions").begin_array();
    for (const auto each : model::permissions_of(actor.role)) out.value(model::name_of(each));
    out.end_array();
    out.field("csrf_token", context.parts.sign_in.csrf_token(proven->session));
    out.field("idle_ends", proven->session.idle_ends);
    out.field("absolute_ends", proven->session.absolute_ends);
  }
  out.field("server_time", context.clock().wall()).field("version", context.settings.version);
  out.field("setup_needed", users == 0);
  out.field("protected", context.callers.is_protected(request)).end_object();
  return out.take();
}

http::Response signed_in(const Context& context, const http::Request& request,
                         const auth::Fresh& fresh) {
  auto response = http::Response::json(200, session_json(context, request, &fresh.proven));
  context.callers.set_cookies(response, request, fresh);
  return response;
}

http::Response sign_in(const Context& context, const http::Request& request) {
  base::JsonObject body{request.body};
  const std::string username = body.required_text("username", kUsername);
  const base::SecretText password = body.required_secret("password", kPassword);
  // Longer than any that was ever set, in bytes as there.
  if (const auto fault = auth::Passwords::excess(password); !fault.empty())
    body.refuse("password", fault);
  body.finish();
  // Whoever signs in anew leaves the old session behind; whoever fails keeps it.
  return signed_in(
      context, request,
      context.parts.sign_in.with_password(username, password, context.callers.visitor(request),
                                          auth::Callers::find(request)));
}

http::Response set_up(const Context& context, const http::Request& request) {
  base::JsonObject body{request.body};
  const std::string code = body.required_text("code", {1, 200});
  const std::string username = body.required_text("username", kUsername);
  const base::SecretText password = body.required_secret("password", kPassword);
  body.finish();
  return signed_in(
      context, request,
      context.parts.sign_in.set_up(code, username, password, context.callers.visitor(request)));
}

http::Response renew(const Context& context, http::Request& request) {
  auth::Proven proven = auth::Callers::of(request);
  context.parts.sign_in.renew(proven);
  return http::Response::json(200, session_json(context, request, &proven));
}

http::Response sign_out(const Context& context, const http::Request& request) {
  context.parts.sign_in.sign_out(auth::Callers::of(request));
  auto response = http::Response::json(200, session_json(context, request, nullptr));
  context.callers.clear_cookie(response, request);
  // Over unprotected HTTP browsers do not know it and complain.
  if (context.callers.is_protected(request)) response.headers.set("Clear-Site-Data", "\"cache\"");
  return response;
}

}  // namespace

void add_session_routes(http::Router& router, const Context& context) {
  router.add("GET", "/api/session/", [&](http::Request& request) {
    Query{request}.finish();
    return http::Response::json(200, session_json(context, request, auth::Callers::find(request)));
  });
  router.add(
      "POST", "/api/session/", [&](http::Request& r) { return sign_in(context, r); }, kHashes);
  router.add("PATCH", "/api/session/", [&](http::Request& r) { return renew(context, r); });
  router.add("DELETE", "/api/session/", [&](http::Request& r) { return sign_out(context, r); });
  router.add("POST", "/api/setup/", [&](http::Request& r) { return set_up(context, r); }, kHashes);
}

}  // namespace hedgerow::api
