// Writes JSON without building a tree first. Documents that are stored as JSON are put in as they
// are.
#pragma once

// RapidJSON adds an offset to the null pointer of a stack that is still empty. The sanitizer is
// right about it, and no compiler does harm with it; our own code stays under watch.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#if defined(__clang__)
#pragma clang attribute pop
#endif

#include "base/clock.hpp"

namespace hedgerow::base {

class JsonOut {
 public:
  JsonOut& begin_object() { return writer_.StartObject(), *this; }
  JsonOut& end_object() { return writer_.EndObject(), *this; }
  JsonOut& begin_array() { return writer_.StartArray(), *this; }
  JsonOut& end_array() { return writer_.EndArray(), *this; }
  JsonOut& key(std::string_view name) { return writer_.Key(name.data(), size(name)), *this; }

  // Text must be UTF-8; what comes from outside was checked when it came in.
  JsonOut& value(std::string_view text) { return writer_.String(text.data(), size(text)), *this; }
  JsonOut& value(const std::string& text) { return value(std::string_view{text}); }
  JsonOut& value(const char* text) { return value(std::string_view{text}); }
  JsonOut& value(bool flag) { return writer_.Bool(flag), *this; }
  JsonOut& value(double number) { return writer_.Double(number), *this; }
  JsonOut& value(WallTime time) { return value(rfc3339(time)); }
  JsonOut& value(std::nullptr_t) { return writer_.Null(), *this; }
  template <std::integral Whole>
    requires(!std::same_as<Whole, bool>)
  JsonOut& value(Whole number) {
    if constexpr (std::is_signed_v<Whole>)
      return writer_.Int64(number), *this;
    else
      return writer_.Uint64(number), *this;
  }
  template <class T>
  JsonOut& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : value(nullptr);
  }
  // `json` must be one whole JSON value; it is not looked at.
  JsonOut& raw(std::string_view json) {
    return writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType), *this;
  }

  template <class T>
  JsonOut& field(std::string_view name, const T& what) {
    return key(name).value(what);
  }
  JsonOut& raw_field(std::string_view name, std::string_view json) { return key(name).raw(json); }
  // Nothing at all is written for an absent value.
  template <class T>
  JsonOut& field_if(std::string_view name, const std::optional<T>& maybe) {
    return maybe ? field(name, *maybe) : *this;
  }

  // Valid until the next write.
  [[nodiscard]] std::string_view text() const { return {buffer_.GetString(), buffer_.GetSize()}; }
  [[nodiscard]] std::string take() const { return std::string{text()}; }

 private:
  static rapidjson::SizeType size(std::string_view text) {
    return static_cast<rapidjson::SizeType>(text.size());
  }
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace hedgerow::base
