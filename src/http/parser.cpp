#include "http/parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/status.hpp>

#include "base/failure.hpp"

#ifndef BOOST_DISABLE_ASSERTS
#error "Beast asserts on input that anybody can send; see CMakeLists.txt."
#endif

namespace hedgerow::http {

namespace beast = boost::beast;
using BeastError = beast::http::error;

class MessageParser::Grammar final : public beast::http::basic_parser<true> {
 public:
  Head head;
  std::string* body = nullptr;

 private:
  using error_code = beast::error_code;
  using string_view = beast::string_view;

  void on_request_impl(beast::http::verb, string_view method, string_view target, int version,
                       error_code&) override {
    head.method = method;
    head.target = target;
    head.http_1_0 = version == 10;
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(beast::http::field, string_view name, string_view value,
                     error_code&) override {
    // A trailer must not become a header after the headers were checked.
    if (!is_header_done()) head.headers.add(name, value);
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code&) override {
    body->append(bytes);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& error) override {
    // Beast lets a bare LF stand in a quoted extension; another reader may see a line end in it.
    const bool control = std::ranges::any_of(extensions, [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    });
    if (control) error = BeastError::bad_chunk_extension;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(error_code&) override {}
};

namespace {

[[nodiscard]] std::string_view sentence_of(BeastError error) {
  switch (error) {
    case BeastError::bad_method: return "The request does not begin with a method.";
    case BeastError::bad_target: return "The address of the request is not well formed.";
    case BeastError::bad_version: return "The request line does not end with HTTP/1.1.";
    case BeastError::bad_field: return "A header's name is not well formed.";
    case BeastError::bad_value: return "A header's value is not well formed.";
    case BeastError::bad_content_length:
    case BeastError::multiple_content_length:
      return "The Content-Length header is not one number, or there is Transfer-Encoding too.";
    case BeastError::bad_transfer_encoding:
      return "The request states the length of its body in two ways.";
    case BeastError::bad_chunk:
    case BeastError::bad_chunk_extension: return "A chunk of the body is not well formed.";
    default: return "The request is not HTTP/1.1 as it should be.";
  }
}

[[noreturn]] void throw_bad(const beast::error_code& error) {
  throw base::Failure{base::Code::BadRequest, base::Cause::Refused,
                      std::string{sentence_of(static_cast<BeastError>(error.value()))}}
      .with_operator(error.message());
}

[[noreturn]] void throw_too_large(std::size_t body_max) {
  throw base::Failure{
      base::Code::TooLarge, base::Cause::Refused,
      fmt::format("The body is larger than the {} bytes that may be sent here.", body_max)};
}

}  // namespace

MessageParser::MessageParser(std::size_t body_header_max)
    : grammar_{std::make_unique<Grammar>()}, body_header_max_{body_header_max} {}
MessageParser::~MessageParser() = default;
MessageParser::MessageParser(MessageParser&&) noexcept = default;
MessageParser& MessageParser::operator=(MessageParser&&) noexcept = default;

Head MessageParser::read_head(std::string_view bytes) {
  // The limits of ours came before; Beast's own, smaller ones must not speak first.
  grammar_->header_limit(std::numeric_limits<std::uint32_t>::max());
  grammar_->body_limit(boost::none);
  beast::error_code error;
  grammar_->put(boost::asio::buffer(bytes), error);
  if (error) throw_bad(error);
  Head head = std::move(grammar_->head);
  check(head);
  grammar_->eager(true);
  return head;
}

std::optional<std::uint64_t> MessageParser::stated_length() const {
  const auto length = grammar_->content_length();
  if (!length) return std::nullopt;
  return *length;
}

void MessageParser::set_body_max(std::size_t body_max) {
  body_max_ = body_max;
  if (stated_length().value_or(0) > body_max) throw_too_large(body_max);
  grammar_->body_limit(body_max);
}

std::size_t MessageParser::read_body(std::string_view bytes, std::string& body) {
  if (done()) return 0;
  grammar_->body = &body;
  beast::error_code error;
  const std::size_t taken = grammar_->put(boost::asio::buffer(bytes), error);
  if (error == BeastError::body_limit) throw_too_large(body_max_);
  if (error && error != BeastError::need_more) throw_bad(error);
  if (!done() && bytes.size() - taken >= body_header_max_)
    throw base::Failure{base::Code::HeadersTooLarge, base::Cause::Refused,
                        fmt::format("What stands between two chunks of the body is larger than {} "
                                    "bytes.",
                                    body_header_max_)};
  return taken;
}

bool MessageParser::done() const { return grammar_->is_done(); }

std::string_view reason_of(int status) {
  if (status < 100 || status > 599) return {};
  return beast::http::obsolete_reason(beast::http::int_to_status(static_cast<unsigned>(status)));
}

}  // namespace hedgerow::http
