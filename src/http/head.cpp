#include "http/head.hpp"

#include "base/failure.hpp"
#include "base/text.hpp"
#include "http/server.hpp"

namespace hedgerow::http {

namespace {

constexpr std::size_t kMethodMax = 32;
constexpr std::size_t kVersionLength = 8;  // "HTTP/1.1"

[[noreturn]] void refuse_head(std::string sentence) {
  throw base::Failure{base::Code::BadRequest, base::Cause::Refused, std::move(sentence)};
}

[[nodiscard]] bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

[[nodiscard]] bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[nodiscard]] bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

[[nodiscard]] int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Percent-decoded; `+` is a space in a query only.
[[nodiscard]] std::string decoded(std::string_view text, bool in_query) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_query && text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        refuse_head("The address has a % that is not followed by two hex digits.");
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  if (out.contains('\0')) refuse_head("The address contains a zero byte.");
  if (!base::valid_utf8(out)) refuse_head("The address is not UTF-8.");
  return out;
}

void check_segment(std::string_view segment, bool last) {
  if (segment.empty() && !last) refuse_head("The path has an empty part (//).");
  if (segment == "." || segment == "..") refuse_head("The path has a dot part (. or ..).");
  // A proxy that decodes them first would see another path than this server.
  if (segment.find_first_of("/\\") != std::string_view::npos)
    refuse_head("The path has a backslash or an encoded slash.");
  if (std::ranges::any_of(segment, is_control)) refuse_head("The path has a control character.");
}

[[nodiscard]] std::string read_path(std::string_view raw) {
  std::string path;
  const auto parts = base::split(raw.substr(1), '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string segment = decoded(parts[i], false);
    check_segment(segment, i + 1 == parts.size());
    path.append("/").append(segment);
  }
  return path;
}

