// The grammar of HTTP/1.1 messages, by Beast's parser. Knows no sockets: bytes go in, a head and a
// body come out.
#pragma once

#include "http/head.hpp"

namespace hedgerow::http {

class MessageParser {
 public:
  // `body_header_max` bounds what stands between two chunks, and the trailers.
  explicit MessageParser(std::size_t body_header_max);
  ~MessageParser();
  MessageParser(MessageParser&&) noexcept;
  MessageParser& operator=(MessageParser&&) noexcept;

  // `bytes` is one whole head, as HeadScan found it. Call once, first. Throws Failure{BadRequest}
  // and what `check` does.
  [[nodiscard]] Head read_head(std::string_view bytes);

  // The length that the head states; nothing for a chunked body.
  [[nodiscard]] std::optional<std::uint64_t> stated_length() const;
  // Before `read_body`: more than this is Failure{TooLarge}, thrown here for a stated length.
  void set_body_max(std::size_t body_max);
  // Takes what belongs to the body from the front of `bytes`, appends it to `body`, and says how
  // many bytes that were; those that were not taken must come again, with more behind them.
  // Trailers are read and forgotten. Throws Failure{BadRequest}, Failure{TooLarge},
  // Failure{HeadersTooLarge}.
  [[nodiscard]] std::size_t read_body(std::string_view bytes, std::string& body);
  // True when the message is whole.
  [[nodiscard]] bool done() const;

 private:
  class Grammar;
  std::unique_ptr<Grammar> grammar_;
  std::size_t body_header_max_;
  std::size_t body_max_ = 0;
};

// "Not Found"; empty for a status without a name.
[[nodiscard]] std::string_view reason_of(int status);

}  // namespace hedgerow::http
