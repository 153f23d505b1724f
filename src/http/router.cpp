#include "http/router.hpp"

#include "base/check.hpp"
#include "base/failure.hpp"
#include "base/text.hpp"

namespace hedgerow::http {

struct Router::Route {
  std::string pattern;
  std::vector<std::string> places;  // Names of the places, in order.
  Handler handler;
  RouteLimits limits;
};

// One segment of the paths: what may follow it, and what answers a path that ends with it.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> place;
  std::map<std::string, Route, std::less<>> by_method;
};

namespace {

[[nodiscard]] std::vector<std::string_view> segments_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return {};
  return base::split(path, '/');
}

[[nodiscard]] bool is_place(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

// The node that a path ends at, and what stands in the places on the way. A literal is tried before
// a place, and left again when it leads nowhere.
template <class Node>
[[nodiscard]] const Node* walk(const Node& node, std::span<const std::string_view> left,
                               std::vector<std::string_view>& places) {
  if (left.empty()) return node.by_method.empty() ? nullptr : &node;
  if (const auto literal = node.literals.find(left.front()); literal != node.literals.end())
    if (const Node* end = walk(*literal->second, left.subspan(1), places)) return end;
  if (!node.place) return nullptr;
  places.push_back(left.front());
  if (const Node* end = walk(*node.place, left.subspan(1), places)) return end;
  places.pop_back();
  return nullptr;
}

template <class Node>
[[nodiscard]] const Node* end_of(const Node& root, std::string_view path,
                                 std::vector<std::string_view>& places) {
  const auto segments = segments_of(path);
  return walk(root, std::span{segments}, places);
}

// HEAD is GET without the body, wherever nobody said otherwise.
template <class Node>
[[nodiscard]] auto route_at(const Node& node, std::string_view method) {
  auto found = node.by_method.find(method);
  if (found == node.by_method.end() && method == "HEAD") found = node.by_method.find("GET");
  return found == node.by_method.end() ? nullptr : &found->second;
}

}  // namespace

Router::Router() : root_{std::make_unique<Node>()} {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(std::string_view method, std::string_view pattern, Handler handler,
                 RouteLimits limits) {
  CHECK(pattern.starts_with('/') && handler);
  Route route{std::string{pattern}, {}, std::move(handler), limits};
  Node* node = root_.get();
  for (const std::string_view segment : segments_of(pattern)) {
    CHECK(!segment.empty());
    std::unique_ptr<Node>& next =
        is_place(segment) ? node->place : node->literals[std::string{segment}];
    if (is_place(segment)) route.places.emplace_back(segment.substr(1, segment.size() - 2));
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  const bool added = node->by_method.try_emplace(std::string{method}, std::move(route)).second;
  CHECK(added);
  routes_.push_back({std::string{method}, std::string{pattern}});
}

void Router::fallback(Handler handler) { fallback_ = std::move(handler); }

void Router::before(std::function<void(Request&)> check) { before_ = std::move(check); }

const Router::Route* Router::route_of(const Request& request,
                                      std::vector<std::string_view>& places) const {
  const Node* node = end_of(*root_, request.path, places);
  return node ? route_at(*node, request.method) : nullptr;
}

RouteLimits Router::resolve(Request& request) const {
  request.route.clear();
  request.parameters.clear();
  std::vector<std::string_view> places;
  const Route* route = route_of(request, places);
  if (!route) return {};
  request.route = route->pattern;
  for (std::size_t i = 0; i < places.size(); ++i)
    request.parameters.push_back({route->places.at(i), std::string{places[i]}});
  return route->limits;
}

Response Router::answer(Request& request) const {
  if (before_) before_(request);
  std::vector<std::string_view> places;
  if (const Route* route = route_of(request, places)) return route->handler(request);
  if (const std::string methods = allowed(request.path); !methods.empty())
    throw base::Failure{base::Code::MethodNotAllowed, base::Cause::Refused,
                        fmt::format("{} is not possible here, only {}.", request.method, methods)};
  if (fallback_ && (request.method == "GET" || request.method == "HEAD")) return fallback_(request);
  throw base::Failure{base::Code::NotFound, base::Cause::Missing};
}

std::string Router::allowed(std::string_view path) const {
  std::vector<std::string_view> places;
  const Node* node = end_of(*root_, path, places);
  if (!node) return {};
  std::vector<std::string_view> methods;
  for (const auto& [method, route] : node->by_method) {
    methods.push_back(method);
    if (method == "GET" && !node->by_method.contains("HEAD")) methods.emplace_back("HEAD");
  }
  return fmt::format("{}", fmt::join(methods, ", "));
}

}  // namespace hedgerow::http
