// One accepted connection: reads a request, has it answered by a worker, writes the answer, and
// again; or carries an event stream until one side ends it. All of it runs on the connection's own
// loop, as one coroutine.
#pragma once

#include <unordered_set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/commons.hpp"
#include "http/events.hpp"
#include "http/parser.hpp"
#include "http/wire.hpp"

namespace hedgerow::http {

class Connection;

// A network loop's own list; used on that loop only.
using Connections = std::unordered_set<Connection*>;

// Owners: its coroutine, the watch for the peer's leaving, and the job of a worker.
//
//             first byte          head, body            worker            written
//   awaiting ------------> reading ---------> answering ------> writing ---------> awaiting |
//   lingering
//                                                        \----> streaming, until one side ends it
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `surplus`: more than the server may have; it is told so and sent away.
  static void start(Commons& commons, Connections& registry, tcp::socket socket, bool surplus);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Ends it as soon as nothing is under way; an event stream after what is queued in it.
  void stop();
  // Ends it now.
  void cut();

 private:
  Connection(Commons& commons, Connections& registry, tcp::socket socket, bool surplus);

  static asio::awaitable<void> run(std::shared_ptr<Connection> self);
  asio::awaitable<bool> open();
  // One request and its answer; true when another may follow.
  asio::awaitable<bool> serve_one();

  enum class Got : std::uint8_t { Request, Refused, Nothing };
  asio::awaitable<Got> read_request();
  asio::awaitable<bool> read_head();
  asio::awaitable<bool> read_body();
  asio::awaitable<bool> read_more();
  void came_from(const Sender& sender);
  void take(Head head);
  void hold_body();
  void release_body();

  asio::awaitable<Response> ask_worker();
  asio::awaitable<bool> write_answer(Response& response, bool keep_alive);
  [[nodiscard]] std::string_view body_of(const Response& response) const;
  asio::awaitable<void> linger();
  void refuse(const base::Failure& failure);

  asio::awaitable<void> carry(Response response);
  // True when its last word went out.
  asio::awaitable<bool> carry_batches(EventStream& events);
  asio::awaitable<bool> write_batch(const EventStream::Batch& batch);
  static asio::awaitable<void> watch_peer(std::shared_ptr<Connection> self);

  void begin_phase(base::Milliseconds span);
  void end_phase();
  asio::awaitable<void> wait_for_wake();
  struct Written {
    int status = 0;
    std::size_t bytes = 0;  // Of the body.
    bool whole = false;     // The system took all of it.
    bool stream = false;
    std::optional<Noted> noted;
  };
  void report(const Written& written) const;

  Commons& commons_;
  Connections& registry_;
  std::unique_ptr<Wire> wire_;
  asio::steady_timer phase_timer_;  // Runs out: the connection is cut.
  asio::steady_timer wake_;         // Never runs out; cancelled when there is something to see.
  std::uint64_t phase_ = 0;
  bool surplus_ = false;
  Sender direct_;           // The socket's other end.
  bool awaiting_ = false;   // Between two requests, nothing under way.
  bool served_ = false;     // At least one request.
  bool peer_gone_ = false;  // Known while a stream is carried.

  std::string inbox_;  // Read and not used yet.
  MessageParser parser_;
  Request request_;
  RouteLimits limits_;  // Of its route.
  bool http_1_0_ = false;
  bool keep_alive_ = false;
  bool continue_wanted_ = false;
  std::size_t held_ = 0;  // Of the server's body bytes.
  std::optional<base::Failure> failure_;
  std::optional<Response> answer_;
  std::shared_ptr<EventStream> events_;  // Owners: as Response::events.
  std::size_t streamed_ = 0;
};

}  // namespace hedgerow::http
