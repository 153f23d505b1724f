// Reads YAML into a small tree, within limits that hostile files cannot pass: no tags, no aliases,
// no merge keys, no key twice. Every node knows its line, for sentences. What the scalars mean is
// left to the caller.
#pragma once

#include "base/failure.hpp"

namespace hedgerow::base::yaml {

struct Rules {
  std::size_t bytes = 1024 * 1024;
  std::size_t documents = 1'000;
  std::size_t depth = 64;
  std::size_t nodes = 100'000;
  // The failure of what is not YAML, and of what is refused or beyond a limit.
  Code invalid = Code::YamlInvalid;
  Code refused = Code::YamlRefused;
  // Sentences begin "The kubeconfig, line 3: …"; with an empty one "Line 3: …".
  std::string_view subject;
};

class Node;
struct Member;

class Node {
 public:
  enum class Kind : std::uint8_t { Scalar, Sequence, Mapping };

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_mapping() const noexcept { return kind_ == Kind::Mapping; }
  [[nodiscard]] bool is_sequence() const noexcept { return kind_ == Kind::Sequence; }
  [[nodiscard]] bool is_scalar() const noexcept { return kind_ == Kind::Scalar; }
  // From 1.
  [[nodiscard]] std::size_t line() const noexcept { return line_; }

  // A scalar's text; empty for the others.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  // Whether a scalar was written without quotes and without | or >, so that it may mean a number or
  // a truth value.
  [[nodiscard]] bool is_plain() const noexcept { return plain_; }
  // Nothing after the colon, "~" or "null", written plainly.
  [[nodiscard]] bool is_null() const noexcept;

  // The nodes of a sequence; empty for the others.
  [[nodiscard]] std::span<const Node> items() const noexcept { return items_; }
  // The members of a mapping in the order of the file; empty for the others.
  [[nodiscard]] std::span<const Member> members() const noexcept;
  // The value of that key; null when it is absent or this is no mapping.
  [[nodiscard]] const Node* find(std::string_view key) const noexcept;

 private:
  friend class Reader;
  Kind kind_ = Kind::Scalar;
  bool plain_ = false;
  std::size_t line_ = 0;
  std::string text_;
  std::vector<Node> items_;
  std::vector<Member> members_;
};

struct Member {
  std::string key;
  Node value;
};

// One node a document; a document without content is left out. Throws Failure{rules.invalid} for
// what is not YAML in UTF-8 and Failure{rules.refused} for what is refused, each with the line.
[[nodiscard]] std::vector<Node> parse(std::string_view text, const Rules& rules);

}  // namespace hedgerow::base::yaml
