#include "kube/splitter.hpp"

#include <simdjson.h>

#include "kube/answer.hpp"

namespace hedgerow::kube {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

// Of everything but the items. A Status is of this size at most.
constexpr std::size_t kRestMax = 1024 * 1024;
constexpr int kDepthMax = 128;

[[noreturn]] void malformed(std::string_view what) {
  throw Failure{Code::Malformed, Cause::Refused,
                fmt::format("The cluster's list is malformed: {}.", what)};
}

bool has_doubles(simdjson::dom::object object) {
  std::set<std::string_view> keys;
  for (const auto member : object)
    if (!keys.insert(member.key).second) return true;
  return false;
}

constexpr bool is_space(char byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

}  // namespace

Splitter::Splitter(std::size_t item_bytes_max, OnItem on_item)
    : item_bytes_max_{item_bytes_max}, on_item_{std::move(on_item)} {}

void Splitter::feed(std::string_view piece) {
  for (std::size_t at = 0; at < piece.size();) {
    switch (place_) {
      case Place::Outside: at = outside(piece, at); break;
      case Place::InItem: at = inside(piece, at); break;
      case Place::BeforeItem:
      case Place::BehindItem: at = between(piece, at); break;
    }
  }
}

std::size_t Splitter::outside(std::string_view piece, std::size_t at) {
  const std::size_t begin = at;
  while (at < piece.size() && place_ == Place::Outside) note_outside(piece[at++]);
  rest_.append(piece.substr(begin, at - begin));
  if (rest_.size() > kRestMax)
    throw Failure{Code::ReplyTooLarge, Cause::Refused,
                  "The cluster's answer holds more than 1 MiB beside its items."};
  return at;
}

void Splitter::note_outside(char byte) {
  if (in_string_) {
    if (escaped_)
      escaped_ = false;
    else if (byte == '\\')
      escaped_ = true;
    else if (byte == '"')
      in_string_ = false;
    if (reading_key_ && in_string_ && key_.size() < 16) key_ += byte;
    if (!in_string_ && reading_key_) end_key();
    return;
  }
  if (is_space(byte)) return;
  if (items_next_ && byte != ':') {
    items_next_ = false;
    if (byte == '[') {
      place_ = Place::BeforeItem;
      first_item_ = true;
      return;
    }
  }
  switch (byte) {
    case '"':
      in_string_ = true;
      reading_key_ = depth_ == 1 && key_next_;
      key_.clear();
      break;
    case '{':
    case '[':
      if (++depth_ > kDepthMax) malformed("it is nested deeper than 128 levels");
      break;
    case '}':
    case ']':
      if (--depth_ < 0) malformed("a bracket closes what was not open");
      break;
    default: break;
  }
  key_next_ = depth_ == 1 && (byte == '{' || byte == ',');
}

void Splitter::end_key() {
  reading_key_ = false;
  items_next_ = key_ == "items";
}

std::size_t Splitter::between(std::string_view piece, std::size_t at) {
  const char byte = piece[at];
  if (is_space(byte)) return at + 1;
  if (place_ == Place::BeforeItem && byte == '{') {
    place_ = Place::InItem;
    item_.clear();
    item_depth_ = 0;
    return at;
  }
  const bool may_end = place_ == Place::BehindItem || first_item_;
  if (byte == ']' && may_end) {
    place_ = Place::Outside;
    rest_ += byte;
    return at + 1;
  }
  if (place_ != Place::BehindItem || byte != ',') malformed("an item is not an object");
  place_ = Place::BeforeItem;
  first_item_ = false;
  return at + 1;
}

// Most bytes of an item stand in strings, and say nothing about where it ends.
std::size_t Splitter::in_string(std::string_view piece, std::size_t at) {
  if (escaped_) {
    escaped_ = false;
    return at + 1;
  }
  const std::size_t quote = std::min(piece.find('"', at), piece.size());
  const std::size_t slash = piece.substr(at, quote - at).find('\\');
  if (slash != std::string_view::npos) {
    escaped_ = true;
    return at + slash + 1;
  }
  in_string_ = quote == piece.size();
  return std::min(quote + 1, piece.size());
}

std::size_t Splitter::inside(std::string_view piece, std::size_t at) {
  const std::size_t begin = at;
  bool whole = false;
  while (at < piece.size() && !whole) {
    if (in_string_) {
      at = in_string(piece, at);
      continue;
    }
    switch (piece[at++]) {
      case '"': in_string_ = true; break;
      case '{':
      case '[':
        if (++item_depth_ > kDepthMax) malformed("an item is nested deeper than 128 levels");
        break;
      case '}':
      case ']': whole = --item_depth_ == 0; break;
      default: break;
    }
  }
  item_.append(piece.substr(begin, at - begin));
  if (item_.size() > item_bytes_max_)
    throw Failure{Code::ReplyTooLarge, Cause::Refused,
                  fmt::format("An object of the cluster's list is larger than {} KiB.",
                              item_bytes_max_ / 1024)};
  if (!whole) return at;
  place_ = Place::BehindItem;
  item_.reserve(item_.size() + simdjson::SIMDJSON_PADDING);
  on_item_(item_);
  return at;
}

std::expected<ListHead, Failure> Splitter::finish() const {
  const auto refused = [](Code code, std::string_view what) {
    return std::unexpected(Failure{
        code, code == Code::ReplyTruncated ? Cause::Transient : Cause::Refused, std::string{what}});
  };
  const Answer answer{rest_};
  if (rest_.empty() || place_ != Place::Outside || in_string_ || depth_ > 0)
    return refused(Code::ReplyTruncated, "The cluster's list ends in the middle.");
  if (!answer.is_json()) return refused(Code::Malformed, "The cluster's list is not JSON.");

  const simdjson::dom::object root = answer.at("")->get_object().value_unsafe();
  const auto items = answer.at("/items");
  if (!items) return refused(Code::Malformed, "The cluster's answer holds no list of items.");
  // What is left of the array that was cut out. Go writes an empty list as null at times.
  const bool clean =
      items->is_null() || (items->is_array() && items->get_array().value_unsafe().size() == 0);
  simdjson::dom::object metadata;
  const bool has_metadata =
      answer.at("/metadata") && answer.at("/metadata")->get(metadata) == simdjson::SUCCESS;
  if (!clean || !has_metadata || has_doubles(root) || has_doubles(metadata))
    return refused(Code::Malformed, "The cluster's list is malformed around its items.");
  return ListHead{.kind = std::string{answer.text("/kind")},
                  .api_version = std::string{answer.text("/apiVersion")},
                  .resource_version = std::string{answer.text("/metadata/resourceVersion")},
                  .proceed = std::string{answer.text("/metadata/continue")}};
}

}  // namespace hedgerow::kube