[[nodiscard]] bool is_method(std::string_view method) {
  constexpr std::array<std::string_view, 8> kMethods{"GET",    "HEAD",    "POST",  "PUT",
                                                     "DELETE", "OPTIONS", "PATCH", "TRACE"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

void check_host(const Head& head) {
  const std::size_t hosts = head.headers.count("Host");
  if (hosts > 1) refuse_head("The request has two Host headers.");
  if (hosts == 0) {
    if (head.http_1_0) return;
    refuse_head("The request has no Host header.");
  }
  const std::string_view host = *head.headers.find("Host");
  const bool sound = !host.empty() && std::ranges::all_of(host, [](char c) {
    return is_alphanumeric(c) || std::string_view{".-_~:[]"}.contains(c);
  });
  if (!sound) refuse_head("The Host header is not a host name with an optional port.");
}

// Which page sent a request is one page or none.
void check_origin(const Head& head) {
  if (head.headers.count("Origin") > 1) refuse_head("The request has two Origin headers.");
}

// One framing only: RFC 9112 section 6.3 lets a server repair what lets a smuggled request through.
void check_framing(const Head& head) {
  const auto coding = head.headers.find("Transfer-Encoding");
  const auto length = head.headers.find("Content-Length");
  if (coding && length) refuse_head("The request has both Transfer-Encoding and Content-Length.");
  if (coding && head.http_1_0) refuse_head("HTTP/1.0 has no Transfer-Encoding.");
  if (coding &&
      (head.headers.count("Transfer-Encoding") > 1 || base::lower_ascii(*coding) != "chunked"))
    throw base::Failure{base::Code::NotImplemented, base::Cause::Refused,
                        "The only transfer coding that this server reads is chunked."};
  if (head.headers.count("Content-Length") > 1)
    refuse_head("The request has two Content-Length headers.");
  if (length && (length->empty() || length->size() > 18 || !std::ranges::all_of(*length, is_digit)))
    refuse_head("The Content-Length header is not one number.");
}

}  // namespace

std::optional<std::size_t> HeadScan::scan(std::string_view bytes) {
  for (; at_ < bytes.size(); ++at_) {
    if (at_ >= limits_.headers)
      throw base::Failure{
          base::Code::HeadersTooLarge, base::Cause::Refused,
          fmt::format("The request's headers are larger than {} bytes.", limits_.headers)};
    const char c = bytes[at_];
    if (c == '\n') {
      if (at_ == 0 || bytes[at_ - 1] != '\r') refuse_head("A line of the request ends without CR.");
      if (at_ - line_start_ == 1) {
        if (lines_ == 0) refuse_head("The request begins with an empty line.");
        return at_ + 1;
      }
      see_line_end(bytes);
      continue;
    }
    if (at_ > 0 && bytes[at_ - 1] == '\r') refuse_head("A line of the request has a CR inside.");
    if (lines_ == 0) {
      see_request_line(c);
    } else if (at_ == line_start_ && (c == ' ' || c == '\t')) {
      refuse_head("A header goes on over two lines.");
    } else if (is_control(c) && c != '\t' && c != '\r') {
      refuse_head("A header contains a control character.");
    }
  }
  return std::nullopt;
}

void HeadScan::see_request_line(char c) {
  if (at_ == 0 && c == kTlsHandshake)
    refuse_head("This port speaks plain HTTP, and the client began with TLS. Use http:// here.");
  if (c == '\r') return;
  if (is_control(c) || static_cast<unsigned char>(c) >= 0x80)
    refuse_head("The request line contains a byte that must be encoded.");
  const std::size_t word_length = at_ - word_start_;
  if (c == ' ') {
    if (word_length == 0 || ++spaces_ > 2)
      refuse_head("The request line is not method, address, version.");
    word_start_ = at_ + 1;
    return;
  }
  if (spaces_ == 0 && word_length >= kMethodMax)
    refuse_head("The request does not begin with a method that HTTP knows.");
  if (spaces_ == 1 && word_length >= limits_.target)
    throw base::Failure{base::Code::UriTooLong, base::Cause::Refused,
                        fmt::format("The address is longer than {} bytes.", limits_.target)};
  if (spaces_ == 2 && word_length >= kVersionLength)
    refuse_head("The request line does not end with HTTP/1.1.");
}

void HeadScan::see_line_end(std::string_view bytes) {
  if (lines_ == 0) {
    if (bytes.starts_with("PRI * HTTP/2"))
      refuse_head("This port speaks HTTP/1.1, and the client began with HTTP/2.");
    if (spaces_ != 2) refuse_head("The request line is not method, address, version.");
  }
  ++lines_;
  line_start_ = at_ + 1;
}

void check(const Head& head) {
  if (!is_method(head.method))
    throw base::Failure{base::Code::NotImplemented, base::Cause::Refused,
                        fmt::format("This server does not know the method {}.",
                                    base::shown(head.method, kMethodMax))};
  check_host(head);
  check_origin(head);
  check_framing(head);
  for (const Pair& header : head.headers.all())
    if (!base::valid_utf8(header.value))
      refuse_head(fmt::format("The header {} is not UTF-8.", header.name));
  const auto expect = head.headers.find("Expect");
  if (expect && base::lower_ascii(*expect) != "100-continue")
    refuse_head("The only expectation that this server meets is 100-continue.");
}

bool wants_keep_alive(const Head& head) {
  if (head.http_1_0) return false;
  for (const Pair& header : head.headers.all()) {
    if (base::lower_ascii(header.name) != "connection") continue;
    for (const std::string_view option : base::split(header.value, ','))
      if (base::lower_ascii(base::trimmed(option)) == "close") return false;
  }
  return true;
}

bool waits_for_continue(const Head& head) { return !head.http_1_0 && head.headers.has("Expect"); }

std::vector<Pair> read_form(std::string_view raw) {
  std::vector<Pair> pairs;
  for (const std::string_view part : base::split(raw, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    pairs.push_back({decoded(part.substr(0, equals), true), decoded(value, true)});
  }
  return pairs;
}

Target read_target(std::string_view raw) {
  if (!raw.starts_with('/'))
    refuse_head("The address of the request is not a path that begins with a slash.");
  if (raw.contains('#')) refuse_head("The address has a fragment (#), which no server may see.");
  const std::size_t mark = raw.find('?');
  std::string path = read_path(raw.substr(0, mark));
  if (mark == std::string_view::npos) return {std::move(path), {}};
  return {std::move(path), read_form(raw.substr(mark + 1))};
}

std::vector<Pair> read_cookies(const Headers& headers) {
  std::vector<Pair> cookies;
  for (const Pair& header : headers.all()) {
    if (base::lower_ascii(header.name) != "cookie") continue;
    for (const std::string_view part : base::split(header.value, ';')) {
      const std::size_t equals = part.find('=');
      if (equals == std::string_view::npos) continue;
      cookies.push_back({std::string{base::trimmed(part.substr(0, equals))},
                         std::string{base::trimmed(part.substr(equals + 1))}});
    }
  }
  return cookies;
}

bool sound_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
  });
}

}  // namespace hedgerow::http
