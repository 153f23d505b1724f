// Idempotency keys: what the first request with a key made, so that a second one makes nothing and
// gets the same answer. When a key is forgotten is said by whoever sweeps.
#pragma once

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

enum class Made : std::uint8_t { Run, Fabric, ConnectionTest, User };

struct RequestKey {
  model::UserId user;
  std::string route;  // Method and full path.
  std::string key;
};

struct Remembered {
  base::Digest body_hash;
  Made made = Made::Run;
  std::int64_t id = 0;  // Of what was made or joined.
  bool joined = false;
};

class RequestKeys {
 public:
  explicit RequestKeys(sql::Scope& sql) : sql_{sql} {}

  [[nodiscard]] std::optional<Remembered> find(const RequestKey& key) const;

  // In the transaction that makes it; the key must be free.
  void remember(const RequestKey& key, const Remembered& made);
  // Forgets keys remembered before then.
  std::int64_t sweep(base::WallTime before, std::int64_t most);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store

// The words of the database.
template <>
struct hedgerow::model::ClosedSet<hedgerow::store::Made> {
  static constexpr std::string_view kOf = "Made";
  static constexpr std::array<std::string_view, 4> kNames{"run", "fabric", "connection_test",
                                                          "user"};
};
