#include "http/listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include "base/log.hpp"
#include "base/thread.hpp"

namespace hedgerow::http {

namespace {

// Above the limit, so many more are let in to be told why they are sent away.
constexpr std::size_t kSurplusMax = 256;

[[nodiscard]] asio::ip::address address_of(const Settings& settings) {
  error_code error;
  const auto address = asio::ip::make_address(settings.address, error);
  if (!error) return address;
  throw base::Failure{base::Code::Invalid, base::Cause::Refused,
                      fmt::format("{} is not an IP address to listen on.", settings.address)}
      .with_fields({{"address", "This must be an IPv4 or IPv6 address, for example 127.0.0.1."}});
}

void require(const error_code& error, const Settings& settings) {
  if (!error) return;
  throw base::Failure{base::Code::Unavailable, base::Cause::Refused,
                      fmt::format("Port {} on {} cannot be opened: {}.", settings.port,
                                  settings.address, error.message())}
      .with_next("Choose another port, or end the program that uses this one.");
}

[[nodiscard]] int spare_descriptor() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

[[nodiscard]] bool is_exhaustion(int error) {
  constexpr std::array<int, 4> kExhaustions{EMFILE, ENFILE, ENOBUFS, ENOMEM};
  return std::ranges::find(kExhaustions, error) != kExhaustions.end();
}

}  // namespace

void Loop::start() {
  thread = std::jthread{[this] {
    base::name_this_thread("network");
    context.run();
  }};
}

void Loop::join() {
  guard.reset();
  context.stop();
  if (thread.joinable()) thread.join();
}

Listener::Listener(Commons& commons, std::span<const std::unique_ptr<Loop>> loops)
    : commons_{commons},
      loops_{loops},
      acceptor_{loops.front()->context},
      pause_{loops.front()->context},
      spare_descriptor_{spare_descriptor()} {
  const Settings& settings = commons_.settings;
  const tcp::endpoint endpoint{address_of(settings), settings.port};
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  require(error, settings);
  ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
  acceptor_.set_option(asio::socket_base::reuse_address{true});
  if (endpoint.address().is_v6() && endpoint.address().is_unspecified())
    acceptor_.set_option(asio::ip::v6_only{false});
  acceptor_.bind(endpoint, error);
  require(error, settings);
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  require(error, settings);
  port_ = acceptor_.local_endpoint().port();
}

Listener::~Listener() {
  if (spare_descriptor_ >= 0) ::close(spare_descriptor_);
}

void Listener::start() { asio::co_spawn(acceptor_.get_executor(), run(), asio::detached); }

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

asio::awaitable<void> Listener::run() {
  while (acceptor_.is_open()) {
    Loop& loop = next_loop();
    tcp::socket socket{loop.context};
    const auto [error] = co_await acceptor_.async_accept(socket, kAwait);
    if (!error) {
      welcome(loop, std::move(socket));
      continue;
    }
    // The client left before we came; the next one may be waiting already.
    if (error == asio::error::connection_aborted) continue;
    if (error == asio::error::operation_aborted) break;
    base::log::warning("accept_failed", {{"what", ::strerrordesc_np(error.value())}});
    if (is_exhaustion(error.value())) turn_one_away();
    pause_.expires_after(commons_.settings.deadlines.accept_pause);
    [[maybe_unused]] const auto paused = co_await pause_.async_wait(kAwait);
    // Without descriptors the system refuses even when nobody is at the door.
    [[maybe_unused]] const auto someone =
        co_await acceptor_.async_wait(tcp::acceptor::wait_read, kAwait);
  }
}

void Listener::welcome(Loop& loop, tcp::socket socket) {
  const std::size_t limit = commons_.settings.limits.connections;
  const std::size_t now = commons_.connections.with([](std::size_t& count) { return ++count; });
  if (now > limit + kSurplusMax) {
    commons_.connections.change([](std::size_t& count) { --count; });
    return;  // The socket closes here.
  }
  asio::post(loop.context, [&commons = commons_, &loop, surplus = now > limit,
                            socket = std::move(socket)]() mutable {
    Connection::start(commons, loop.connections, std::move(socket), surplus);
  });
}

// With no descriptor left, a client would wait in the system's queue until it gives up.
void Listener::turn_one_away() {
  if (spare_descriptor_ >= 0) ::close(spare_descriptor_);
  const int client =
      ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (client >= 0) {
    Request request;
    request.id = "req_" + commons_.random.token(12);
    Response response =
        refusal(commons_, busy("This server has no free file descriptor."), request);
    std::string text = head_text(commons_, request, response, Framing::Length, false);
    text.append(response.bytes());
    if (!commons_.tls()) {
      ::send(client, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      ::shutdown(client, SHUT_WR);
      std::array<char, 4096> nothing{};
      ::recv(client, nothing.data(), nothing.size(), MSG_DONTWAIT);
    }
    ::close(client);
  }
  spare_descriptor_ = spare_descriptor();
}

Loop& Listener::next_loop() { return *loops_[turn_++ % loops_.size()]; }

}  // namespace hedgerow::http
