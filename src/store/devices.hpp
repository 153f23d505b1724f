// Browsers in which users have signed in. Each is known by a token that is new with every sign-in,
// and of which only the hash is kept.
#pragma once

#include "base/digest.hpp"
#include "store/users.hpp"

namespace hedgerow::store {

class Devices {
 public:
  explicit Devices(sql::Scope& sql) : sql_{sql} {}

  // Of tries to sign in as this user with this device; nothing where they have not signed in with
  // it before.
  [[nodiscard]] std::optional<Tries> tries(const base::Digest& token, model::UserId user) const;
  // Of a device where they have.
  void keep_tries(const base::Digest& token, model::UserId user, const Tries& tries);

  // This user has just signed in with the device whose token was `before`, if it had one. It is
  // known by `token` from now on, for everybody who has signed in with it. Of each user only the
  // `most` used last are kept.
  void sign_in(const std::optional<base::Digest>& before, const base::Digest& token,
               model::UserId user, std::int64_t most);
  void forget_all_of(model::UserId user);
  // Forgets those that nobody has signed in with since then.
  std::int64_t sweep(base::WallTime before);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
