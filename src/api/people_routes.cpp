// Local users and where people are signed in: list, make, give another role, end a session.
#include "actions/people.hpp"
#include "api/events.hpp"
#include "views/people.hpp"

namespace hedgerow::api {

namespace {

model::Role role_in(base::JsonObject& body) {
  const auto role = model::named<model::Role>(body.required_text("role", {1, 30}));
  if (!role) body.refuse("role", "It must be viewer, operator or administrator.");
  return role.value_or(model::Role::Viewer);
}

http::Response user_response(const store::User& user, int status) {
  base::JsonOut out;
  write(out, user);
  auto response = http::Response::json(status, out.take());
  response.headers.set("ETag", etag(user.revision));
  return response;
}

http::Response read_user(const Context& context, const http::Request& request) {
  const model::UserId id{id_in(request, "id")};
  const auto user = context.db().read([&](const store::Snapshot& seen) {
    return views::user(seen, auth::Callers::of(request).actor, id);
  });
  return user_response(user, 200);
}

http::Response list_users(const Context& context, const http::Request& request) {
  Query query{request};
  const store::Page page = query.page();
  query.finish();
  model::require(auth::Callers::of(request).actor, model::Permission::UsersManage, "");
  const auto users =
      context.db().read([&](const store::Snapshot& seen) { return seen.users().page(page); });
  return list_of(request, users, page,
                 [](base::JsonOut& out, const store::User& user) { write(out, user); });
}

http::Response create_user(const Context& context, const http::Request& request) {
  const model::Actor& actor = auth::Callers::of(request).actor;
  model::require(actor, model::Permission::UsersManage, "");
  base::JsonObject body{request.body};
  auth::Account user;
  user.name = body.required_text("username", kUsername);
  const base::SecretText password = body.required_secret("password", kPassword);
  user.role = role_in(body);
  if (const auto fault = auth::Passwords::weakness(password, user.name); !fault.empty())
    body.refuse("password", fault);
  body.finish();
  user.password_hash = context.parts.passwords.hash(password);
  return user_response(actions::make_user(context.parts.deps, actor, user), 201);
}

http::Response edit_user(const Context& context, const http::Request& request) {
  const model::Actor& actor = auth::Callers::of(request).actor;
  model::require(actor, model::Permission::UsersManage, "");
  actions::RoleRequest wanted;
  wanted.user = model::UserId{id_in(request, "id")};
  wanted.revision = if_match(request);
  base::JsonObject body{request.body};
  wanted.role = role_in(body);
  body.finish();
  const auto user = actions::set_role(context.parts.deps, actor, wanted);
  if (user.revision != wanted.revision) context.events.role_changed(user.id);
  return user_response(user, 200);
}

http::Response list_sessions(const Context& context, const http::Request& request) {
  const model::Actor& actor = auth::Callers::of(request).actor;
  Query query{request};
  const store::Page page = query.page();
  const std::int64_t user = query.whole("user", 1, std::numeric_limits<std::int64_t>::max(), 0);
  query.finish();
  const auto of = user == 0 ? std::nullopt : std::optional{model::UserId{user}};
  const auto sessions = context.db().read(
      [&](const store::Snapshot& seen) { return views::sessions(seen, actor, of, page); });
  return list_of(request, sessions, page, [&](base::JsonOut& out, const store::Session& session) {
    write(out, session, actor.session);
  });
}

http::Response end_session(const Context& context, const http::Request& request) {
  const model::Actor& actor = auth::Callers::of(request).actor;
  const model::SessionId id{id_in(request, "id")};
  actions::end_session(context.parts.deps, actor, id);
  context.events.session_ended(id);
  auto response = http::Response::nothing();
  if (id == actor.session) context.callers.clear_cookie(response, request);
  return response;
}

}  // namespace

void add_people_routes(http::Router& router, const Context& context) {
  router.add("GET", "/api/users/", [&](http::Request& r) { return list_users(context, r); });
  router.add(
      "POST", "/api/users/", [&](http::Request& r) { return create_user(context, r); }, kHashes);
  router.add("GET", "/api/users/{id}/", [&](http::Request& request) {
    Query{request}.finish();
    return read_user(context, request);
  });
  router.add("PATCH", "/api/users/{id}/", [&](http::Request& r) { return edit_user(context, r); });
  router.add("GET", "/api/sessions/", [&](http::Request& r) { return list_sessions(context, r); });
  router.add("DELETE", "/api/sessions/{id}/",
             [&](http::Request& r) { return end_session(context, r); });
}

}  // namespace hedgerow::api
