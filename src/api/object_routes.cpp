// Kinds, objects and their history.
#include "api/routes.hpp"

#include "base/yaml_out.hpp"

namespace hedgerow::api {

namespace {

// "Connection" or "wiring.githedgehog.com/Connection".
store::KindName kind_name(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {.group = "", .kind = std::string{text}};
  return {.group = std::string{text.substr(0, slash)}, .kind = std::string{text.substr(slash + 1)}};
}

store::ObjectOrder order_in(Query& query) {
  constexpr std::array<std::string_view, 8> kWords{
      "name", "-name", "kind", "-kind", "namespace", "-namespace", "changed", "-changed"};
  const std::size_t at = query.word("ordering", kWords);
  return {.by = static_cast<store::ObjectColumn>(at / 2), .descending = at % 2 == 1};
}

store::ObjectFilter filter_in(Query& query) {
  store::ObjectFilter filter;
  for (const std::string& kind : query.texts("kind", 100)) filter.kinds.push_back(kind_name(kind));
  filter.namespaces = query.texts("namespace", 100);
  filter.q = query.text("q", 200);
  filter.name_part = query.text("name__ic", 253);
  filter.presence = static_cast<model::Presence>(
      query.word("presence", model::ClosedSet<model::Presence>::kNames));
  return filter;
}

}  // namespace

views::ObjectQuery object_query_in(const http::Request& request) {
  Query query{request};
  views::ObjectQuery wanted;
  wanted.page = query.page();
  wanted.order = order_in(query);
  wanted.filter = filter_in(query);
  query.finish();
  return wanted;
}

namespace {

http::Response list_objects(const Context& context, const http::Request& request) {
  const views::ObjectQuery wanted = object_query_in(request);
  const model::FabricId fabric{id_in(request, "id")};
  const auto objects = context.db().read([&](const store::Snapshot& seen) {
    return views::objects(seen, auth::Callers::of(request).actor, fabric, wanted);
  });
  return list_of(request, objects, wanted.page,
                 [](base::JsonOut& out, const views::ObjectView& view) { write(out, view); });
}

http::Response list_kinds(const Context& context, const http::Request& request) {
  Query{request}.finish();
  const model::FabricId fabric{id_in(request, "id")};
  store::Paged<model::KindState> kinds;
  kinds.rows = context.db().read([&](const store::Snapshot& seen) {
    return views::kinds(seen, auth::Callers::of(request).actor, fabric);
  });
  kinds.count = static_cast<std::int64_t>(kinds.rows.size());
  return list_of(request, kinds, {.limit = kinds.count, .offset = 0},
                 [](base::JsonOut& out, const model::KindState& state) { write(out, state); });
}

http::Response get_object(const Context& context, const http::Request& request) {
  constexpr std::array<std::string_view, 2> kFormats{"json", "yaml"};
  Query query{request};
  const bool yaml = query.word("format", kFormats) == 1;
  query.finish();
  const model::ObjectId id{id_in(request, "id")};
  const auto view = context.db().read([&](const store::Snapshot& seen) {
    return views::object(seen, auth::Callers::of(request).actor, id);
  });
  if (yaml) {
    return http::Response::of(200, "application/yaml; charset=utf-8",
                              base::yaml_of(view.object.observed.document));
  }
  base::JsonOut out;
  write_whole(out, view);
  return http::Response::json(200, out.take());
}

http::Response get_history(const Context& context, const http::Request& request) {
  Query query{request};
  const store::Page page = query.page();
  query.finish();
  const model::ObjectId id{id_in(request, "id")};
  const auto changes = context.db().read([&](const store::Snapshot& seen) {
    return views::history(seen, auth::Callers::of(request).actor, id, page);
  });
  return list_of(request, changes, page,
                 [](base::JsonOut& out, const model::Change& change) { write(out, change); });
}

}  // namespace

void add_object_routes(http::Router& router, const Context& context) {
  router.add("GET", "/api/fabrics/{id}/kinds/",
             [&](http::Request& r) { return list_kinds(context, r); });
  router.add("GET", "/api/fabrics/{id}/objects/",
             [&](http::Request& r) { return list_objects(context, r); });
  router.add("GET", "/api/objects/{id}/", [&](http::Request& r) { return get_object(context, r); });
  router.add("GET", "/api/objects/{id}/history/",
             [&](http::Request& r) { return get_history(context, r); });
}

}  // namespace hedgerow::api
