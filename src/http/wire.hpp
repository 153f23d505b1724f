// One accepted socket, plain or with TLS, as two awaitable operations. Everything here runs on the
// socket's own loop.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hedgerow::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Errors are values on the network: a peer that leaves is no failure of ours.
inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

class Wire {
 public:
  struct Moved {
    error_code error;
    std::size_t bytes = 0;
  };

  virtual ~Wire() = default;
  // What must be agreed before the first byte of HTTP. False when the peer did not get through it.
  virtual asio::awaitable<bool> shake_hands() = 0;
  // Never 0 bytes without an error: the peer's end is one too.
  virtual asio::awaitable<Moved> read_some(asio::mutable_buffer into) = 0;
  // All of it, or an error.
  virtual asio::awaitable<Moved> write(std::span<const asio::const_buffer> bytes) = 0;
  // Tells the peer that nothing more comes. What it still sends can be read, but only to be thrown
  // away.
  virtual asio::awaitable<void> end_writing() = 0;
  virtual tcp::socket& socket() = 0;
  // Ends the connection and all operations on it, now.
  void cut();
};

[[nodiscard]] std::unique_ptr<Wire> plain_wire(tcp::socket socket);

[[nodiscard]] std::unique_ptr<Wire> tls_wire(tcp::socket socket, asio::ssl::context& context);

// Waits for the first byte without taking it; nothing when the peer left before.
[[nodiscard]] asio::awaitable<std::optional<char>> first_byte(tcp::socket& socket);

// A server's context: TLS 1.2 at least, little memory per idle connection. Throws Failure{Invalid}
// that names the setting.
[[nodiscard]] asio::ssl::context tls_context(const std::string& certificate_file,
                                             const std::string& key_file);

// For a connection that will be idle most of its life: bounds what the kernel keeps for a peer that
// does not read.
void bound_send_buffer(tcp::socket& socket, int bytes);

// Not inherited by child processes, no delay for small writes, and a peer that vanished without a
// word is noticed within `unanswered`.
void prepare(tcp::socket& socket, std::chrono::milliseconds unanswered);

}  // namespace hedgerow::http
