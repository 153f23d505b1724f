#include "base/yaml.hpp"

#include <yaml.h>

#include "base/check.hpp"
#include "base/text.hpp"

namespace hedgerow::base::yaml {

bool Node::is_null() const noexcept {
  return kind_ == Kind::Scalar && plain_ &&
         (text_.empty() || text_ == "~" || text_ == "null" || text_ == "Null" || text_ == "NULL");
}

std::span<const Member> Node::members() const noexcept { return members_; }

const Node* Node::find(std::string_view key) const noexcept {
  for (const Member& member : members_)
    if (member.key == key) return &member.value;
  return nullptr;
}

namespace {

std::string at_line(const Rules& rules, std::size_t line) {
  return rules.subject.empty() ? fmt::format("Line {}", line)
                               : fmt::format("{}, line {}", rules.subject, line);
}

// An event of libyaml and its end.
struct Event {
  yaml_event_t event{};
  Event() = default;
  ~Event() { yaml_event_delete(&event); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  [[nodiscard]] std::size_t line() const { return event.start_mark.line + 1; }
};

std::string_view view(const yaml_char_t* text, std::size_t length) {
  return {reinterpret_cast<const char*>(text), length};
}

}  // namespace

class Reader {
 public:
  Reader(std::string_view text, const Rules& rules) : rules_{rules} {
    CHECK(yaml_parser_initialize(&parser_) == 1);
    // Never guessed: UTF-16 would pass by everything that looks at bytes.
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~Reader() { yaml_parser_delete(&parser_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  std::vector<Node> documents() {
    std::vector<Node> found;
    for (;;) {
      Event at;
      next(at);
      if (at.event.type == YAML_STREAM_END_EVENT) return found;
      if (at.event.type != YAML_DOCUMENT_START_EVENT) continue;
      if (++documents_ > rules_.documents)
        refuse(at.line(), rules_.documents == 1
                              ? "more than one document"
                              : fmt::format("more than {} documents", rules_.documents));
      Event content;
      next(content);
      Node root = node(content, 1);
      if (!root.is_null()) found.push_back(std::move(root));
    }
  }

 private:
  [[noreturn]] void refuse(std::size_t line, std::string_view what) const {
    throw Failure{rules_.refused, Cause::Refused,
                  fmt::format("{}: {}.", at_line(rules_, line), what)};
  }

  void next(Event& into) {
    if (yaml_parser_parse(&parser_, &into.event) == 1) return;
    // Errors of the reader (bytes that are no UTF-8) know an offset only; the mark is then where
    // the parser stands.
    const bool placed = parser_.problem_mark.line > 0 || parser_.problem_mark.index > 0;
    const std::size_t line = (placed ? parser_.problem_mark.line : parser_.mark.line) + 1;
    throw Failure{rules_.invalid, Cause::Refused,
                  fmt::format("{}: this is not YAML: {}.", at_line(rules_, line),
                              parser_.problem != nullptr ? parser_.problem : "unreadable")};
  }

  Node node(const Event& at, std::size_t depth) {
    if (depth > rules_.depth)
      refuse(at.line(), fmt::format("nested deeper than {} levels", rules_.depth));
    if (++nodes_ > rules_.nodes)
      refuse(at.line(), fmt::format("more than {} values", rules_.nodes));
    Node made;
    made.line_ = at.line();
    switch (at.event.type) {
      case YAML_SCALAR_EVENT: read_scalar(made, at); return made;
      case YAML_SEQUENCE_START_EVENT: read_sequence(made, at, depth); return made;
      case YAML_MAPPING_START_EVENT: read_mapping(made, at, depth); return made;
      case YAML_ALIAS_EVENT: refuse(at.line(), "aliases (*name) are not taken");
      default: refuse(at.line(), "a value is missing");
    }
  }

  void refuse_tag(const Event& at, const yaml_char_t* tag) const {
    if (tag != nullptr) refuse(at.line(), "tags (!name) are not taken");
  }

  void read_scalar(Node& into, const Event& at) const {
    const auto& scalar = at.event.data.scalar;
    refuse_tag(at, scalar.tag);
    into.kind_ = Node::Kind::Scalar;
    into.plain_ = scalar.style == YAML_PLAIN_SCALAR_STYLE;
    into.text_ = view(scalar.value, scalar.length);
  }

  void read_sequence(Node& into, const Event& start, std::size_t depth) {
    refuse_tag(start, start.event.data.sequence_start.tag);
    into.kind_ = Node::Kind::Sequence;
    for (;;) {
      Event at;
      next(at);
      if (at.event.type == YAML_SEQUENCE_END_EVENT) return;
      into.items_.push_back(node(at, depth + 1));
    }
  }

  void read_mapping(Node& into, const Event& start, std::size_t depth) {
    refuse_tag(start, start.event.data.mapping_start.tag);
    into.kind_ = Node::Kind::Mapping;
    std::set<std::string, std::less<>> keys;
    for (;;) {
      Event at;
      next(at);
      if (at.event.type == YAML_MAPPING_END_EVENT) return;
      Node key = node(at, depth + 1);
      if (!key.is_scalar()) refuse(key.line(), "a key is a list or a mapping");
      if (key.is_plain() && key.text() == "<<") refuse(key.line(), "merge keys (<<) are not taken");
      if (!keys.insert(key.text()).second)
        refuse(key.line(), fmt::format("the key '{}' stands twice", shown(key.text(), 80)));
      Event value;
      next(value);
      into.members_.push_back({std::move(key.text_), node(value, depth + 1)});
    }
  }

  const Rules& rules_;
  yaml_parser_t parser_{};
  std::size_t documents_ = 0;
  std::size_t nodes_ = 0;
};

std::vector<Node> parse(std::string_view text, const Rules& rules) {
  if (text.size() > rules.bytes)
    throw Failure{
        rules.refused, Cause::Refused,
        fmt::format("{} is {} bytes long; at most {} are taken.",
                    rules.subject.empty() ? "The text" : rules.subject, text.size(), rules.bytes)};
  // YAML 1.2, 5.2: it may begin with a byte order mark, as editors of Windows write it.
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return Reader{text, rules}.documents();
}

}  // namespace hedgerow::base::yaml
