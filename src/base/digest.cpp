#include "base/digest.hpp"

#include <sodium.h>
#include <xxhash.h>

#include "base/check.hpp"
#include "base/json_value.hpp"
#include "base/text.hpp"

namespace hedgerow::base {

namespace {

constexpr int kDepthMax = 128;

namespace od = simdjson::ondemand;

[[noreturn]] void malformed(std::string_view what) {
  throw Failure{Code::Malformed, Cause::Refused, fmt::format("The JSON is malformed: {}.", what)};
}

auto must(auto result) { return value_of(std::move(result), malformed); }

bool needs_escape(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const auto odd = std::ranges::find_if(text, needs_escape);
    out.append(text.begin(), odd);
    if (odd == text.end()) break;
    if (*odd == '"' || *odd == '\\')
      out.append(1, '\\').append(1, *odd);
    else
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(*odd));
    text.remove_prefix(static_cast<std::size_t>(odd - text.begin()) + 1);
  }
  out += '"';
}

// Where a member of an object stands in the text that is being written; nowhere when it is unsaid.
struct Member {
  std::string_view key;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Writes a document in canonical form, but for what is unsaid.
class Writer {
 public:
  explicit Writer(const Unsaid& unsaid) : unsaid_{unsaid} {}

  std::string write(std::string_view json);

 private:
  // `key`: under which it stands; empty in a list.
  void append(od::value value, int depth, std::string_view key);
  void append(od::object object, int depth, std::string_view key);
  void append(od::array array, int depth);
  void append_number(std::string_view token);
  void sort(std::size_t from, std::vector<Member>& members);

  const Unsaid& unsaid_;
  std::string out_;
};

void append_separator(std::string& out) {
  if (out.back() != '{') out += ',';
}

void Writer::append(od::object object, int depth, std::string_view key) {
  const bool is_partly_unsaid = depth == 2 && key == unsaid_.object;
  const std::size_t from = out_.size();
  out_ += '{';
  std::vector<Member> members;
  for (auto field : object) {
    auto read = must(std::move(field));
    const std::size_t before = out_.size();
    append_separator(out_);
    Member member{must(read.unescaped_key()), out_.size(), 0};
    append_string(out_, member.key);
    out_ += ':';
    append(read.value(), depth, member.key);
    if (is_partly_unsaid &&
        std::ranges::find(unsaid_.members, member.key) != unsaid_.members.end()) {
      out_.resize(before);
      member.begin = before;
    }
    member.end = out_.size();
    members.push_back(member);
  }
  sort(from, members);
  out_ += '}';
}

// Gives the members, which stand behind `from`, the order of their keys.
void Writer::sort(std::size_t from, std::vector<Member>& members) {
  // An API server writes most objects so.
  const bool sorted = std::ranges::is_sorted(members, {}, &Member::key);
  if (!sorted) std::ranges::sort(members, {}, &Member::key);
  const auto twice = std::ranges::adjacent_find(members, {}, &Member::key);
  if (twice != members.end())
    malformed(fmt::format("the key \"{}\" stands twice", shown(twice->key, 80)));
  if (sorted) return;
  std::string text{'{'};
  text.reserve(out_.size() - from);
  for (const Member& member : members) {
    if (member.begin == member.end) continue;
    append_separator(text);
    text.append(out_, member.begin, member.end - member.begin);
  }
  out_.replace(from, std::string::npos, text);
}

void Writer::append(od::array array, int depth) {
  out_ += '[';
  bool first = true;
  for (auto element : array) {
    if (!first) out_ += ',';
    first = false;
    append(must(element), depth, {});
  }
  out_ += ']';
}

void Writer::append_number(std::string_view token) {
  const auto number = canonical_number(trimmed(token));
  if (!number) malformed("a number is not one");
  out_ += *number;
}

void Writer::append(od::value value, int depth, std::string_view key) {
  if (depth > kDepthMax) malformed("it is nested deeper than 128 levels");
  switch (must(value.type())) {
    case od::json_type::object: return append(must(value.get_object()), depth + 1, key);
    case od::json_type::array: return append(must(value.get_array()), depth + 1);
    case od::json_type::string: return append_string(out_, must(value.get_string()));
    case od::json_type::number: return append_number(value.raw_json_token());
    case od::json_type::boolean: out_ += must(value.get_bool()) ? "true" : "false"; return;
    case od::json_type::null:
      if (!must(value.is_null())) malformed("a literal is not null");
      out_ += "null";
      return;
  }
}

std::string Writer::write(std::string_view json) {
  thread_local od::parser parser;
  const simdjson::padded_string text = padded(json);
  auto document = must(parser.iterate(text));
  out_.reserve(json.size());
  // A document that is a bare number or string has no `value` in simdjson: such texts are not
  // documents of ours.
  const auto type = must(document.type());
  if (type == od::json_type::object)
    append(must(document.get_object()), 1, {});
  else if (type == od::json_type::array)
    append(must(document.get_array()), 1);
  else
    malformed("it is neither an object nor a list");
  // After the last token simdjson has no location any more.
  if (document.current_location().error() == simdjson::SUCCESS)
    malformed("something follows its end");
  return std::move(out_);
}

}  // namespace

std::string Digest::hex() const { return base::hex(bytes); }

std::optional<Digest> Digest::from(std::span<const std::byte> blob) {
  Digest digest;
  if (blob.size() != digest.bytes.size()) return std::nullopt;
  std::copy(blob.begin(), blob.end(), digest.bytes.begin());
  return digest;
}

Digest digest_of(std::string_view bytes) {
  Digest digest;
  CHECK(crypto_generichash(
            reinterpret_cast<unsigned char*>(digest.bytes.data()), digest.bytes.size(),
            reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr, 0) == 0);
  return digest;
}

std::string canonical(std::string_view json, const Unsaid& unsaid) {
  return Writer{unsaid}.write(json);
}

Digest canonical_digest(std::string_view json, const Unsaid& unsaid) {
  return digest_of(canonical(json, unsaid));
}

Digest content_digest(std::string_view document) {
  static constexpr std::string_view kUnsaid[] = {"managedFields", "resourceVersion"};
  return canonical_digest(document, {.object = "metadata", .members = kUnsaid});
}

std::uint64_t quick_hash(std::string_view bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace hedgerow::base
