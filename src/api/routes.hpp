// The handlers by noun. Each function adds its routes to the router; what they share stands in
// Context.
#pragma once

#include "api/api.hpp"
#include "api/json.hpp"
#include "api/query.hpp"
#include "base/json_in.hpp"

namespace hedgerow::api {

class EventHub;
class FaultLog;
class Metrics;

struct Context {
  const Settings& settings;
  const Parts& parts;
  const auth::Callers& callers;
  EventHub& events;
  Metrics& metrics;
  FaultLog& faults;
  auth::AddressBuckets& reporters;
  const base::WallTime started;
  std::function<http::Load()> load;

  [[nodiscard]] store::Database& db() const { return parts.deps.db; }
  [[nodiscard]] const base::Clock& clock() const { return parts.deps.clock; }
  [[nodiscard]] views::Instant instant() const {
    return {.now = clock().wall(), .fresh_for = settings.fresh_for};
  }
};

// What is typed at the sign-in and when a user is made, and what hashing it costs.
constexpr base::Length kUsername{1, 150};
constexpr base::Length kPassword{1, 1024};
constexpr http::RouteLimits kHashes{.crew = http::Crew::Heavy};

void add_session_routes(http::Router& router, const Context& context);
void add_people_routes(http::Router& router, const Context& context);
void add_fabric_routes(http::Router& router, const Context& context);
void add_run_routes(http::Router& router, const Context& context);
void add_object_routes(http::Router& router, const Context& context);
void add_connection_test_routes(http::Router& router, const Context& context);
void add_server_routes(http::Router& router, const Context& context);
void add_health_routes(http::Router& router, const Context& context);

// One page of a list in the contract's shape.
template <class Row, class Write>
[[nodiscard]] http::Response list_of(const http::Request& request, const store::Paged<Row>& paged,
                                     const store::Page& page, Write&& write_row) {
  const Links around = links(request, page, paged.count);
  base::JsonOut out;
  out.begin_object().field("count", paged.count);
  out.field("next", around.next).field("previous", around.previous).key("results").begin_array();
  for (const Row& row : paged.rows) write_row(out, row);
  out.end_array().end_object();
  return http::Response::json(200, out.take());
}

// The Idempotency-Key of a request with the digest of what counts of its body. Throws
// Failure{Invalid}.
[[nodiscard]] actions::Keyed keyed(const http::Request& request, std::string_view what_counts);

// The connection of a body's field `cluster`; nothing when it is absent.
[[nodiscard]] std::optional<actions::ConnectionRequest> connection_in(base::JsonObject& body);

// The operation of a body, one of those that a person may start.
[[nodiscard]] model::Operation operation_in(base::JsonObject& body);

// What a page says of a click; csrf_refreshed and the end of `fields` are left to the caller.
[[nodiscard]] actions::Click click_in(base::JsonObject& fields);

// What a request wants to see of a fabric's objects. Throws as Query::finish() does.
[[nodiscard]] views::ObjectQuery object_query_in(const http::Request& request);

// The strong ETag of a revision, and the revision of an If-Match. Throws Failure{IfMatchRequired}.
[[nodiscard]] std::string etag(std::int64_t revision);
[[nodiscard]] std::int64_t if_match(const http::Request& request);

}  // namespace hedgerow::api
