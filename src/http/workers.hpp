// A bounded pool of threads for work that may block. A full queue says so at once: the caller
// answers "busy" while it still can, instead of letting everybody wait.
#pragma once

#include "base/guarded.hpp"

namespace hedgerow::http {

class Workers {
 public:
  using Job = std::move_only_function<void()>;

  // Threads with a niceness (setpriority(2), 1 to 19) leave the cores to those that have none.
  Workers(unsigned threads, std::size_t queue_max, int niceness = 0)
      : thread_count_{threads}, queue_max_{queue_max}, niceness_{niceness} {}
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void start();
  // A job must not throw. False, and the job is untouched, when the queue is full or the pool has
  // stopped.
  [[nodiscard]] bool submit(Job& job);
  // Forgets what is queued and waits for what runs.
  void stop();

  [[nodiscard]] std::size_t queued() const;
  [[nodiscard]] std::size_t busy() const { return busy_.load(std::memory_order_relaxed); }

  // One turn of a thread: waits for a job, runs it, returns.
  void step(const std::stop_token& stop);

 private:
  struct Queue {
    std::deque<Job> jobs;
    bool closed = false;
  };
  const unsigned thread_count_;
  const std::size_t queue_max_;
  const int niceness_;
  base::Guarded<Queue> queue_;
  std::atomic<std::size_t> busy_ = 0;
  std::vector<std::jthread> threads_;  // Last, so that they end before anything they use is gone.
};

}  // namespace hedgerow::http
