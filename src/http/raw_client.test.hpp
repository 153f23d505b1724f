// For tests: a client that says exactly the bytes it is told to, on a real socket, and reads what
// comes back.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "http/message.hpp"

namespace hedgerow::http::testing {

// Longer than any deadline that a test sets for the server; reached only when the test fails.
inline constexpr std::chrono::milliseconds kPatience{15'000};

struct Answer {
  int status = 0;  // 0: the connection ended before a whole answer came.
  Headers headers;
  std::string body;

  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string{headers.find(name).value_or("")};
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int family = AF_INET, int receive_buffer = 0)
      : socket_{::socket(family, SOCK_STREAM, 0)} {
    if (receive_buffer > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v6.sin6_addr = in6addr_loopback;
    const bool is_v6 = family == AF_INET6;
    const void* address = is_v6 ? static_cast<const void*>(&v6) : static_cast<const void*>(&v4);
    connected_ = ::connect(socket_, static_cast<const sockaddr*>(address),
                           is_v6 ? sizeof v6 : sizeof v4) == 0;
  }
  RawClient(RawClient&& other) noexcept
      : socket_{std::exchange(other.socket_, -1)},
        connected_{other.connected_},
        got_{std::move(other.got_)} {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() {
    if (socket_ >= 0) ::close(socket_);
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int socket() const { return socket_; }

  // False when the server did not take all of it.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end_sending() const { ::shutdown(socket_, SHUT_WR); }

  // One answer with its body by Content-Length; `head_only` for answers to HEAD.
  Answer read_answer(bool head_only = false) {
    Answer answer;
    if (!read_until("\r\n\r\n")) return answer;
    const std::size_t end = got_.find("\r\n\r\n") + 4;
    const auto lines = base::split(std::string_view{got_}.substr(0, end - 4), '\n');
    answer.status = std::stoi(std::string{lines.front().substr(9, 3)});
    for (const std::string_view line : std::span{lines}.subspan(1)) {
      const std::size_t colon = line.find(':');
      answer.headers.add(line.substr(0, colon), base::trimmed(line.substr(colon + 1)));
    }
    got_.erase(0, end);
    const std::string length = answer.header("Content-Length");
    if (head_only || length.empty() || answer.status == 304) return answer;
    const std::size_t wanted = std::stoul(length);
    while (got_.size() < wanted && read_some()) {
    }
    if (got_.size() < wanted) answer.status = 0;
    answer.body = got_.substr(0, wanted);
    got_.erase(0, wanted);
    return answer;
  }

  // True once `mark` is in what came and was not taken yet.
  bool read_until(std::string_view mark) {
    while (got_.find(mark) == std::string::npos)
      if (!read_some()) return false;
    return true;
  }
  // Everything up to the end of the connection.
  std::string read_to_end() {
    while (read_some()) {
    }
    return std::exchange(got_, {});
  }
  // What came and was not taken yet.
  [[nodiscard]] const std::string& got() const { return got_; }
  // True when the server ended the connection and nothing came before that.
  bool is_cut() { return read_to_end().empty() && ended_; }
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  bool read_some() {
    pollfd poll_for{socket_, POLLIN, 0};
    if (::poll(&poll_for, 1, static_cast<int>(kPatience.count())) <= 0) return false;
    std::array<char, 16 * 1024> bytes{};
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    got_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
  }

  int socket_;
  bool connected_ = false;
  bool ended_ = false;
  std::string got_;
};

}  // namespace hedgerow::http::testing
