// What simdjson read, as values and exceptions: what it refuses is said in the words of whoever
// asked, and memory that ran out is never called a fault of the text.
#pragma once

#include <simdjson.h>

#include <new>
#include <utility>

namespace hedgerow::base {

// Memory that ran out says nothing of what was read: then std::bad_alloc leaves it.
inline void require_memory(simdjson::error_code error) {
  if (error == simdjson::MEMALLOC) throw std::bad_alloc{};
}

// The text with the room behind it that simdjson reads ahead in.
inline simdjson::padded_string padded(std::string_view text) {
  simdjson::padded_string copy{text};
  // Where there is no memory it is quietly empty.
  if (copy.size() != text.size()) throw std::bad_alloc{};
  return copy;
}

// The value; where there is none, `malformed` throws by simdjson's words for it.
template <class T, class Malformed>
T value_of(simdjson::simdjson_result<T> result, const Malformed& malformed) {
  require_memory(result.error());
  if (result.error() != simdjson::SUCCESS) malformed(simdjson::error_message(result.error()));
  return std::move(result).value_unsafe();
}

}  // namespace hedgerow::base
