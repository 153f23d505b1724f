#include "app/watchdog.hpp"

#include <systemd/sd-daemon.h>

#include "base/log.hpp"
#include "base/thread.hpp"

namespace hedgerow::app {

Watchdog::Watchdog(store::Database& database, http::Server& server, const base::Clock& clock)
    : database_{database}, server_{server}, clock_{clock} {}

void Watchdog::start() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return;
  patience_ =
      std::chrono::duration_cast<base::Milliseconds>(std::chrono::microseconds{microseconds});
  thread_ = std::jthread{[this](const std::stop_token& stop) {
    base::name_this_thread("watchdog");
    while (!stop.stop_requested()) step(stop);
  }};
}

void Watchdog::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

// A sign each quarter of the time: a disk that is slow for less than the rest of it is waited for.
void Watchdog::step(const std::stop_token& stop) {
  const auto next = clock_.steady() + patience_ / 4;
  if (server_.turns(base::Deadline::in(clock_, patience_)) && writer_turns())
    ::sd_notify(0, "WATCHDOG=1");
  else
    base::log::error("no_sign_for_watchdog", {{"waited_ms", patience_.count()}});
  rest_.wait(stop, next, [](bool) { return false; });
}

// A writer that says why it cannot write has turned, and no restart mends a full disk. One that was
// not heard of all the time, or has been at one thing for as long, has not.
bool Watchdog::writer_turns() {
  const base::Deadline deadline = base::Deadline::in(clock_, patience_);
  try {
    database_.write(deadline, [](store::Txn&) {});
  } catch (const base::Failure&) {
    return !deadline.passed(clock_) && database_.turn_takes() < patience_;
  }
  return true;
}

}  // namespace hedgerow::app
