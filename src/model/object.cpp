#include "model/object.hpp"

namespace hedgerow::model {

namespace {

// Without leading zeros, which would make equal numbers differ in length.
bool is_decimal(std::string_view text) noexcept {
  if (text.empty() || (text.front() == '0' && text.size() > 1)) return false;
  return std::ranges::all_of(text, [](char digit) { return digit >= '0' && digit <= '9'; });
}

}  // namespace

bool is_older(std::string_view one, std::string_view other) noexcept {
  if (!is_decimal(one) || !is_decimal(other)) return false;
  return one.size() != other.size() ? one.size() < other.size() : one < other;
}

}  // namespace hedgerow::model
