// What all connections of one server share, and how an answer is made from it: by the handler, or
// from a failure, whatever goes wrong on the way. Sockets are the connection's business.
#pragma once

#include "http/forwarded.hpp"
#include "http/server.hpp"
#include "http/wire.hpp"
#include "http/workers.hpp"

namespace hedgerow::http {

struct Commons {
  // A page that is asked for while passwords are hashed gets nine tenths of a core.
  static constexpr int kHeavyNiceness = 10;
  static constexpr std::size_t kProbesQueued = 64;

  Commons(Settings with, Router routes, ErrorRenderer renderer, const base::Clock& time,
          base::Random& chance)
      : settings{std::move(with)},
        proxies{settings.trusted_proxies},
        router{std::move(routes)},
        render{std::move(renderer)},
        clock{time},
        random{chance},
        workers{settings.worker_threads, settings.limits.queue},
        heavy_workers{settings.heavy_threads, settings.limits.heavy_queue, kHeavyNiceness},
        probe_workers{1, kProbesQueued} {}

  [[nodiscard]] std::shared_ptr<asio::ssl::context> tls() const {
    return certificate.with([](const auto& context) { return context; });
  }

  [[nodiscard]] Workers& crew(Crew crew) noexcept {
    switch (crew) {
      case Crew::Heavy: return heavy_workers;
      case Crew::Probes: return probe_workers;
      case Crew::Usual: break;
    }
    return workers;
  }

  const Settings settings;
  const TrustedProxies proxies;
  const Router router;
  const ErrorRenderer render;
  const base::Clock& clock;
  base::Random& random;
  Observer observer;
  // What new connections are shown; nothing where this port speaks plain HTTP. Owners: this, until
  // another one is read, and each connection that began with it.
  base::Guarded<std::shared_ptr<asio::ssl::context>> certificate;

  std::atomic<bool> stopping = false;
  std::atomic<std::size_t> streams = 0;
  std::atomic<std::size_t> body_bytes = 0;
  base::Guarded<std::size_t> connections;
  // Last: their threads use all the others.
  Workers workers;
  Workers heavy_workers;
  Workers probe_workers;
};

// The answer to a resolved request, whatever its handler does. Never throws.
[[nodiscard]] Response answer_to(const Commons& commons, Request& request) noexcept;

// The answer that says a failure. Never throws.
[[nodiscard]] Response refusal(const Commons& commons, const base::Failure& failure,
                               const Request& request) noexcept;

[[nodiscard]] base::Failure busy(std::string sentence);

enum class Framing : std::uint8_t { Length, Chunks, ToEnd };

// Status line and headers as they go out, security headers included, whatever the answer is.
[[nodiscard]] std::string head_text(const Commons& commons, const Request& request,
                                    Response& response, Framing framing, bool keep_alive);

}  // namespace hedgerow::http
