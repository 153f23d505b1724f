#include "api/api.hpp"

#include "api/events.hpp"
#include "api/fault_log.hpp"
#include "api/metrics.hpp"

namespace hedgerow::api {

namespace {

// What a program waits at least before it asks again, where nothing better is known.
constexpr std::chrono::seconds kPause{1};

base::Failure with_pause(base::Failure failure) {
  const bool again = failure.http_status() == 503 && base::facts_of(failure.code()).retryable;
  if (!again || failure.retry_after()) return failure;
  return std::move(failure).with_retry_after(kPause);
}

}  // namespace

struct Api::Inside {
  Inside(const Settings& given, const Parts& with)
      : settings{given},
        parts{with},
        events{parts.deps.db, parts.deps.clock, settings, parts.sign_in},
        metrics{parts.deps.db, settings.version} {}

  Settings settings;
  Parts parts;
  EventHub events;
  Metrics metrics;
  FaultLog faults;
  auth::AddressBuckets reporters;
  Context context{settings, parts,     parts.callers,           events, metrics,
                  faults,   reporters, parts.deps.clock.wall(), {}};
};

Api::Api(const Settings& settings, const Parts& parts)
    : inside_{std::make_unique<Inside>(settings, parts)} {}

Api::~Api() = default;

void Api::add_to(http::Router& router) {
  router.before([this](http::Request& request) { inside_->parts.callers.check(request); });
  add_session_routes(router, inside_->context);
  add_people_routes(router, inside_->context);
  add_fabric_routes(router, inside_->context);
  add_run_routes(router, inside_->context);
  add_object_routes(router, inside_->context);
  add_connection_test_routes(router, inside_->context);
  add_server_routes(router, inside_->context);
  add_health_routes(router, inside_->context);
}

http::Response Api::render(const base::Failure& thrown, const http::Request& request) {
  const base::Failure failure = with_pause(thrown);
  const int status = failure.http_status();
  auto response = http::Response::of(status, "application/problem+json",
                                     problem_json(failure, status, request.id));
  if (failure.retry_after())
    response.headers.set("Retry-After", std::to_string(failure.retry_after()->count()));
  if (status == 401) response.headers.set("WWW-Authenticate", "Session realm=\"hedgerow\"");
  return response;
}

void Api::observe(const http::Finished& finished) { inside_->metrics.count(finished); }

void Api::measure_load(std::function<http::Load()> load) {
  inside_->context.load = load;
  inside_->metrics.measure_load(std::move(load));
}

void Api::start() { inside_->events.start(); }
void Api::stop() { inside_->events.stop(); }

}  // namespace hedgerow::api
