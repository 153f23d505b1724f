// Which handler answers which method and path. Filled once at start, then only read, by all threads
// at once.
#pragma once

#include "http/message.hpp"

namespace hedgerow::http {

// Runs on a worker thread and may block. Failures are thrown as base::Failure.
using Handler = std::function<Response(Request&)>;

// Whose threads carry a route out. Each has some of its own, so that who waits on one hinders
// nobody on another.
enum class Crew : std::uint8_t {
  Usual,
  Heavy,   // What keeps a core busy for long.
  Probes,  // What must be answered at once, whatever all others wait for.
};

struct RouteLimits {
  // Nothing takes the server's own limit.
  std::optional<std::size_t> body_max;
  Crew crew = Crew::Usual;
};

struct RouteName {
  std::string method;
  std::string pattern;
};

class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // `pattern` is "/api/fabrics/{id}/runs/": whole segments, literal or a place. A literal wins over
  // a place, a request without the last slash is the same request, HEAD is answered by GET's
  // handler. A doubled route is a bug.
  void add(std::string_view method, std::string_view pattern, Handler handler,
           RouteLimits limits = RouteLimits{});
  // Answers GET and HEAD of every path that no pattern has: the browser application.
  void fallback(Handler handler);
  // Runs on the worker before every handler, and before 404 and 405 are said; throws to refuse.
  // `request.route` is empty when no route matched.
  void before(std::function<void(Request&)> check);

  // Finds the route, fills in `request.route` and `request.parameters`; nothing is run. Gives back
  // the limits of that route, or those of none.
  RouteLimits resolve(Request& request) const;
  // Runs what answers a resolved request. Throws Failure{NotFound}, Failure{MethodNotAllowed}.
  [[nodiscard]] Response answer(Request& request) const;
  // "GET, HEAD, POST" for the Allow header; empty when no pattern has this path.
  [[nodiscard]] std::string allowed(std::string_view path) const;

  [[nodiscard]] const std::vector<RouteName>& routes() const noexcept { return routes_; }

 private:
  struct Node;
  struct Route;
  // `places`: what stands in the route's places.
  [[nodiscard]] const Route* route_of(const Request& request,
                                      std::vector<std::string_view>& places) const;

  std::unique_ptr<Node> root_;
  std::vector<RouteName> routes_;
  Handler fallback_;
  std::function<void(Request&)> before_;
};

}  // namespace hedgerow::http
