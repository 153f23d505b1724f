// Runs: start or join, look at, cancel, what each changed.
#include "api/routes.hpp"
#include "base/text.hpp"

namespace hedgerow::api {

using base::Cause;
using base::Code;
using base::Failure;

actions::Click click_in(base::JsonObject& fields) {
  actions::Click click;
  const std::string clicked = fields.text("clicked_at", {0, 50}).value_or("");
  click.clicked_at = base::parse_rfc3339(clicked);
  if (!clicked.empty() && !click.clicked_at) fields.refuse("clicked_at", "It is no RFC 3339 time.");
  click.page_version = fields.text("page_version", {0, 50}).value_or("");
  click.tab = fields.text("tab", {0, 50}).value_or("");
  click.tries = fields.whole("tries").value_or(1);
  if (click.tries < 1 || click.tries > 10'000) fields.refuse("tries", "It must be 1 to 10,000.");
  return click;
}

model::Operation operation_in(base::JsonObject& body) {
  const auto operation = model::named<model::Operation>(body.required_text("operation", {1, 30}));
  const bool offered = operation == model::Operation::Pull || operation == model::Operation::Test;
  if (!offered) body.refuse("operation", "It must be pull or test.");
  return operation.value_or(model::Operation::Pull);
}

namespace {

std::optional<actions::Click> sent_click_in(base::JsonObject& body) {
  auto fields = body.object("client");
  if (!fields) return std::nullopt;
  actions::Click click = click_in(*fields);
  click.csrf_refreshed = fields->flag("csrf_refreshed").value_or(false);
  fields->finish();
  return click;
}

// The body of a run; `counts` gets what makes two requests with one key the same (the click does
// not).
actions::RunRequest run_in(const http::Request& request, std::string& counts) {
  base::JsonObject body{request.body};
  actions::RunRequest wanted;
  wanted.operation = operation_in(body);
  wanted.follow_up = body.flag("follow_up").value_or(false);
  wanted.reason = body.text("reason", {0, 500}).value_or("");
  wanted.passage.click = sent_click_in(body);
  body.finish();
  counts = fmt::format("{}\n{}\n{}", name_of(wanted.operation), wanted.follow_up, wanted.reason);
  return wanted;
}

// A page of another build may mean something else by what it sends.
void require_this_page(const Context& context, const std::optional<actions::Click>& click) {
  const std::string& ours = context.settings.page_version;
  if (!click || click->page_version.empty() || ours.empty() || click->page_version == ours) return;
  throw Failure{Code::AssetsOutdated, Cause::Refused,
                fmt::format("The page that asks is {}; this server carries {}.",
                            base::shown(click->page_version, 50), ours)};
}

std::string run_json(const views::RunView& view) {
  base::JsonOut out;
  write(out, view.run, view.waiting);
  return out.take();
}

views::RunView read_run(const Context& context, const http::Request& request, model::RunId id) {
  return context.db().read([&](const store::Snapshot& seen) {
    return views::run(seen, auth::Callers::of(request).actor, id);
  });
}

http::Response start_run(const Context& context, const http::Request& request) {
  const auth::Proven& caller = auth::Callers::of(request);
  std::string counts;
  actions::RunRequest wanted = run_in(request, counts);
  require_this_page(context, wanted.passage.click);
  wanted.fabric = {id_in(request, "id")};
  wanted.passage.received = context.clock().wall();
  wanted.passage.signed_in = auth::how_signed_in(caller.session);
  wanted.passage.session_ends = caller.session.idle_ends;
  const auto started =
      actions::start_run(context.parts.deps, caller.actor, wanted, keyed(request, counts));
  base::JsonOut out;
  out.begin_object().field("joined", started.joined);
  out.raw_field("run", run_json(read_run(context, request, started.run))).end_object();
  auto response = http::Response::json(202, out.take());
  response.headers.set(
      "Location", fmt::format("{}/api/runs/{}/", context.settings.base_path, started.run.value));
  if (started.replayed) response.headers.set("Idempotency-Replayed", "true");
  response.noted = {"run", started.run.value};
  return response;
}

http::Response list_runs(const Context& context, const http::Request& request,
                         std::optional<model::FabricId> fabric) {
  const model::Actor& actor = auth::Callers::of(request).actor;
  Query query{request};
  const store::Page page = query.page();
  const std::string key = fabric ? query.text("key", 64) : "";
  query.finish();
  const auto runs = context.db().read([&](const store::Snapshot& seen) {
    if (key.empty()) return views::runs(seen, actor, fabric, page);
    store::Paged<model::Run> found;
    const auto made = seen.request_keys().find({actor.user, "POST " + request.path, key});
    if (made) found.rows.push_back(views::run(seen, actor, {made->id}).run);
    found.count = static_cast<std::int64_t>(found.rows.size());
    return found;
  });
  return list_of(request, runs, page,
                 [](base::JsonOut& out, const model::Run& run) { write(out, run); });
}

std::optional<model::ChangeKind> change_in(Query& query) {
  constexpr auto& kNames = model::ClosedSet<model::ChangeKind>::kNames;
  static constexpr std::array<std::string_view, kNames.size() + 1> kWords{"any", kNames[0],
                                                                          kNames[1], kNames[2]};
  const std::size_t at = query.word("change", kWords);
  if (at == 0) return std::nullopt;
  return static_cast<model::ChangeKind>(at - 1);
}

}  // namespace

void add_run_routes(http::Router& router, const Context& context) {
  router.add("GET", "/api/runs/",
             [&](http::Request& r) { return list_runs(context, r, std::nullopt); });
  router.add("GET", "/api/fabrics/{id}/runs/", [&](http::Request& r) {
    return list_runs(context, r, model::FabricId{id_in(r, "id")});
  });
  router.add("POST", "/api/fabrics/{id}/runs/",
             [&](http::Request& r) { return start_run(context, r); });
  router.add("GET", "/api/runs/{id}/", [&](http::Request& request) {
    Query{request}.finish();
    const auto view = read_run(context, request, {id_in(request, "id")});
    auto response = http::Response::json(200, run_json(view));
    response.headers.set("ETag", etag(view.run.revision));
    return response;
  });
  router.add("POST", "/api/runs/{id}/cancel/", [&](http::Request& request) {
    const model::RunId id{id_in(request, "id")};
    actions::cancel_run(context.parts.deps, auth::Callers::of(request).actor, id);
    return http::Response::json(202, run_json(read_run(context, request, id)));
  });
  router.add("GET", "/api/runs/{id}/changes/", [&](http::Request& request) {
    Query query{request};
    const store::Page page = query.page();
    const auto only = change_in(query);
    query.finish();
    const model::RunId id{id_in(request, "id")};
    const auto changes = context.db().read([&](const store::Snapshot& seen) {
      return views::changes(seen, auth::Callers::of(request).actor, id, only, page);
    });
    return list_of(request, changes, page,
                   [](base::JsonOut& out, const model::Change& change) { write(out, change); });
  });
}

}  // namespace hedgerow::api
