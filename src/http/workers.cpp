#include "http/workers.hpp"

#include <sys/resource.h>

namespace hedgerow::http {

namespace {

// Linux keeps it for each thread, against POSIX: 0 is the thread that asks. Where it is refused the
// work is done all the same.
void be_nice(int niceness) {
  if (niceness > 0) static_cast<void>(::setpriority(PRIO_PROCESS, 0, niceness));
}

}  // namespace

void Workers::start() {
  threads_.reserve(thread_count_);
  for (unsigned i = 0; i < thread_count_; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) {
      be_nice(niceness_);
      while (!stop.stop_requested()) step(stop);
    });
  }
}

bool Workers::submit(Job& job) {
  bool taken = false;
  queue_.hand_over([&](Queue& queue) {
    taken = !queue.closed && queue.jobs.size() < queue_max_;
    if (taken) queue.jobs.push_back(std::move(job));
  });
  return taken;
}

void Workers::stop() {
  std::deque<Job> forgotten;
  queue_.change([&](Queue& queue) {
    queue.closed = true;
    forgotten.swap(queue.jobs);
  });
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

std::size_t Workers::queued() const {
  return queue_.with([](const Queue& queue) { return queue.jobs.size(); });
}

void Workers::step(const std::stop_token& stop) {
  auto job = queue_.wait_then(
      stop, base::SteadyTime::max(), [](const Queue& queue) { return !queue.jobs.empty(); },
      [](Queue& queue) {
        Job first = std::move(queue.jobs.front());
        queue.jobs.pop_front();
        return first;
      });
  if (!job) return;
  busy_.fetch_add(1, std::memory_order_relaxed);
  (*job)();
  busy_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace hedgerow::http
