// Secret<T> holds what must be in no log, error, page or database row as plain text. It has no
// stream operator, no formatter, no JSON and no copy; the one way in is open(), which is easy to
// find in a review.
#pragma once

#include <sodium.h>

namespace hedgerow::base {

template <class T>
class Secret;

// The text of a secret. Wiped when it ends or is moved from.
template <>
class Secret<std::string> {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_{std::move(text)} {}
  Secret(Secret&& other) noexcept : text_{other.text_} { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    wipe();
    text_ = other.text_;
    other.wipe();
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  // The plain text. Its lifetime is this object's; never copy it into anything that is kept or
  // shown.
  [[nodiscard]] std::string_view open() const noexcept { return text_; }
  [[nodiscard]] Secret duplicate() const { return Secret{text_}; }

 private:
  void wipe() noexcept {
    sodium_memzero(text_.data(), text_.size());
    text_.clear();
  }
  std::string text_;
};

using SecretText = Secret<std::string>;

}  // namespace hedgerow::base
