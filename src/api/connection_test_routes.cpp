// Tests of connections that are not stored: begin one, read the rungs measured so far.
#include "api/routes.hpp"

namespace hedgerow::api {

namespace {

// Only who began a test may read it: its evidence speaks of a place that nobody else has asked
// about.
http::Response test_response(const Context& context, const model::Actor& actor,
                             model::ConnectionTestId id, int status) {
  const auto test = context.db().read(
      [&](const store::Snapshot& seen) { return seen.connection_tests().get(id); });
  if (test.actor != actor.user) throw base::Failure{base::Code::NotFound, base::Cause::Missing};
  base::JsonOut out;
  write(out, test);
  return http::Response::json(status, out.take());
}

}  // namespace

void add_connection_test_routes(http::Router& router, const Context& context) {
  router.add("POST", "/api/connection-tests/",
             [&](http::Request& request) {
               const model::Actor& actor = auth::Callers::of(request).actor;
               base::JsonObject body{request.body};
               auto wanted = connection_in(body);
               if (!wanted) body.refuse("cluster", "It is missing.");
               body.finish();
               const auto id = context.parts.tests.begin(actor, std::move(*wanted));
               auto response = test_response(context, actor, id, 202);
               response.headers.set("Location", fmt::format("{}/api/connection-tests/{}/",
                                                            context.settings.base_path, id.value));
               return response;
             },
             {.body_max = 12U << 20U});
  router.add("GET", "/api/connection-tests/{id}/", [&](http::Request& request) {
    Query{request}.finish();
    return test_response(context, auth::Callers::of(request).actor, {id_in(request, "id")}, 200);
  });
}

}  // namespace hedgerow::api
