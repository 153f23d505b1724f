// Reads one JSON object that somebody sent, field by field, and says everything that is wrong with
// it at once: wrong types, missing and unknown fields, keys that stand twice, text that is not
// UTF-8 or too long.
#pragma once

#include "base/failure.hpp"
#include "base/secret.hpp"

namespace hedgerow::base {

// Lengths of a text in Unicode characters.
struct Length {
  std::size_t least = 0;
  std::size_t most = 0;
};

class JsonObject {
 public:
  // Throws Failure{Invalid} when `body` is not one JSON object of at most 64 levels.
  explicit JsonObject(std::string_view body);
  ~JsonObject();
  JsonObject(JsonObject&&) noexcept;
  JsonObject& operator=(JsonObject&&) noexcept;

  [[nodiscard]] bool has(std::string_view name) const;

  // Each notes a wrong type or length under the field's dotted path and gives nothing then, as for
  // an absent field.
  [[nodiscard]] std::optional<std::string> text(std::string_view name, Length length);
  [[nodiscard]] std::optional<bool> flag(std::string_view name);
  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view name);
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view name,
                                                              std::size_t count_most, Length each);
  [[nodiscard]] std::optional<SecretText> secret(std::string_view name, Length length);
  // The inner object shares the notes of the outer one; finish() it before the outer.
  [[nodiscard]] std::optional<JsonObject> object(std::string_view name);

  // As text(), and notes its absence.
  [[nodiscard]] std::string required_text(std::string_view name, Length length);
  [[nodiscard]] SecretText required_secret(std::string_view name, Length length);

  // Adds a finding of the caller's own rule.
  void refuse(std::string_view name, std::string detail);

  // Notes every field that was not asked for. The outermost one throws Failure{Invalid} with all
  // notes, if any.
  void finish();

 private:
  struct Inside;
  explicit JsonObject(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace hedgerow::base
