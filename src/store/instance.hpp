// What this installation knows of itself: the random name that its cookies carry, the incarnation
// of its database, the key of its CSRF tokens, and the one-time code of the first set-up.
#pragma once

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

struct SetupCode {
  base::Digest hash;
  base::WallTime expires;
};

class Instance {
 public:
  explicit Instance(sql::Scope& sql) : sql_{sql} {}

  // Ten lower-case letters and digits, drawn when the database was made.
  [[nodiscard]] std::string name() const;
  // Another one says that this is a copy or a restored backup: what was remembered may be older
  // than what was shown.
  [[nodiscard]] std::string incarnation() const;
  [[nodiscard]] std::vector<std::byte> csrf_key() const;
  [[nodiscard]] std::optional<SetupCode> setup_code() const;

  // The time that what is kept by age is held against: the wall clock's, but it goes forward at
  // most twice as fast as the ticks did since it was asked for last. So a clock that is ahead
  // forgets nothing that is not old, and a server that was off for long forgets later. Each sweep
  // asks.
  base::WallTime kept_now();

  // Draws another key; every CSRF token given out before is stale.
  void rotate_csrf_key();
  void put_setup_code(const SetupCode& code);
  void remove_setup_code();

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
