// Digests of JSON documents: two documents have the same digest exactly when they say the same,
// whatever the order of their keys, their white space, or how their numbers are spelled.
#pragma once

#include "base/failure.hpp"

namespace hedgerow::base {

struct Digest {
  std::array<std::byte, 32> bytes{};

  friend bool operator==(const Digest&, const Digest&) = default;
  friend auto operator<=>(const Digest&, const Digest&) = default;
  [[nodiscard]] std::string hex() const;
  // Nothing when `blob` is not 32 bytes.
  [[nodiscard]] static std::optional<Digest> from(std::span<const std::byte> blob);
};

// BLAKE2b-256 of the bytes as they are.
[[nodiscard]] Digest digest_of(std::string_view bytes);

// What of a document does not count: these members of the outermost object's member `object`. Each
// must be sound all the same.
struct Unsaid {
  std::string_view object;
  std::span<const std::string_view> members;
};

// A JSON text in canonical form: keys sorted by their bytes, no white space, strings with the least
// escapes, numbers by value and exactly, however long (1.0 and 10e-1 are 1; RFC 8785 would round
// through a double). Depth to 128. Throws Failure{Malformed} on what is not one JSON value, on a
// key that stands twice, and on a number whose exponent does not fit 32 bits.
[[nodiscard]] std::string canonical(std::string_view json, const Unsaid& unsaid);

// digest_of(canonical(…)).
[[nodiscard]] Digest canonical_digest(std::string_view json, const Unsaid& unsaid);

// Of what a Kubernetes object says: its document without metadata.resourceVersion and
// metadata.managedFields. Throws as canonical() does.
[[nodiscard]] Digest content_digest(std::string_view document);

// XXH3 of the bytes: quick proof that nothing changed between two readings; never an identity.
[[nodiscard]] std::uint64_t quick_hash(std::string_view bytes) noexcept;

// A JSON number's value as text: "-12", "3e-7"; nothing when `token` is not a JSON number (RFC 8259
// section 6).
[[nodiscard]] std::optional<std::string> canonical_number(std::string_view token);

}  // namespace hedgerow::base
