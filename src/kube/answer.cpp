#include "kube/answer.hpp"

namespace hedgerow::kube {

using simdjson::dom::array;
using simdjson::dom::element;

namespace {

std::optional<element> found_in(element from, std::string_view pointer) {
  element found;
  if (from.at_pointer(pointer).get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

}  // namespace

Answer::Answer(std::string_view body) {
  element root;
  if (parser_.parse(simdjson::padded_string{body}).get(root) == simdjson::SUCCESS &&
      root.is_object())
    root_ = root;
}

std::string_view Answer::text_in(element from, std::string_view pointer) {
  std::string_view text;
  const auto found = found_in(from, pointer);
  if (!found || found->get(text) != simdjson::SUCCESS) return {};
  return text;
}

std::optional<array> Answer::list_in(element from, std::string_view pointer) {
  array list;
  const auto found = found_in(from, pointer);
  if (!found || found->get(list) != simdjson::SUCCESS) return std::nullopt;
  return list;
}

std::optional<element> Answer::at(std::string_view pointer) const {
  return root_ ? found_in(*root_, pointer) : std::nullopt;
}

std::string_view Answer::text(std::string_view pointer) const {
  return root_ ? text_in(*root_, pointer) : std::string_view{};
}

std::optional<array> Answer::list(std::string_view pointer) const {
  return root_ ? list_in(*root_, pointer) : std::nullopt;
}

}  // namespace hedgerow::kube
