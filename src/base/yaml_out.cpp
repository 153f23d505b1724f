#include "base/yaml_out.hpp"

#include "base/json_out.hpp"
#include "base/json_value.hpp"
#include "base/text.hpp"

namespace hedgerow::base {

namespace {

namespace sj = simdjson::ondemand;

constexpr std::size_t kYamlDepthMax = 128;

[[noreturn]] void malformed(std::string_view what) {
  throw Failure{Code::Malformed, Cause::Refused, "The document is no JSON."}.with_operator(
      std::string{what});
}

auto must(auto result) { return value_of(std::move(result), malformed); }

// Whether YAML 1.1 or 1.2 might read it as a number or a time: it begins like one and has no other
// letters than theirs. Quotes too many cost nothing; one too few changes the value.
bool looks_like_number(std::string_view text) {
  const std::string_view digits = text.substr(text.find_first_not_of("+-.") == 1 ? 1 : 0);
  if (digits.empty() || digits.front() < '0' || digits.front() > '9') return false;
  return digits.find_first_not_of("0123456789+-.:_eExXoOTZ ") == std::string_view::npos ||
         digits.starts_with("0x");
}

bool reads_as_other(std::string_view text) {
  static constexpr std::array<std::string_view, 13> kWords{
      "null", "~", "true", "false", "yes", "no", "on", "off", "y", "n", ".nan", ".inf", "-.inf"};
  const std::string lower = lower_ascii(text);
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end() || looks_like_number(text);
}

bool is_plain(std::string_view text) {
  if (text.empty() || reads_as_other(text)) return false;
  if (trimmed(text) != text) return false;
  if (std::string_view{"-?:,[]{}#&*!|>'\"%@`="}.find(text.front()) != std::string_view::npos)
    return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos ||
      text.ends_with(':'))
    return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

// A JSON string is a YAML double-quoted one.
std::string scalar(std::string_view text) {
  if (is_plain(text)) return std::string{text};
  JsonOut out;
  out.value(text);
  return out.take();
}

class BlockWriter {
 public:
  // Writes a value after "key:" or "-"; `indent` is that of its own lines.
  void value(sj::value element, std::size_t indent) {
    if (indent > kYamlDepthMax * 2)
      throw Failure{Code::Malformed, Cause::Refused, "The document is nested too deeply."};
    switch (must(element.type())) {
      case sj::json_type::object: return object(must(element.get_object()), indent);
      case sj::json_type::array: return array(must(element.get_array()), indent);
      case sj::json_type::string: text_ += " " + scalar(must(element.get_string())) + "\n"; return;
      default: text_ += fmt::format(" {}\n", trimmed(element.raw_json_token())); return;
    }
  }

  void object(sj::object members, std::size_t indent) {
    bool empty = true;
    for (auto field : members) {
      auto member = must(std::move(field));
      // The first key of an object in a list stands behind its dash.
      const bool behind_dash = empty && text_.ends_with("-");
      if (empty && !behind_dash && !text_.empty()) text_ += "\n";
      text_ += behind_dash ? " " : std::string(indent, ' ');
      text_ += scalar(must(member.unescaped_key())) + ":";
      empty = false;
      value(member.value(), indent + 2);
    }
    if (empty) text_ += " {}\n";
  }

  void array(sj::array elements, std::size_t indent) {
    bool empty = true;
    // Lists stand at the column of their key, as kubectl writes them.
    const std::size_t column = indent >= 2 && !text_.ends_with("-") ? indent - 2 : indent;
    for (auto element : elements) {
      if (empty) text_ += "\n";
      empty = false;
      text_ += std::string(column, ' ') + "-";
      value(must(element), column + 2);
    }
    if (empty) text_ += " []\n";
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string yaml_of(std::string_view json) {
  sj::parser parser;
  const simdjson::padded_string text = padded(json);
  auto document = must(parser.iterate(text));
  BlockWriter writer;
  writer.object(must(document.get_object()), 0);
  return writer.take();
}

}  // namespace hedgerow::base
