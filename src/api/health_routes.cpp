// How the server finds itself: for a person with the session, in one word for who watches it. And
// what pages report of themselves.
#include "api/fault_log.hpp"
#include "api/routes.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace hedgerow::api {

namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";

// Whether a change is kept now: for people, who may wait for it.
Check probed_writing(const Context& context) {
  const base::SteadyTime began = context.clock().steady();
  try {
    const auto deadline = base::Deadline::in(context.clock(), context.settings.probe_wait);
    context.db().write(deadline, [](store::Txn& txn) { txn.changes().probe(); });
  } catch (const base::Failure& failure) {
    return {"writing", false, failure.detail(), failure.next()};
  }
  const auto took = std::chrono::ceil<base::Milliseconds>(context.clock().steady() - began);
  return {"writing",
          true,
          fmt::format("A change made to see it was kept within {} ms.", took.count()),
          {}};
}

// What became of the latest change: for who asks each second. The sign of life of the workers is
// one, so it is seldom older than runs.beat.
Check known_writing(const Context& context) {
  const auto trouble = context.db().trouble();
  if (!trouble) return {"writing", true, "The latest change was kept.", {}};
  return {"writing", false, trouble->detail(), trouble->next()};
}

Check log_of(const Context& context) {
  const std::int64_t stuck = context.db().stuck_log();
  if (stuck == 0) return {"log", true, "It is shorter than its alarm, database.log_alarm.", {}};
  return {
      "log", false,
      fmt::format("The database's log has grown to {:.0f} MB: somebody reads an older state, so "
                  "that it cannot be moved.",
                  static_cast<double>(stuck) / 1e6),
      "End programs that have the database open beside Hedgerow. Its own answers let go by "
      "themselves.",
      true};
}

// The one list, whoever asks.
std::vector<Check> all_checks(const Context& context, Check writing) {
  std::vector<Check> checks = context.parts.checks();
  checks.push_back(log_of(context));
  checks.push_back(std::move(writing));
  return checks;
}

std::string verdict_on(const Check& check) {
  if (check.good) return fmt::format("[+]{} ok\n", check.name);
  return fmt::format("[-]{} failed{}: reason withheld\n", check.name,
                     check.serves ? ", ready nevertheless" : "");
}

// As Kubernetes' own servers answer: a line per check with ?verbose or when it is not ready, else
// one word; ?exclude= leaves out what it names. Anybody may ask, so why a check failed is said in
// System health alone.
http::Response readiness(const Context& context, const http::Request& request) {
  Query query{request};
  const bool verbose = query.present("verbose");
  const auto excluded = query.texts("exclude", 20);
  query.finish();
  std::set<std::string_view> unmatched{excluded.begin(), excluded.end()};
  std::string lines;
  bool ready = true;
  for (const Check& check : all_checks(context, known_writing(context))) {
    if (std::ranges::find(excluded, check.name) != excluded.end()) {
      unmatched.erase(check.name);
      lines += fmt::format("[+]{} excluded: ok\n", check.name);
      continue;
    }
    ready = ready && (check.good || check.serves);
    lines += verdict_on(check);
  }
  for (const std::string_view name : unmatched)
    lines += fmt::format("warn: some checks cannot be excluded: no match for \"{}\"\n",
                         base::shown(name, 50));
  const std::string word = ready ? "ok\n" : "not ready\n";
  return http::Response::of(ready ? 200 : 503, kText, verbose || !ready ? lines + word : word);
}

void write(base::JsonOut& out, const Check& check) {
  out.begin_object().field("name", check.name).field("good", check.good);
  out.field("detail", check.detail).field("next", check.next).end_object();
}

void write(base::JsonOut& out, const SeenFault& fault) {
  out.begin_object().field("at", base::rfc3339(fault.at)).field("times", fault.times);
  out.field("request_id", fault.request).field("run", fault.run);
  out.field("code", base::facts_of(fault.code).name)
      .field("layer", base::facts_of(fault.code).layer);
  out.field("place", fault.place).field("detail", fault.detail).end_object();
}

http::Response health(const Context& context, const http::Request& request) {
  Query{request}.finish();
  const std::vector<Check> checks = all_checks(context, probed_writing(context));
  base::JsonOut out;
  out.begin_object().field("as_of", base::rfc3339(context.clock().wall()));
  out.field("started", base::rfc3339(context.started)).field("version", context.settings.version);
  out.field("page", context.settings.page_version).field("streams", context.load().streams);
  out.key("checks").begin_array();
  for (const Check& check : checks) write(out, check);
  out.end_array().key("faults").begin_array();
  for (const SeenFault& fault : context.faults.latest_first()) write(out, fault);
  out.end_array().end_object();
  return http::Response::json(200, out.take());
}

