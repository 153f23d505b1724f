// Server-sent events: what a handler opens, any thread may feed, and the network loop carries to
// one browser. What is said, to whom, and how often a heartbeat goes out is the application's
// business.
#pragma once

#include "base/guarded.hpp"

namespace hedgerow::http {

// Owners: the application (its list of listeners) and the connection that carries it. All of it is
// thread-safe.
//
//   waiting --attach--> carried --close() and queue sent, peer gone, or reader too slow--> ended
class EventStream {
 public:
  // One formatted event, made once and sent to many streams. Owners: the streams whose queues it
  // stands in.
  using Frame = std::shared_ptr<const std::string>;

  // More than `queued_bytes_max` not yet taken by the reader end the stream: the browser connects
  // again and reads the present state, which is cheaper than remembering the past for it.
  explicit EventStream(std::size_t queued_bytes_max) : queued_bytes_max_{queued_bytes_max} {}

  // `event` is a plain word; `data` is JSON (line ends in it are carried as the format demands).
  [[nodiscard]] static Frame frame(std::string_view event, std::string_view data);

  // False when the stream has ended; never blocks.
  bool send(std::string_view event, std::string_view data) { return send(frame(event, data)); }
  bool send(const Frame& frame);
  // What is queued still goes out, then the stream ends.
  void close();
  // False after close() and after the end, however it came.
  [[nodiscard]] bool is_open() const;

  // The connection's side. `wake` is called under the stream's lock when there is something to
  // take; it must only post.
  void attach(std::function<void()> wake);
  struct Batch {
    std::vector<Frame> frames;
    bool last = false;     // Nothing comes after these frames.
    bool dropped = false;  // The reader was too slow; frames were lost.
  };
  [[nodiscard]] Batch take();
  // Ends the stream at once; after the return `wake` is never called again.
  void abandon();

 private:
  struct State {
    std::vector<Frame> queue;
    std::size_t queued_bytes = 0;
    bool closed = false;   // Nothing more may be queued.
    bool dropped = false;  // What is queued will not be sent.
    std::function<void()> wake;
  };
  const std::size_t queued_bytes_max_;
  base::Guarded<State> state_;
};

}  // namespace hedgerow::http
