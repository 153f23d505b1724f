// Seals secrets for the database (SECURITY.md): each record has a data key of its own,
// wrapped by the key-encryption key of a file that is in no backup of the database. What a blob
// belongs to is bound to it, so that exchanged or copied blobs do not open.
#pragma once

#include "base/failure.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace hedgerow::base {

class Sealer {
 public:
  static constexpr std::size_t kKeyBytes = 32;

  // Reads a key file: 32 bytes as base64, readable by its owner only. Throws
  // Failure{CredentialUnreadable} with a sentence when it is missing, of another size, or open to
  // others. There is no plain-text fall-back.
  [[nodiscard]] static Sealer from_file(const std::string& path, Random& random);
  // Writes a new key file with mode 0600; never over an existing one.
  static void make_file(const std::string& path, Random& random);

  Sealer(Sealer&&) noexcept = default;
  ~Sealer();

  // `belongs_to` says table, row, column and fabric; with it the version and the key's id are
  // bound.
  [[nodiscard]] std::string seal(const SecretText& secret, std::string_view belongs_to) const;
  // Throws Failure{CredentialUnreadable} when key, blob or `belongs_to` is not the one of sealing.
  [[nodiscard]] SecretText open(std::string_view blob, std::string_view belongs_to) const;

 private:
  Sealer(std::vector<unsigned char> key, Random& random);
  [[nodiscard]] std::string digest_for_id() const;
  std::vector<unsigned char> key_;
  std::string key_id_;  // Says which key sealed a blob, without saying the key.
  Random* random_;
};

}  // namespace hedgerow::base
