// The open port: takes connections, hands them to the network loops in turn, and survives the
// system's running out of descriptors without spinning and without leaving clients in the dark.
#pragma once

#include <boost/asio/executor_work_guard.hpp>

#include "http/connection.hpp"

namespace hedgerow::http {

// One network thread and the connections that live on it.
struct Loop {
  Connections
      connections;  // Before the context: what still lives there at the end unregisters itself.
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  std::jthread thread;

  void start();
  void join();
};

class Listener {
 public:
  // Runs on the first loop. Throws Failure{Invalid, Unavailable}.
  Listener(Commons& commons, std::span<const std::unique_ptr<Loop>> loops);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start();
  // On the first loop only.
  void close();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  asio::awaitable<void> run();
  void welcome(Loop& loop, tcp::socket socket);
  void turn_one_away();
  [[nodiscard]] Loop& next_loop();

  Commons& commons_;
  std::span<const std::unique_ptr<Loop>> loops_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
  std::size_t turn_ = 0;
  int spare_descriptor_ =
      -1;  // Given up for a moment to turn a client away when there are no others.
};

}  // namespace hedgerow::http
