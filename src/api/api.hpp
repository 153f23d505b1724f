// The REST API: requests in, actions and views called, the contract's JSON out. Who may ask is
// settled before any handler runs: session, origin and CSRF token are checked here, permissions in
// actions and views.
#pragma once

#include "actions/connection_tests.hpp"
#include "actions/runs.hpp"
#include "auth/callers.hpp"
#include "http/events.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "views/fabrics.hpp"

namespace hedgerow::api {

struct Settings {
  std::string base_path;
  base::Milliseconds fresh_for{600'000};
  base::Milliseconds heartbeat{5'000};
  base::Milliseconds probe_wait{2'000};  // For the change that System health tries.
  std::size_t stream_bytes_max = 256 * 1024;
  auth::LimiterSettings strangers;  // What one address may report without a session.
  std::string version;              // Of the server,
  std::string page_version;         // and of the page that it carries.
};

// One thing that this server needs, as it was found just now.
struct Check {
  std::string name;
  bool good = false;
  std::string detail;  // What was measured, or what is not right.
  std::string next;    // What to do; empty where it is good.
  // Not good, and yet all is answered and done: nobody need go elsewhere.
  bool serves = false;
};

// What the API works with. Everything outlives it.
struct Parts {
  actions::Deps deps;
  auth::SignIn& sign_in;
  const auth::Callers& callers;
  auth::Passwords& passwords;
  actions::ConnectionTests& tests;
  // Whether the process is ready to serve.
  std::function<std::vector<Check>()> checks;
};

class Api {
 public:
  Api(const Settings& settings, const Parts& parts);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // Adds the routes and the check that runs before each of them.
  void add_to(http::Router& router);
  // For http::Server: failures as problem+json.
  [[nodiscard]] http::Response render(const base::Failure& failure, const http::Request& request);
  void observe(const http::Finished& finished);
  // Gauges of the server's load, asked for at each reading of the metrics.
  void measure_load(std::function<http::Load()> load);

  // The event streams' thread: follows the change feed, sends heartbeats.
  void start();
  // Ends every event stream with `stopping`.
  void stop();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace hedgerow::api
