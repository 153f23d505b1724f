// Metrics, version, the contract and the event stream.
#include "api/events.hpp"
#include "api/metrics.hpp"

extern "C" {
extern const char hedgerow_embedded_contract_yaml[];
extern const char hedgerow_embedded_contract_yaml_end[];
extern const char hedgerow_embedded_contract_json[];
extern const char hedgerow_embedded_contract_json_end[];
}

namespace hedgerow::api {

namespace {

http::Response embedded(const http::Request& request, std::string_view type, const char* begin,
                        const char* end) {
  Query{request}.finish();
  http::Response response = http::Response::of(200, type, "");
  response.fixed_body = std::as_bytes(std::span{begin, end});
  return response;
}

http::Response metrics(const Context& context, const http::Request& request) {
  Query{request}.finish();
  if (!auth::Callers::is_from_here(request)) {
    throw base::Failure{base::Code::Forbidden, base::Cause::Denied,
                        "Metrics are given to this machine only."};
  }
  return http::Response::of(200, "text/plain; version=0.0.4; charset=utf-8",
                            context.metrics.text());
}

}  // namespace

void add_server_routes(http::Router& router, const Context& context) {
  router.add("GET", "/api/openapi.yaml", [](http::Request& r) {
    return embedded(r, "application/yaml; charset=utf-8", hedgerow_embedded_contract_yaml,
                    hedgerow_embedded_contract_yaml_end);
  });
  router.add("GET", "/api/openapi.json", [](http::Request& r) {
    return embedded(r, "application/json", hedgerow_embedded_contract_json,
                    hedgerow_embedded_contract_json_end);
  });
  router.add("GET", "/api/events/", [&](http::Request& r) { return context.events.open(r); });
  router.add("GET", "/metrics", [&](http::Request& r) { return metrics(context, r); });
  router.add("GET", "/version", [&](http::Request& request) {
    Query{request}.finish();
    base::JsonOut out;
    out.begin_object().field("version", context.settings.version);
    out.field("page", context.settings.page_version).end_object();
    return http::Response::json(200, out.take());
  });
}

}  // namespace hedgerow::api