void keep_fault(const Context& context, const http::Request& request, base::Code code,
                std::string place, std::string_view detail) {
  const SeenFault fault{.at = context.clock().wall(),
                        .request = request.id,
                        .run = {},
                        .code = code,
                        .place = std::move(place),
                        .detail = base::scrubbed(detail, 4'000)};
  base::log::warning("page_fault", {{"request_id", fault.request},
                                    {"code", base::facts_of(fault.code).name},
                                    {"place", fault.place},
                                    {"detail", fault.detail}});
  context.faults.note(fault);
}

// The click of a report; nothing where the report is of the page itself.
std::optional<model::LostClick> lost_click_in(const Context& context, base::JsonObject& body) {
  auto fields = body.object("click");
  if (!fields) return std::nullopt;
  model::LostClick click;
  click.fabric.value = fields->whole("fabric").value_or(0);
  click.operation = operation_in(*fields);
  click.key = fields->required_text("key", {8, 64});
  if (!actions::is_sound_key(click.key))
    fields->refuse("key", "It must have 8 to 64 letters, digits, - or _.");
  const actions::Click made = click_in(*fields);
  click.clicked = made.clicked_at.value_or(context.clock().wall());
  click.tries = made.tries;
  click.tab = made.tab;
  click.page_version = made.page_version;
  fields->finish();
  return click;
}

http::Response report(const Context& context, const http::Request& request) {
  base::JsonObject body{request.body};
  auto click = lost_click_in(context, body);
  const auto code = base::code_named(body.required_text("code", {1, 50}));
  const bool of_page = code == base::Code::ViewFault || code == base::Code::BootFailed;
  const bool of_click = click && code && base::facts_of(*code).layer <= 2;
  if (!click && !of_page) body.refuse("code", "It must be view_fault or boot_failed.");
  if (click && !of_click) body.refuse("code", "Of a click it must be a code of layer 1 or 2.");
  const std::string view = body.required_text("view", {1, 200});
  std::string detail = body.text("detail", {0, 4'000}).value_or("");
  std::ranges::replace(detail, '\n', ' ');
  const std::string page = body.text("page_version", {0, 50}).value_or("");
  body.finish();
  if (click) {
    click->code = *code;
    actions::tell_lost_click(context.parts.deps, auth::Callers::of(request).actor, *click,
                             fmt::format("POST /api/fabrics/{}/runs/", click->fabric.value));
  } else {
    const std::string place = page.empty() ? view : fmt::format("{}, page {}", view, page);
    keep_fault(context, request, *code, base::shown(place, 300), detail);
  }
  base::JsonOut out;
  out.begin_object().field("request_id", request.id).end_object();
  return http::Response::json(202, out.take());
}

// Where somebody was, without what may be secret in an address.
std::string place_of(base::JsonObject& report, std::string_view name) {
  const std::string url = report.text(name, {0, 2'000}).value_or("");
  return base::shown(url.substr(0, url.find_first_of("?#")), 300);
}

// What a browser kept from being loaded or run, by the policy of our pages (CSP 3, section 5.3).
// Anybody may send it: it goes into the log alone, and only so often from one address.
http::Response violation(const Context& context, const http::Request& request) {
  const auto wait =
      context.reporters.refuse(request.peer, context.clock().steady(), context.settings.strangers);
  if (wait)
    throw base::Failure{base::Code::RateLimited, base::Cause::NotYet,
                        "Too many reports from your address."}
        .with_retry_after(std::chrono::ceil<std::chrono::seconds>(*wait));
  base::JsonObject body{request.body};
  auto report = body.object("csp-report");
  if (!report) {
    body.refuse("csp-report", "It must be an object.");
    body.finish();
  }
  base::log::warning(
      "policy_violation",
      {{"request_id", request.id},
       {"page", place_of(*report, "document-uri")},
       {"directive", base::shown(report->text("effective-directive", {0, 100}).value_or(""), 100)},
       {"blocked", place_of(*report, "blocked-uri")}});
  return http::Response::of(204, "", "");
}

constexpr http::RouteLimits kProbe{.crew = http::Crew::Probes};
constexpr http::RouteLimits kReport{.body_max = 16 * 1024};

}  // namespace

void add_health_routes(http::Router& router, const Context& context) {
  const auto alive = [](http::Request& request) {
    Query{request}.finish();
    return http::Response::of(200, kText, "ok\n");
  };
  router.add("GET", "/livez", alive, kProbe);
  router.add("GET", "/readyz", [&](http::Request& r) { return readiness(context, r); }, kProbe);
  router.add("GET", "/api/health/", [&](http::Request& r) { return health(context, r); });
  router.add(
      "POST", "/api/csp-reports/", [&](http::Request& r) { return violation(context, r); },
      kReport);
  router.add("POST", "/api/client-reports/", [&](http::Request& r) { return report(context, r); });
}

}  // namespace hedgerow::api
