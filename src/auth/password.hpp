// Passwords as argon2id hashes (RFC 9106). Hashing costs 64 MiB and 150 ms of a core,
// so at most two run at once and a short queue waits; beyond that signing in says "try again"
// instead of stopping the server.
#pragma once

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "base/guarded.hpp"
#include "base/secret.hpp"

namespace hedgerow::auth {

struct PasswordCost {
  unsigned long long operations = 3;
  std::size_t memory_bytes = 64U << 20U;
  base::Milliseconds wait_most{10'000};  // For one of the two places.
};

class Passwords {
 public:
  static constexpr std::size_t kBytesMost = 1024;
  static constexpr std::size_t kCharactersLeast = 15;

  explicit Passwords(PasswordCost cost, const base::Clock& clock);

  // The hash as a PHC string. Throws Failure{Invalid} for a password that breaks the rules,
  // Failure{Unavailable} when the queue is full or its wait too long.
  [[nodiscard]] std::string hash(const base::SecretText& password);
  // With an empty hash (an unknown user) it takes as long and is false.
  [[nodiscard]] bool verify(const base::SecretText& password, const std::string& hash);
  // True when the hash was made with other costs than today's.
  [[nodiscard]] bool outdated(const std::string& hash) const;

  // What is wrong with a new password, or with the length of any, as a sentence; empty when nothing
  // is.
  [[nodiscard]] static std::string excess(const base::SecretText& password);
  [[nodiscard]] static std::string weakness(const base::SecretText& password,
                                            std::string_view username);

 private:
  // Waits for one of the two places and gives it back at its end.
  class Place;
  struct Load {
    int busy = 0;
    int waiting = 0;
  };
  static constexpr int kBusyMost = 2;
  static constexpr int kWaitingMost = 32;

  PasswordCost cost_;
  const base::Clock& clock_;
  std::string nobodys_hash_;  // Verified for unknown users, so that they take as long.
  base::Guarded<Load> load_;
};

}  // namespace hedgerow::auth
