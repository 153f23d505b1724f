#include "base/digest.hpp"

#include <simdjson.h>
#include <sodium.h>
#include <xxhash.h>

#include "base/check.hpp"
#include "base/text.hpp"

namespace hedgerow::base {

namespace {

constexpr int kDepthMax = 128;

namespace od = simdjson::ondemand;

[[noreturn]] void malformed(std::string_view what) {
  throw Failure{Code::Malformed, Cause::Refused, fmt::format("The JSON is malformed: {}.", what)};
}

template <class T>
T must(simdjson::simdjson_result<T> result) {
  if (result.error() != simdjson::SUCCESS) malformed(simdjson::error_message(result.error()));
  return std::move(result).value_unsafe();
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append(std::string& out, od::value value, int depth);

void append_object(std::string& out, od::object object, int depth) {
  std::vector<std::pair<std::string, std::string>> members;
  for (auto field : object) {
    auto member = must(std::move(field));
    std::string key{must(member.unescaped_key())};
    std::string text;
    append(text, member.value(), depth);
    members.emplace_back(std::move(key), std::move(text));
  }
  std::sort(members.begin(), members.end());
  out += '{';
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0 && members[i].first == members[i - 1].first)
      malformed(fmt::format("the key \"{}\" stands twice", shown(members[i].first, 80)));
    if (i > 0) out += ',';
    append_string(out, members[i].first);
    out += ':';
    out += members[i].second;
  }
  out += '}';
}

void append_array(std::string& out, od::array array, int depth) {
  out += '[';
  bool first = true;
  for (auto element : array) {
    if (!first) out += ',';
    first = false;
    append(out, must(element), depth);
  }
  out += ']';
}

void append_number(std::string& out, std::string_view token) {
  const auto number = canonical_number(trimmed(token));
  if (!number) malformed("a number is not one");
  out += *number;
}

void append(std::string& out, od::value value, int depth) {
  if (depth > kDepthMax) malformed("it is nested deeper than 128 levels");
  switch (must(value.type())) {
    case od::json_type::object: return append_object(out, must(value.get_object()), depth + 1);
    case od::json_type::array: return append_array(out, must(value.get_array()), depth + 1);
    case od::json_type::string: return append_string(out, must(value.get_string()));
    case od::json_type::number: return append_number(out, value.raw_json_token());
    case od::json_type::boolean: out += must(value.get_bool()) ? "true" : "false"; return;
    case od::json_type::null:
      if (!must(value.is_null())) malformed("a literal is not null");
      out += "null";
      return;
  }
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

std::string canonical(std::string_view json) {
  thread_local od::parser parser;
  const simdjson::padded_string padded{json};
  auto document = must(parser.iterate(padded));
  std::string out;
  out.reserve(json.size());
  // A document that is a bare number or string has no `value` in simdjson: such texts are not
  // documents of ours.
  const auto type = must(document.type());
  if (type == od::json_type::object)
    append_object(out, must(document.get_object()), 1);
  else if (type == od::json_type::array)
    append_array(out, must(document.get_array()), 1);
  else
    malformed("it is neither an object nor a list");
  // After the last token simdjson has no location any more.
  if (document.current_location().error() == simdjson::SUCCESS)
    malformed("something follows its end");
  return out;
}

Digest canonical_digest(std::string_view json) { return digest_of(canonical(json)); }

std::uint64_t quick_hash(std::string_view bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace hedgerow::base
