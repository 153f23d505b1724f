#include "base/text.hpp"

#include <simdjson.h>
#include <sodium.h>

#include <regex>

namespace hedgerow::base {

namespace {

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string encoded(std::span<const std::byte> bytes, int variant) {
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), raw(bytes), bytes.size(), variant);
  text.resize(text.size() - 1);  // libsodium counts its closing zero.
  return text;
}

// Whether the code point could forge a line or turn the order of what is read.
bool misleads(char32_t point) {
  return point < 0x20 || point == 0x7f || (point >= 0x80 && point < 0xa0) || point == 0x2028 ||
         point == 0x2029 || point == 0x061c || (point >= 0x200e && point <= 0x200f) ||
         (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
         point == 0xfeff;
}

bool is_unseen(char32_t point) {
  return point == 0xad || (point >= 0x200b && point <= 0x200f) ||
         (point >= 0x202a && point <= 0x202e) || (point >= 0x2060 && point <= 0x2064) ||
         (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

// The length of the valid UTF-8 sequence at `at`, and its code point; 0 when it is broken.
std::size_t sequence(std::string_view text, std::size_t at, char32_t& point) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80           ? 1
                             : (first >> 5) == 0x06 ? 2
                             : (first >> 4) == 0x0e ? 3
                             : (first >> 3) == 0x1e ? 4
                                                    : 0;
  if (length == 0 || at + length > text.size()) return 0;
  if (!simdjson::validate_utf8(text.data() + at, length)) return 0;
  point = length == 1 ? first : first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) point = (point << 6) | (byte(i) & 0x3fu);
  return length;
}

}  // namespace

std::string hex(std::span<const std::byte> bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), raw(bytes), bytes.size());
  text.resize(bytes.size() * 2);
  return text;
}

std::string base64url(std::span<const std::byte> bytes) {
  return encoded(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::string base64(std::span<const std::byte> bytes) {
  return encoded(bytes, sodium_base64_VARIANT_ORIGINAL);
}

std::optional<std::vector<std::byte>> from_base64url(std::string_view text) {
  std::vector<std::byte> bytes(text.size() / 4 * 3 + 3);
  std::size_t length = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &length, &end,
                        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  bytes.resize(length);
  return bytes;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t length = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), " \t\r\n", &length, &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  bytes.resize(length);
  return bytes;
}

std::span<const std::byte> bytes_of(std::string_view text) noexcept {
  return std::as_bytes(std::span{text.data(), text.size()});
}

std::string_view text_of(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool valid_utf8(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

bool has_unseen(std::string_view text) noexcept {
  char32_t point = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence(text, at, point);
    if (length > 0 && is_unseen(point)) return true;
    at += std::max<std::size_t>(length, 1);
  }
  return false;
}

std::size_t characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string lower_ascii(std::string_view text) {
  std::string lower{text};
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string shown(std::string_view text, std::size_t most) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (out.size() >= most) return out + "…";
    char32_t point = 0;
    const std::size_t length = sequence(text, at, point);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      ++at;
      continue;
    }
    if (misleads(point)) {
      out += point < 0x100 ? fmt::format("\\x{:02x}", static_cast<unsigned>(point))
                           : fmt::format("\\u{:04x}", static_cast<unsigned>(point));
    } else {
      out.append(text.substr(at, length));
    }
    at += length;
  }
  return out;
}

std::string scrubbed(std::string_view text, std::size_t most) {
  // One expression, alternatives in this order: header values, JWTs, our tokens, PEM keys,
  // credentials in URLs, fields.
  static const std::regex kCredential{
      R"((bearer|basic|token) +[A-Za-z0-9._~+/=-]{8,})"
      R"(|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?)"
      R"(|hgr_[A-Za-z0-9_.-]+)"
      R"(|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?)"
      R"(|://[^/@ ]+:[^/@ ]+@)"
      R"(|(password|secret|client-key-data|otp)["']? *[:=] *["']?[^"', ]+)",
      std::regex::icase | std::regex::optimize};
  // Bounded before the expression: its run time grows with the length.
  const std::string bounded{text.substr(0, most * 4 + 4096)};
  return shown(std::regex_replace(bounded, kCredential, "[removed]"), most);
}

bool same_secret(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace hedgerow::base
