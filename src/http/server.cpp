#include "http/server.hpp"

#include <boost/asio/post.hpp>

#include "base/check.hpp"
#include "http/listener.hpp"

namespace hedgerow::http {

struct Server::Parts {
  Parts(Settings settings, Router router, ErrorRenderer render, const base::Clock& clock,
        base::Random& random)
      : commons{std::move(settings), std::move(router), std::move(render), clock, random} {}

  // Runs `what` for every connection, on its own loop.
  void on_each(void (Connection::*what)()) {
    for (const auto& loop : loops) {
      asio::post(loop->context, [&loop = *loop, what] {
        // A copy: a connection that ends takes itself out of the list.
        std::vector<std::shared_ptr<Connection>> all;
        for (Connection* connection : loop.connections)
          all.push_back(connection->shared_from_this());
        for (const auto& connection : all) ((*connection).*what)();
      });
    }
  }
  void wait_until_empty(base::SteadyTime at) {
    commons.connections.wait({}, at, [](std::size_t count) { return count == 0; });
  }

  Commons commons;
  std::vector<std::unique_ptr<Loop>> loops;
  std::unique_ptr<Listener> listener;
  bool started = false;
};

Server::Server(Settings settings, Router router, ErrorRenderer render, const base::Clock& clock,
               base::Random& random)
    : parts_{std::make_unique<Parts>(std::move(settings), std::move(router), std::move(render),
                                     clock, random)} {}

Server::~Server() { stop({parts_->commons.clock.steady()}); }

void Server::observe(Observer observer) {
  CHECK(!parts_->started);
  parts_->commons.observer = std::move(observer);
}

void Server::start() {
  CHECK(!parts_->started);
  const Settings& settings = parts_->commons.settings;
  CHECK(settings.io_threads > 0 && settings.worker_threads > 0 && settings.heavy_threads > 0);
  read_certificate();
  parts_->loops.clear();
  for (unsigned i = 0; i < settings.io_threads; ++i)
    parts_->loops.push_back(std::make_unique<Loop>());
  parts_->listener = std::make_unique<Listener>(parts_->commons, std::span{parts_->loops});
  parts_->started = true;
  parts_->commons.workers.start();
  parts_->commons.heavy_workers.start();
  parts_->commons.probe_workers.start();
  parts_->listener->start();
  for (const auto& loop : parts_->loops) loop->start();
}

bool Server::read_certificate() {
  const Settings& settings = parts_->commons.settings;
  if (settings.tls_certificate_file.empty() && settings.tls_key_file.empty()) return false;
  auto fresh = std::make_shared<asio::ssl::context>(
      tls_context(settings.tls_certificate_file, settings.tls_key_file));
  parts_->commons.certificate.with([&](auto& context) { context = std::move(fresh); });
  return true;
}

std::uint16_t Server::port() const {
  CHECK(parts_->started);
  return parts_->listener->port();
}

Load Server::load() const {
  const Commons& commons = parts_->commons;
  const std::size_t heavy = commons.heavy_workers.busy();
  return {.connections = commons.connections.with([](std::size_t count) { return count; }),
          .streams = commons.streams.load(),
          .queued = commons.workers.queued() + commons.heavy_workers.queued(),
          .busy_workers = commons.workers.busy() + heavy,
          .busy_heavy = heavy,
          .body_bytes = commons.body_bytes.load()};
}

bool Server::turns(const base::Deadline& deadline) const {
  // Owners: this call, and the loops that have not turned yet.
  const auto left =
      std::make_shared<base::Guarded<std::size_t>>(std::in_place, parts_->loops.size());
  for (const auto& loop : parts_->loops)
    asio::post(loop->context, [left] { left->change([](std::size_t& count) { --count; }); });
  return left->wait({}, deadline.at, [](std::size_t count) { return count == 0; });
}

void Server::stop(base::Deadline deadline) {
  if (!std::exchange(parts_->started, false)) return;
  Commons& commons = parts_->commons;
  commons.stopping.store(true);
  asio::post(parts_->loops.front()->context, [this] { parts_->listener->close(); });
  parts_->on_each(&Connection::stop);
  parts_->wait_until_empty(deadline.at);
  parts_->on_each(&Connection::cut);
  parts_->wait_until_empty(commons.clock.steady() + commons.settings.deadlines.unwind);
  // Handlers post their answers to the loops, so the loops go last.
  commons.workers.stop();
  commons.heavy_workers.stop();
  commons.probe_workers.stop();
  for (const auto& loop : parts_->loops) loop->join();
  parts_->listener.reset();
  parts_->loops.clear();
}

}  // namespace hedgerow::http
