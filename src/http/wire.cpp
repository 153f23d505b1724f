#include "http/wire.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "base/failure.hpp"

namespace hedgerow::http {

namespace {

// asio::write wants a sequence that it may copy.
struct Buffers {
  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;
  std::span<const asio::const_buffer> all;

  [[nodiscard]] const_iterator begin() const { return all.data(); }
  [[nodiscard]] const_iterator end() const { return all.data() + all.size(); }
};

class PlainWire final : public Wire {
 public:
  explicit PlainWire(tcp::socket socket) : socket_{std::move(socket)} {}

  asio::awaitable<bool> shake_hands() override { co_return true; }
  asio::awaitable<Moved> read_some(asio::mutable_buffer into) override {
    const auto [error, bytes] = co_await socket_.async_read_some(into, kAwait);
    co_return Moved{error, bytes};
  }
  asio::awaitable<Moved> write(std::span<const asio::const_buffer> all) override {
    const auto [error, bytes] = co_await asio::async_write(socket_, Buffers{all}, kAwait);
    co_return Moved{error, bytes};
  }
  asio::awaitable<void> end_writing() override {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    co_return;
  }
  tcp::socket& socket() override { return socket_; }

 private:
  tcp::socket socket_;
};

class TlsWire final : public Wire {
 public:
  TlsWire(tcp::socket socket, asio::ssl::context& context) : stream_{std::move(socket), context} {}

  asio::awaitable<bool> shake_hands() override {
    const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kAwait);
    co_return !error;
  }
  asio::awaitable<Moved> read_some(asio::mutable_buffer into) override {
    if (ended_) {
      const auto [error, bytes] = co_await stream_.next_layer().async_read_some(into, kAwait);
      co_return Moved{error, bytes};
    }
    const auto [error, bytes] = co_await stream_.async_read_some(into, kAwait);
    co_return Moved{error, bytes};
  }
  asio::awaitable<Moved> write(std::span<const asio::const_buffer> all) override {
    const auto [error, bytes] = co_await asio::async_write(stream_, Buffers{all}, kAwait);
    co_return Moved{error, bytes};
  }
  asio::awaitable<void> end_writing() override {
    ended_ = true;
    // Waits for the peer's own goodbye; the caller's deadline ends that.
    [[maybe_unused]] const auto ended = co_await stream_.async_shutdown(kAwait);
    error_code ignored;
    stream_.next_layer().shutdown(tcp::socket::shutdown_send, ignored);
  }
  tcp::socket& socket() override { return stream_.next_layer(); }

 private:
  asio::ssl::stream<tcp::socket> stream_;
  bool ended_ = false;
};

[[noreturn]] void refuse_file(std::string_view field, const std::string& file,
                              const error_code& error) {
  throw base::Failure{base::Code::Invalid, base::Cause::Refused,
                      fmt::format("{} cannot be used: {}.", file, error.message())}
      .with_fields({{std::string{field}, error.message()}});
}

}  // namespace

void Wire::cut() {
  error_code ignored;
  socket().close(ignored);
}

std::unique_ptr<Wire> plain_wire(tcp::socket socket) {
  return std::make_unique<PlainWire>(std::move(socket));
}

std::unique_ptr<Wire> tls_wire(tcp::socket socket, asio::ssl::context& context) {
  return std::make_unique<TlsWire>(std::move(socket), context);
}

asio::awaitable<std::optional<char>> first_byte(tcp::socket& socket) {
  const auto [error] = co_await socket.async_wait(tcp::socket::wait_read, kAwait);
  if (error) co_return std::nullopt;
  char byte = 0;
  if (::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
    co_return std::nullopt;
  co_return byte;
}

asio::ssl::context tls_context(const std::string& certificate_file, const std::string& key_file) {
  asio::ssl::context context{asio::ssl::context::tls_server};
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  context.set_options(asio::ssl::context::default_workarounds | SSL_OP_NO_RENEGOTIATION |
                      SSL_OP_CIPHER_SERVER_PREFERENCE);
  error_code error;
  context.use_certificate_chain_file(certificate_file, error);
  if (error) refuse_file("tls_certificate_file", certificate_file, error);
  context.use_private_key_file(key_file, asio::ssl::context::pem, error);
  if (error) refuse_file("tls_key_file", key_file, error);
  return context;
}

void bound_send_buffer(tcp::socket& socket, int bytes) {
  error_code ignored;
  socket.set_option(asio::socket_base::send_buffer_size{bytes}, ignored);
}

void prepare(tcp::socket& socket, std::chrono::milliseconds unanswered) {
  error_code ignored;
  // Programs that this process starts must not hold its clients' connections open.
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  socket.set_option(tcp::no_delay{true}, ignored);
  socket.set_option(asio::socket_base::keep_alive{true}, ignored);
  const asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT> user_timeout{
      static_cast<int>(unanswered.count())};
  socket.set_option(user_timeout, ignored);
}

}  // namespace hedgerow::http
