// Text as bytes that people and programs send us: encodings, validity, and what may be shown or
// logged. Knows no format of documents; JSON and YAML have files of their own.
#pragma once

namespace hedgerow::base {

[[nodiscard]] std::string hex(std::span<const std::byte> bytes);
// RFC 4648 section 5, without padding.
[[nodiscard]] std::string base64url(std::span<const std::byte> bytes);
[[nodiscard]] std::optional<std::vector<std::byte>> from_base64url(std::string_view text);
// RFC 4648 section 4; white space inside is skipped, as kubeconfigs have it.
[[nodiscard]] std::string base64(std::span<const std::byte> bytes);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

[[nodiscard]] std::span<const std::byte> bytes_of(std::string_view text) noexcept;
[[nodiscard]] std::string_view text_of(std::span<const std::byte> bytes) noexcept;

[[nodiscard]] bool valid_utf8(std::string_view text) noexcept;
// Unicode code points of valid UTF-8.
[[nodiscard]] std::size_t characters(std::string_view text) noexcept;
// Whether valid UTF-8 has characters that leave no trace, marks of direction among them: two texts
// that differ only in them look the same.
[[nodiscard]] bool has_unseen(std::string_view text) noexcept;
// Without ASCII white space at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
[[nodiscard]] std::string lower_ascii(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
// All of `text` as a decimal number; nothing when it is none or does not fit.
template <class Number>
[[nodiscard]] std::optional<Number> whole_number(std::string_view text) noexcept {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// For logs and sentences: control characters, line separators and bidirectional marks become \xNN
// or \uNNNN, so that nobody can forge a line or turn its order; broken UTF-8 becomes U+FFFD; cut at
// `most` bytes with "…".
[[nodiscard]] std::string shown(std::string_view text, std::size_t most = 500);
// `shown`, and whatever looks like a credential (bearer tokens, JWTs, private keys, our own tokens)
// is "[removed]".
[[nodiscard]] std::string scrubbed(std::string_view text, std::size_t most = 500);

// In constant time for equal lengths.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b) noexcept;

}  // namespace hedgerow::base
