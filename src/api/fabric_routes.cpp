// Fabrics: list, add, look at, change, delete, resume; and the connection in a body, which tests
// use too.
#include "api/routes.hpp"

#include "base/text.hpp"

namespace hedgerow::api {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr base::Length kPem{0, 256 * 1024};
constexpr base::Length kLine{0, 2'000};
// A longer one is refused by its own sentence, which says how long it may be.
constexpr base::Length kName{0, 12U << 20U};
// A larger one is refused by its own sentence, not by the body's limit.
constexpr base::Length kKubeconfig{0, 12U << 20U};
constexpr http::RouteLimits kWithKubeconfig{.body_max = 12U << 20U};

http::Response fabric_response(const Context& context, const model::Actor& actor,
                               model::FabricId id, int status) {
  const auto view = context.db().read([&](const store::Snapshot& seen) {
    return views::fabric(seen, actor, id, context.instant());
  });
  base::JsonOut out;
  write(out, view, actor);
  auto response = http::Response::json(status, out.take());
  response.headers.set("ETag", etag(view.fabric.revision));
  return response;
}

actions::FabricRequest fabric_in(base::JsonObject& body) {
  actions::FabricRequest request;
  request.name = body.text("name", kName);
  request.description = body.text("description", {0, 1'000});
  request.site = body.text("site", {0, 100});
  request.shares_cluster = body.flag("shares_cluster");
  request.cluster = connection_in(body);
  return request;
}

http::Response list_fabrics(const Context& context, const http::Request& request) {
  constexpr std::array<std::string_view, 3> kOrders{"headline", "name", "-name"};
  Query query{request};
  views::FabricQuery wanted;
  wanted.page = query.page();
  wanted.order = static_cast<views::FabricOrder>(query.word("ordering", kOrders));
  wanted.q = query.text("q", 200);
  query.finish();
  const model::Actor& actor = auth::Callers::of(request).actor;
  const auto fabrics = context.db().read([&](const store::Snapshot& seen) {
    return views::fabrics(seen, actor, wanted, context.instant());
  });
  return list_of(
      request, fabrics, wanted.page,
      [&](base::JsonOut& out, const views::FabricView& view) { write(out, view, actor); });
}

http::Response create_fabric(const Context& context, const http::Request& request) {
  const model::Actor& actor = auth::Callers::of(request).actor;
  base::JsonObject body{request.body};
  if (!body.has("name")) body.refuse("name", "It is missing.");
  actions::FabricRequest wanted = fabric_in(body);
  body.finish();
  const auto key = keyed(request, request.body);
  const auto made = actions::create_fabric(context.parts.deps, actor, std::move(wanted), key);
  auto response = fabric_response(context, actor, made.id, 201);
  response.headers.set(
      "Location", fmt::format("{}/api/fabrics/{}/", context.settings.base_path, made.id.value));
  if (made.replayed) response.headers.set("Idempotency-Replayed", "true");
  return response;
}

http::Response edit_fabric(const Context& context, const http::Request& request) {
  const model::Actor& actor = auth::Callers::of(request).actor;
  const model::FabricId id{id_in(request, "id")};
  base::JsonObject body{request.body};
  actions::FabricRequest wanted = fabric_in(body);
  wanted.accept_identity = body.text("accept_identity", {1, 200});
  wanted.accept_rewind = body.flag("accept_rewind").value_or(false);
  body.finish();
  actions::edit_fabric(context.parts.deps, actor, id, std::move(wanted), if_match(request));
  return fabric_response(context, actor, id, 200);
}

http::Response delete_fabric(const Context& context, const http::Request& request) {
  Query query{request};
  const std::string name = query.text("name", 1'000);
  query.finish();
  actions::delete_fabric(context.parts.deps, auth::Callers::of(request).actor,
                         {id_in(request, "id")}, name);
  return http::Response::nothing();
}

}  // namespace

std::optional<actions::ConnectionRequest> connection_in(base::JsonObject& body) {
  auto fields = body.object("cluster");
  if (!fields) return std::nullopt;
  actions::ConnectionRequest request;
  request.kubeconfig = fields->text("kubeconfig", kKubeconfig);
  request.context = fields->text("context", kLine).value_or("");
  request.server = fields->text("server", kLine);
  request.ca = fields->text("ca", kPem);
  request.token = fields->secret("token", {0, 64 * 1024});
  request.client_certificate = fields->text("client_cert", kPem);
  request.client_key = fields->secret("client_key", kPem);
  request.tls_server_name = fields->text("tls_server_name", kLine);
  request.namespaces = fields->texts("namespaces", 100, {0, 253});
  fields->finish();
  return request;
}

actions::Keyed keyed(const http::Request& request, std::string_view what_counts) {
  const std::string_view key = request.header("Idempotency-Key").value_or("");
  if (!actions::is_sound_key(key)) {
    const std::string detail =
        "The header Idempotency-Key must have 8 to 64 letters, digits, - or _.";
    throw Failure{Code::Invalid, Cause::Refused, detail}.with_fields({{"Idempotency-Key", detail}});
  }
  return {.route = request.method + " " + request.path,
          .key = std::string{key},
          .body = base::digest_of(what_counts)};
}

std::string etag(std::int64_t revision) { return fmt::format("\"{}\"", revision); }

std::int64_t if_match(const http::Request& request) {
  const auto header = request.header("If-Match");
  if (!header) throw Failure{Code::IfMatchRequired, Cause::Refused};
  std::int64_t revision = -1;
  const std::string_view text = *header;
  if (text.size() > 2 && text.front() == '"' && text.back() == '"')
    (void)std::from_chars(text.data() + 1, text.data() + text.size() - 1, revision);
  return revision;
}

void add_fabric_routes(http::Router& router, const Context& context) {
  router.add("GET", "/api/fabrics/", [&](http::Request& r) { return list_fabrics(context, r); });
  router.add(
      "POST", "/api/fabrics/", [&](http::Request& r) { return create_fabric(context, r); },
      kWithKubeconfig);
  router.add("GET", "/api/fabrics/{id}/", [&](http::Request& request) {
    Query{request}.finish();
    return fabric_response(context, auth::Callers::of(request).actor, {id_in(request, "id")}, 200);
  });
  router.add(
      "PATCH", "/api/fabrics/{id}/", [&](http::Request& r) { return edit_fabric(context, r); },
      kWithKubeconfig);
  router.add("DELETE", "/api/fabrics/{id}/",
             [&](http::Request& r) { return delete_fabric(context, r); });
  router.add("POST", "/api/fabrics/{id}/resume/", [&](http::Request& request) {
    const model::Actor& actor = auth::Callers::of(request).actor;
    const model::FabricId id{id_in(request, "id")};
    actions::resume_fabric(context.parts.deps, actor, id);
    return fabric_response(context, actor, id, 200);
  });
}

}  // namespace hedgerow::api
