// Numbers of JSON by value, exactly: digits and a decimal exponent, never a binary float.
#include "base/digest.hpp"

namespace hedgerow::base {

namespace {

struct Decimal {
  bool negative = false;
  std::string digits;  // Without leading zeros; empty is zero.
  std::int64_t exponent = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The grammar of RFC 8259 section 6, nothing more.
std::optional<Decimal> parse(std::string_view token) {
  Decimal number;
  std::size_t at = 0;
  const auto more = [&] { return at < token.size(); };
  if (more() && token[at] == '-') {
    number.negative = true;
    ++at;
  }
  const std::size_t first = at;
  while (more() && is_digit(token[at])) number.digits += token[at++];
  if (at == first || (token[first] == '0' && at - first > 1)) return std::nullopt;
  if (more() && token[at] == '.') {
    const std::size_t point = ++at;
    while (more() && is_digit(token[at])) number.digits += token[at++];
    if (at == point) return std::nullopt;
    number.exponent = -static_cast<std::int64_t>(at - point);
  }
  if (more() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (more() && token[at] == '+') ++at;
    std::int32_t exponent = 0;
    const auto [end, error] =
        std::from_chars(token.data() + at, token.data() + token.size(), exponent);
    if (error != std::errc{} || end == token.data() + at) return std::nullopt;
    if (token[at] == '-' && token[at - 1] == '+') return std::nullopt;
    at = static_cast<std::size_t>(end - token.data());
    number.exponent += exponent;
  }
  if (more()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::string> canonical_number(std::string_view token) {
  auto number = parse(token);
  if (!number) return std::nullopt;
  number->digits.erase(0, number->digits.find_first_not_of('0'));
  if (number->digits.empty()) return "0";  // Also -0: no value is below it and above nothing.
  while (number->digits.back() == '0') {
    number->digits.pop_back();
    ++number->exponent;
  }
  // Whole numbers of usual size stay readable; the spelling is unique either way.
  constexpr std::int64_t kZerosMax = 20;
  std::string text = number->negative ? "-" : "";
  text += number->digits;
  if (number->exponent >= 0 && number->exponent <= kZerosMax)
    text.append(static_cast<std::size_t>(number->exponent), '0');
  else
    text += fmt::format("e{}", number->exponent);
  return text;
}

}  // namespace hedgerow::base
