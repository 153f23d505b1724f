// Cuts the items of a Kubernetes list out of its body while it arrives, so that no whole body is
// ever held. Knows JSON's brackets and strings and the shape {…, "items": [{…}, …], …}; what an
// item says is left to others. For this room only.
#pragma once

#include "base/failure.hpp"

namespace hedgerow::kube {

// What a list says of itself. It stands after the items as often as before them, so it is known
// only at the end.
struct ListHead {
  std::string kind;
  std::string api_version;
  std::string resource_version;
  std::string proceed;  // The continue token; empty: this was the last page.
};

class Splitter {
 public:
  // Gets each item's bytes, followed by room for simdjson's reading ahead; may move nothing and
  // keep nothing of it.
  using OnItem = std::function<void(std::string_view item)>;

  Splitter(std::size_t item_bytes_max, OnItem on_item);

  // Takes the next piece, cut anywhere. Throws Failure{Malformed} or {ReplyTooLarge}, and what
  // `on_item` throws.
  void feed(std::string_view piece);

  // The body has ended. Failure{ReplyTruncated} when that was in the middle; {Malformed} when it
  // was no list.
  [[nodiscard]] std::expected<ListHead, base::Failure> finish() const;

  // The body without the items: the whole of it where it was no list.
  [[nodiscard]] const std::string& rest() const noexcept { return rest_; }

 private:
  // Where the next byte stands.
  enum class Place : std::uint8_t {
    Outside,     // Anywhere but inside the array of items.
    BeforeItem,  // Behind "[" or ",".
    InItem,
    BehindItem,  // "," or "]" must follow.
  };

  std::size_t outside(std::string_view piece, std::size_t at);
  std::size_t between(std::string_view piece, std::size_t at);
  std::size_t inside(std::string_view piece, std::size_t at);
  // Of an item: whether it ends with this byte; how many bytes of these 64 belong to it.
  bool ends_with(char byte);
  std::size_t block(const char* bytes, bool& whole);
  bool bracket(bool opens);
  void note_outside(char byte);
  void end_key();

  std::size_t item_bytes_max_;
  OnItem on_item_;
  Place place_ = Place::Outside;
  std::string rest_;
  std::string item_;
  std::string key_;  // The present or last string directly inside the outermost object.
  int depth_ = 0;    // Of brackets, outside of the items.
  int item_depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool key_next_ = false;  // A string that begins now, at depth 1, is a key.
  bool reading_key_ = false;
  bool items_next_ = false;  // The value of "items" comes now.
  bool first_item_ = true;
};

}  // namespace hedgerow::kube
