// The HTTP/1.1 server: sockets, TLS, strict parsing, limits, deadlines, a bounded pool of workers,
// event streams that cost no thread. It knows no session and no JSON: what an error looks like is
// the application's ErrorRenderer.
//
//   network loops (io_threads): accept, read, write, idle connections and event streams
//   workers (worker_threads):   handlers, which may block; heavy ones have workers of their own
#pragma once

#include "base/failure.hpp"
#include "base/random.hpp"
#include "http/router.hpp"

namespace hedgerow::http {

// Each deadline is absolute: it starts with its phase and no byte prolongs it.
struct Deadlines {
  base::Milliseconds first_byte{10'000};  // Without a word, or from there through the handshake.
  base::Milliseconds header{10'000};      // From a request's first byte to the end of its headers.
  base::Milliseconds body{30'000};        // From there to the end of its body.
  base::Milliseconds write{30'000};       // One answer; of an event stream, one batch of events.
  base::Milliseconds idle{75'000};        // Between two requests of a connection.
  base::Milliseconds linger{2'000};       // Reading on after an early refusal, so that it is seen.
  base::Milliseconds unwind{200};         // At the end, for what was cut to let go.
  base::Milliseconds accept_pause{100};   // After the system refused a new socket.
};

struct Limits {
  // Request line and headers, or what stands between two chunks: 431.
  std::size_t headers = 32 * 1024;
  std::size_t target = 8 * 1024;            // 414.
  std::size_t body = 1024 * 1024;           // 413; RouteLimits may say otherwise.
  std::size_t bodies_held = 256ULL << 20U;  // All bodies in memory together: 503.
  std::size_t connections = 12'000;         // 503.
  std::size_t queue = 256;                  // Requests waiting for a worker: 503.
  std::size_t heavy_queue = 32;             // The same for heavy routes.
};

struct Settings {
  std::string address = "127.0.0.1";  // "::" takes IPv4 too.
  std::uint16_t port = 0;             // 0: a free one, see Server::port.
  std::string base_path;              // "/plugins/hedgehog"; empty for none.
  // PEM: a chain and its key. With them this port speaks TLS only.
  std::string tls_certificate_file;
  std::string tls_key_file;
  // Networks (base::Network) whose servers are believed what they say of a request: see
  // http/forwarded.hpp.
  std::vector<std::string> trusted_proxies;
  unsigned io_threads = 1;
  unsigned worker_threads = 8;
  unsigned heavy_threads = 2;  // Beside them, for routes that are heavy.
  Deadlines deadlines;
  Limits limits;
};

// Makes the answer for a failure: status, body and headers of its own; Allow and Retry-After are
// added here. Of a request that could not be read only `id` and `peer` are there. Called by workers
// and by network loops at once: thread-safe, quick, no I/O.
using ErrorRenderer = std::function<Response(const base::Failure&, const Request&)>;

// One answered request, for metrics. An event stream is told of when it ends.
struct Finished {
  std::string_view route;  // Empty when none matched.
  std::string_view method;
  int status = 0;
  std::chrono::microseconds took{};
  std::size_t bytes = 0;  // Of the body.
  bool stream = false;
};
// Called by network loops: thread-safe, quick, no I/O.
using Observer = std::function<void(const Finished&)>;

// Gauges of now.
struct Load {
  std::size_t connections = 0;
  std::size_t streams = 0;
  std::size_t queued = 0;
  std::size_t busy_workers = 0;  // With those of the heavy routes.
  std::size_t busy_heavy = 0;
  std::size_t body_bytes = 0;
};

// Borrows clock and randomness, which must be thread-safe and outlive it.
class Server {
 public:
  Server(Settings settings, Router router, ErrorRenderer render, const base::Clock& clock,
         base::Random& random);
  ~Server();  // As stop with no time left.
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Before start only.
  void observe(Observer observer);

  // Opens the port and begins to answer. Throws Failure{Unavailable} when the port is taken or may
  // not be had, Failure{Invalid} with the field when an address, a certificate or a key is not
  // usable.
  void start();
  // Shows new connections what the files of certificate and key hold now; open ones keep theirs.
  // False without TLS. Throws Failure{Invalid} with the field, and changes nothing, when they are
  // not usable.
  bool read_certificate();
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] Load load() const;
  // Whether every network loop does something else than what it does now, before the deadline.
  [[nodiscard]] bool turns(const base::Deadline& deadline) const;

  // Takes no more connections, closes idle ones and ends event streams after what is queued in
  // them, lets requests in flight end, and cuts what is left at the deadline. Handlers that still
  // run are waited for. May be called twice.
  void stop(base::Deadline deadline);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace hedgerow::http
