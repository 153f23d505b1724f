#include "http/connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "base/log.hpp"
#include "base/text.hpp"

namespace hedgerow::http {

namespace {

constexpr std::size_t kSmallRead = 2 * 1024;  // What an idle connection keeps in memory.
constexpr std::size_t kBodyRead = 32 * 1024;
constexpr int kStreamSendBuffer = 64 * 1024;

[[nodiscard]] std::string peer_of(const tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  const asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

[[nodiscard]] bool is_loopback(const std::string& peer) {
  error_code error;
  const auto address = asio::ip::make_address(peer, error);
  return !error && address.is_loopback();
}

// The path below the base path; empty when it lies outside.
[[nodiscard]] std::string below(std::string_view base_path, std::string path) {
  if (base_path.empty()) return path;
  if (path == base_path) return "/";
  if (!path.starts_with(base_path) || path[base_path.size()] != '/') return {};
  return path.substr(base_path.size());
}

}  // namespace

void Connection::start(Commons& commons, Connections& registry, tcp::socket socket, bool surplus) {
  const auto executor = socket.get_executor();
  const std::shared_ptr<Connection> self{
      new Connection{commons, registry, std::move(socket), surplus}};
  asio::co_spawn(executor, run(self), asio::detached);
}

Connection::Connection(Commons& commons, Connections& registry, tcp::socket socket, bool surplus)
    : commons_{commons},
      registry_{registry},
      wire_{plain_wire(std::move(socket))},
      phase_timer_{wire_->socket().get_executor()},
      wake_{wire_->socket().get_executor(), base::SteadyTime::max()},
      surplus_{surplus},
      parser_{commons.settings.limits.headers} {
  prepare(wire_->socket(), commons_.settings.deadlines.write);
  direct_.address = peer_of(wire_->socket());
  came_from(direct_);
  registry_.insert(this);
}

Connection::~Connection() {
  release_body();
  if (events_) {
    events_->abandon();
    commons_.streams.fetch_sub(1);
  }
  registry_.erase(this);
  commons_.connections.change([](std::size_t& count) { --count; });
}

void Connection::stop() {
  if (awaiting_) cut();
  if (events_) events_->close();
}

void Connection::cut() {
  wire_->cut();
  wake_.cancel();
}

asio::awaitable<void> Connection::run(std::shared_ptr<Connection> self) {
  try {
    bool more = co_await self->open();
    while (more) more = co_await self->serve_one();
  } catch (const std::exception& error) {
    base::log::error("connection_fault",
                     {{"request_id", self->request_.id}, {"what", error.what()}});
  }
  self->end_phase();
  self->cut();
}

asio::awaitable<bool> Connection::open() {
  const auto tls = commons_.tls();
  if (!tls) co_return true;
  awaiting_ = true;
  begin_phase(commons_.settings.deadlines.first_byte);
  const std::optional<char> first = co_await first_byte(wire_->socket());
  awaiting_ = false;
  if (!first) co_return false;
  if (*first == kTlsHandshake) {
    wire_ = tls_wire(std::move(wire_->socket()), *tls);
    direct_.tls = true;
    const bool agreed = co_await wire_->shake_hands();
    co_return agreed;
  }
  refuse({base::Code::BadRequest, base::Cause::Refused,
          "This port speaks TLS only, and the client began with plain HTTP. Use https:// here."});
  Response response = refusal(commons_, *failure_, request_);
  const bool written = co_await write_answer(response, false);
  if (written) co_await linger();
  co_return false;
}

asio::awaitable<bool> Connection::serve_one() {
  const Got got = co_await read_request();
  if (got == Got::Nothing) co_return false;
  Response response;
  if (got == Got::Refused)
    response = refusal(commons_, *failure_, request_);
  else
    response = co_await ask_worker();
  release_body();
  if (response.events && request_.method != "HEAD") {
    co_await carry(std::move(response));
    co_return false;
  }
  if (response.events) response.events->abandon();
  const bool keep_alive =
      got == Got::Request && keep_alive_ && !surplus_ && !commons_.stopping.load();
  const bool written = co_await write_answer(response, keep_alive);
  report({response.status, body_of(response).size(), written, false, response.noted});
  served_ = true;
  if (written && !keep_alive) co_await linger();
  co_return written&& keep_alive;
}

// Answers of refused requests close the connection: where the next request would begin is not
// certain.
void Connection::refuse(const base::Failure& failure) {
  failure_ = failure;
  if (request_.id.empty()) request_.id = "req_" + commons_.random.token(12);
}

asio::awaitable<Connection::Got> Connection::read_request() {
  request_ = {};
  came_from(direct_);
  parser_ = MessageParser{commons_.settings.limits.headers};
  failure_.reset();
  try {
    const bool has_head = co_await read_head();
    if (!has_head) co_return Got::Nothing;
    if (surplus_) throw busy("This server has as many connections as it may have.");
    const bool has_body = co_await read_body();
    end_phase();
    co_return has_body ? Got::Request : Got::Nothing;
  } catch (const base::Failure& failure) {
    refuse(failure);
  }
  co_return Got::Refused;
}

asio::awaitable<bool> Connection::read_head() {
  const Deadlines& deadlines = commons_.settings.deadlines;
  if (inbox_.empty()) {
    awaiting_ = true;
    if (commons_.stopping.load()) co_return false;
    begin_phase(served_ ? deadlines.idle : deadlines.first_byte);
    const bool begun = co_await read_more();
    awaiting_ = false;
    if (!begun) co_return false;
  }
  begin_phase(deadlines.header);
  request_.received = commons_.clock.steady();
  HeadScan scan{commons_.settings.limits};
  std::optional<std::size_t> length = scan.scan(inbox_);
  while (!length) {
    const bool more = co_await read_more();
    if (!more) co_return false;
    length = scan.scan(inbox_);
  }
  Head head = parser_.read_head(std::string_view{inbox_}.substr(0, *length));
  inbox_.erase(0, *length);
  take(std::move(head));
  co_return true;
}

void Connection::came_from(const Sender& sender) {
  request_.peer = sender.address;
  request_.peer_is_loopback = is_loopback(sender.address);
  request_.tls = sender.tls;
}

void Connection::take(Head head) {
  http_1_0_ = head.http_1_0;
  keep_alive_ = wants_keep_alive(head);
  continue_wanted_ = waits_for_continue(head);
  request_.method = std::move(head.method);
  request_.headers = std::move(head.headers);
  came_from(commons_.proxies.sender(direct_, request_.headers));
  const std::string_view id = request_.header("X-Request-ID").value_or("");
  const bool sound = request_.headers.count("X-Request-ID") == 1 && sound_request_id(id);
  request_.id = sound ? std::string{id} : "req_" + commons_.random.token(12);
  request_.cookies = read_cookies(request_.headers);
  request_.target = std::move(head.target);
  Target target = read_target(request_.target);
  request_.query = std::move(target.query);
  request_.path = below(commons_.settings.base_path, std::move(target.path));
  limits_ = request_.path.empty() ? RouteLimits{} : commons_.router.resolve(request_);
}

asio::awaitable<bool> Connection::read_body() {
  begin_phase(commons_.settings.deadlines.body);
  parser_.set_body_max(limits_.body_max.value_or(commons_.settings.limits.body));
  if (parser_.done()) co_return true;
  if (continue_wanted_ && inbox_.empty()) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const asio::const_buffer bytes{kContinue.data(), kContinue.size()};
    const Wire::Moved moved = co_await wire_->write({&bytes, 1});
    if (moved.error) co_return false;
  }
  while (true) {
    const std::size_t taken = parser_.read_body(inbox_, request_.body);
    inbox_.erase(0, taken);
    hold_body();
    if (parser_.done()) co_return true;
    const bool more = co_await read_more();
    if (!more) co_return false;
  }
}

// Grows with what comes: an idle connection keeps little, a body is read in large pieces.
asio::awaitable<bool> Connection::read_more() {
  const std::size_t had = inbox_.size();
  const std::size_t room = request_.method.empty() ? std::max(kSmallRead, had) : kBodyRead;
  if (had == 0 && awaiting_ && inbox_.capacity() > kSmallRead) inbox_.shrink_to_fit();
  inbox_.resize(had + room);
  const Wire::Moved moved = co_await wire_->read_some(asio::buffer(inbox_.data() + had, room));
  inbox_.resize(had + moved.bytes);
  co_return !moved.error;
}

void Connection::hold_body() {
  const std::size_t grown = request_.body.size() - held_;
  held_ += grown;
  const std::size_t all = commons_.body_bytes.fetch_add(grown) + grown;
  if (all > commons_.settings.limits.bodies_held)
    throw busy("Too much is being uploaded to this server at the moment.");
}

void Connection::release_body() {
  commons_.body_bytes.fetch_sub(std::exchange(held_, 0));
  request_.body = {};
}

asio::awaitable<Response> Connection::ask_worker() {
  answer_.reset();
  // The worker has the request to itself until it posts the answer.
  Workers::Job job{[self = shared_from_this()]() mutable {
    Response response = answer_to(self->commons_, self->request_);
    Connection& connection = *self;
    asio::post(connection.wake_.get_executor(),
               [self = std::move(self), response = std::move(response)]() mutable {
                 self->answer_ = std::move(response);
                 self->wake_.cancel();
               });
  }};
  if (!commons_.crew(limits_.crew).submit(job))
    co_return refusal(commons_, busy("This server is answering as many requests as it can."),
                      request_);
  while (!answer_) co_await wait_for_wake();
  Response response = std::move(*answer_);
  answer_.reset();
  co_return response;
}

asio::awaitable<bool> Connection::write_answer(Response& response, bool keep_alive) {
  begin_phase(commons_.settings.deadlines.write);
  const std::string head = head_text(commons_, request_, response, Framing::Length, keep_alive);
  const std::string_view body = body_of(response);
  const std::array<asio::const_buffer, 2> bytes{asio::buffer(head),
                                                asio::const_buffer{body.data(), body.size()}};
  const Wire::Moved moved = co_await wire_->write(bytes);
  end_phase();
  co_return !moved.error;
}

std::string_view Connection::body_of(const Response& response) const {
  const bool bodiless =
      request_.method == "HEAD" || response.status == 204 || response.status == 304;
  return bodiless ? std::string_view{} : response.bytes();
}

// Closing while the peer still sends would make its system forget our answer.
asio::awaitable<void> Connection::linger() {
  begin_phase(commons_.settings.deadlines.linger);
  co_await wire_->end_writing();
  bool more = true;
  while (more) {
    inbox_.clear();
    more = co_await read_more();
  }
  end_phase();
}

asio::awaitable<void> Connection::carry(Response response) {
  events_ = response.events;
  commons_.streams.fetch_add(1);
  bound_send_buffer(wire_->socket(), kStreamSendBuffer);
  inbox_ = {};
  request_.headers = {};
  const Framing framing = http_1_0_ ? Framing::ToEnd : Framing::Chunks;
  const std::string head = head_text(commons_, request_, response, framing, false);
  begin_phase(commons_.settings.deadlines.write);
  const asio::const_buffer bytes = asio::buffer(head);
  const Wire::Moved moved = co_await wire_->write({&bytes, 1});
  end_phase();
  bool whole = false;
  if (!moved.error) {
    asio::co_spawn(wake_.get_executor(), watch_peer(shared_from_this()), asio::detached);
    whole = co_await carry_batches(*events_);
  }
  events_->abandon();
  report({response.status, streamed_, whole, true});
}

asio::awaitable<bool> Connection::carry_batches(EventStream& events) {
  // The stream may outlive this connection, and this one must not outlive its peer because of the
  // stream.
  events.attach([weak = weak_from_this(), executor = wake_.get_executor()] {
    asio::post(executor, [weak] {
      if (const auto self = weak.lock()) self->wake_.cancel();
    });
  });
  if (commons_.stopping.load()) events.close();
  while (!peer_gone_) {
    const EventStream::Batch batch = events.take();
    // Cut, not ended: the browser must see that it missed something.
    if (batch.dropped) co_return false;
    if (!batch.frames.empty() || batch.last) {
      const bool written = co_await write_batch(batch);
      if (!written || batch.last) co_return written;
    } else {
      co_await wait_for_wake();
    }
  }
  co_return false;
}

asio::awaitable<bool> Connection::write_batch(const EventStream::Batch& batch) {
  std::size_t size = 0;
  for (const EventStream::Frame& frame : batch.frames) size += frame->size();
  streamed_ += size;
  std::string before;
  std::string after;
  if (!http_1_0_) {
    if (size > 0) before = fmt::format("{:x}\r\n", size);
    after = fmt::format("{}{}", size > 0 ? "\r\n" : "", batch.last ? "0\r\n\r\n" : "");
  }
  std::vector<asio::const_buffer> bytes{asio::buffer(before)};
  for (const EventStream::Frame& frame : batch.frames) bytes.push_back(asio::buffer(*frame));
  bytes.push_back(asio::buffer(after));
  begin_phase(commons_.settings.deadlines.write);
  const Wire::Moved moved = co_await wire_->write(bytes);
  end_phase();
  co_return !moved.error;
}

// Says when the reader of a stream has left; what it sends meanwhile has no meaning.
asio::awaitable<void> Connection::watch_peer(std::shared_ptr<Connection> self) {
  std::array<char, 256> nothing{};
  while (!self->peer_gone_) {
    const Wire::Moved moved = co_await self->wire_->read_some(asio::buffer(nothing));
    if (moved.error) self->peer_gone_ = true;
  }
  self->wake_.cancel();
}

void Connection::begin_phase(base::Milliseconds span) {
  const std::uint64_t phase = ++phase_;
  phase_timer_.expires_after(span);
  phase_timer_.async_wait([weak = weak_from_this(), phase](const error_code& error) {
    if (error) return;
    const auto self = weak.lock();
    // A timer that ran out just before its phase ended must not cut the next phase.
    if (self && self->phase_ == phase) self->cut();
  });
}

void Connection::end_phase() {
  ++phase_;
  phase_timer_.cancel();
}

asio::awaitable<void> Connection::wait_for_wake() {
  [[maybe_unused]] const auto cancelled = co_await wake_.async_wait(kAwait);
}

void Connection::report(const Written& written) const {
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(commons_.clock.steady() -
                                                                          request_.received);
  const auto say = [&](const auto&... besides) {
    base::log::write(written.stream ? base::log::Level::Debug : base::log::Level::Info, "request",
                     {{"request_id", request_.id},
                      {"method", request_.method},
                      {"route", request_.route},
                      {"status", written.status},
                      {"ms", static_cast<double>(took.count()) / 1000.0},
                      {"bytes", written.bytes},
                      {"whole", written.whole},
                      {"peer", request_.peer},
                      besides...});
  };
  if (written.noted)
    say(base::log::Field{written.noted->name, written.noted->value});
  else
    say();
  if (commons_.observer)
    commons_.observer(
        {request_.route, request_.method, written.status, took, written.bytes, written.stream});
}

}  // namespace hedgerow::http
