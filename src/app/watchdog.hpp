// Proves to systemd, as often as its unit wants it (WatchdogSec), that the server lives: each sign
// follows a turn of every network loop and one of the database's writer. Without systemd, or in a
// unit without a watchdog, nothing happens.
#pragma once

#include "base/guarded.hpp"
#include "http/server.hpp"
#include "store/database.hpp"

namespace hedgerow::app {

class Watchdog {
 public:
  // All must outlive it.
  Watchdog(store::Database& database, http::Server& server, const base::Clock& clock);

  void start();
  void stop();

 private:
  void step(const std::stop_token& stop);
  [[nodiscard]] bool writer_turns();

  store::Database& database_;
  http::Server& server_;
  const base::Clock& clock_;
  base::Milliseconds patience_{0};  // Without a sign for so long systemd ends the process.
  base::Guarded<bool> rest_;
  std::jthread thread_;  // Last, so that it ends before anything it uses is gone.
};

}  // namespace hedgerow::app
