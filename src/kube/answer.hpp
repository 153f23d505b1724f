// Reads a whole JSON answer of modest size: simdjson's tree with the few questions that this room
// asks. For this room only.
#pragma once

#include <simdjson.h>

namespace hedgerow::kube {

class Answer {
 public:
  explicit Answer(std::string_view body);

  [[nodiscard]] bool is_json() const noexcept { return root_.has_value(); }
  // Whether it is an object that calls itself so ("Status", "APIGroupList").
  [[nodiscard]] bool is_kind(std::string_view kind) const { return text("/kind") == kind; }
  // The text at a JSON pointer; empty when there is none.
  [[nodiscard]] std::string_view text(std::string_view pointer) const;
  // Never throws: null when there is nothing of that kind.
  [[nodiscard]] std::optional<simdjson::dom::element> at(std::string_view pointer) const;
  [[nodiscard]] std::optional<simdjson::dom::array> list(std::string_view pointer) const;

  [[nodiscard]] static std::string_view text_in(simdjson::dom::element from,
                                                std::string_view pointer);
  [[nodiscard]] static std::optional<simdjson::dom::array> list_in(simdjson::dom::element from,
                                                                   std::string_view pointer);

 private:
  simdjson::dom::parser parser_;
  std::optional<simdjson::dom::element> root_;
};

}  // namespace hedgerow::kube
