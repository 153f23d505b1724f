#include "kube/splitter.hpp"

#include <simdjson.h>
#ifdef __PCLMUL__
#include <wmmintrin.h>
#endif

#include <bit>

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

enum class Bracket : std::uint8_t { None, Opens, Closes };

constexpr Bracket bracket_of(char byte) {
  if (byte == '{' || byte == '[') return Bracket::Opens;
  if (byte == '}' || byte == ']') return Bracket::Closes;
  return Bracket::None;
}

constexpr std::size_t kBlock = 64;

// Of kBlock bytes, a bit each, the first one lowest.
struct Marks {
  std::uint64_t quotes = 0;
  std::uint64_t slashes = 0;
  std::uint64_t opens = 0;
  std::uint64_t closes = 0;
};

#ifdef __PCLMUL__

Marks marks_of(const char* bytes) {
  constexpr std::size_t kAtOnce = 16;
  Marks marks;
  for (std::size_t at = 0; at < kBlock; at += kAtOnce) {
    const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
    const auto where = [at](__m128i found) {
      const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(found));
      return std::uint64_t{bits} << at;
    };
    // '[' and '{' differ in one bit, and so do ']' and '}'.
    const __m128i folded = _mm_or_si128(some, _mm_set1_epi8(0x20));
    marks.quotes |= where(_mm_cmpeq_epi8(some, _mm_set1_epi8('"')));
    marks.slashes |= where(_mm_cmpeq_epi8(some, _mm_set1_epi8('\\')));
    marks.opens |= where(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')));
    marks.closes |= where(_mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
  }
  return marks;
}

// Each bit is the sum, modulo 2, of those up to it: a product without carries with all ones.
std::uint64_t prefix_xor(std::uint64_t bits) {
  const __m128i factor = _mm_set_epi64x(0, static_cast<long long>(bits));
  const __m128i product = _mm_clmulepi64_si128(factor, _mm_set1_epi8(-1), 0);
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(product));
}

#else

Marks marks_of(const char* bytes) {
  Marks marks;
  for (std::size_t at = 0; at < kBlock; ++at) {
    const char byte = bytes[at];
    const std::uint64_t bit = std::uint64_t{1} << at;
    if (byte == '"') marks.quotes |= bit;
    if (byte == '\\') marks.slashes |= bit;
    if (bracket_of(byte) == Bracket::Opens) marks.opens |= bit;
    if (bracket_of(byte) == Bracket::Closes) marks.closes |= bit;
  }
  return marks;
}

std::uint64_t prefix_xor(std::uint64_t bits) {
  for (int step = 1; step < 64; step *= 2) bits ^= bits << step;
  return bits;
}

#endif

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

// A backslash takes the next byte's meaning away, wherever it stands: outside of strings there is
// none in JSON, and whoever reads the item finds that out.
bool Splitter::ends_with(char byte) {
  if (std::exchange(escaped_, false)) return false;
  if (byte == '\\') {
    escaped_ = true;
    return false;
  }
  if (byte == '"') in_string_ = !in_string_;
  if (in_string_) return false;
  const Bracket found = bracket_of(byte);
  return found != Bracket::None && bracket(found == Bracket::Opens);
}

// Whether the item ends with it.
bool Splitter::bracket(bool opens) {
  if (!opens) return --item_depth_ == 0;
  if (++item_depth_ > kDepthMax) malformed("an item is nested deeper than 128 levels");
  return false;
}

// As ends_with() for each of them.
std::size_t Splitter::block(const char* bytes, bool& whole) {
  const Marks marks = marks_of(bytes);
  std::uint64_t escaped = escaped_ ? 1 : 0;
  escaped_ = false;
  for (std::uint64_t left = marks.slashes; left != 0; left &= left - 1) {
    const int at = std::countr_zero(left);
    if ((escaped >> at & 1) != 0) continue;
    if (at == kBlock - 1)
      escaped_ = true;
    else
      escaped |= std::uint64_t{2} << at;
  }
  // From each quote that counts to before the next one.
  const std::uint64_t strings = prefix_xor(marks.quotes & ~escaped) ^ (in_string_ ? ~0ULL : 0);
  for (std::uint64_t left = (marks.opens | marks.closes) & ~strings & ~escaped; left != 0;
       left &= left - 1) {
    const int at = std::countr_zero(left);
    if (!bracket((marks.opens >> at & 1) != 0)) continue;
    whole = true;
    in_string_ = escaped_ = false;
    return static_cast<std::size_t>(at) + 1;
  }
  in_string_ = (strings >> (kBlock - 1)) != 0;
  return kBlock;
}

std::size_t Splitter::inside(std::string_view piece, std::size_t at) {
  const std::size_t begin = at;
  bool whole = false;
  while (at < piece.size() && !whole) {
    if (piece.size() - at >= kBlock)
      at += block(piece.data() + at, whole);
    else
      whole = ends_with(piece[at++]);
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
