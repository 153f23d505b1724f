// The head of a request: where it ends in the bytes that came, what it says, and whether that can
// have only one meaning. Stricter than RFC 9112 allows a server to be wherever two readers could
// disagree: a proxy before us may be the other.
#pragma once

#include "http/message.hpp"

namespace hedgerow::http {

struct Limits;

// The first byte of every TLS connection, and of no HTTP request.
inline constexpr char kTlsHandshake = 0x16;

struct Head {
  std::string method;
  std::string target;
  bool http_1_0 = false;
  Headers headers;
};

// Looks for the end of a head while it arrives, each byte once, and refuses early what can become
// no request.
class HeadScan {
 public:
  explicit HeadScan(const Limits& limits) : limits_{limits} {}

  // `bytes` is all that came so far, from the request's first byte. The length of the whole head,
  // or nothing yet. Throws Failure{BadRequest}, Failure{UriTooLong}, Failure{HeadersTooLarge}.
  [[nodiscard]] std::optional<std::size_t> scan(std::string_view bytes);

 private:
  void see_request_line(char c);
  void see_line_end(std::string_view bytes);

  const Limits& limits_;
  std::size_t at_ = 0;
  std::size_t lines_ = 0;  // Whole ones.
  std::size_t line_start_ = 0;
  std::size_t spaces_ = 0;      // In the request line.
  std::size_t word_start_ = 0;  // In the request line.
};

// Refuses a head that could be read in two ways or asks for what is not spoken here. Throws
// Failure{BadRequest}, Failure{NotImplemented}.
void check(const Head& head);

// What follows from the head alone.
[[nodiscard]] bool wants_keep_alive(const Head& head);
[[nodiscard]] bool waits_for_continue(const Head& head);

// The pairs of a query, and of a form: application/x-www-form-urlencoded. Throws
// Failure{BadRequest}.
[[nodiscard]] std::vector<Pair> read_form(std::string_view raw);

struct Target {
  std::string path;
  std::vector<Pair> query;
};
// A target in origin form ("/api/fabrics/?limit=5"), decoded. Throws Failure{BadRequest}.
[[nodiscard]] Target read_target(std::string_view raw);

// RFC 6265 section 4.2: pairs as they came.
[[nodiscard]] std::vector<Pair> read_cookies(const Headers& headers);

// 1 to 64 characters of A-Z a-z 0-9 _ . -
[[nodiscard]] bool sound_request_id(std::string_view id);

}  // namespace hedgerow::http
