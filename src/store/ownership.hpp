// Who may work on a fabric: one lease per fabric with an epoch that grows with every owner. Leases
// run by the clock of the database (one serving process: its steady clock), so that a jump of wall
// time ends none of them.
//
//   nobody's ──take──► owned ──renew──► owned ──release, or not renewed──► nobody's (the epoch
//   stays, and is over)
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

struct Lease {
  model::FabricId fabric;
  std::string replica;  // Empty when it was released.
  std::int64_t epoch = 0;
  bool expired = true;
  base::Milliseconds left{0};
};

class Ownership {
 public:
  explicit Ownership(sql::Scope& sql) : sql_{sql} {}

  [[nodiscard]] std::optional<Lease> of(model::FabricId fabric) const;
  // Those of this replica that have not expired.
  [[nodiscard]] std::vector<Lease> held_by(std::string_view replica) const;
  // Released, expired and never taken ones.
  [[nodiscard]] std::vector<Lease> expired() const;

  // At the start of the one serving process: a new epoch for every fabric, and the waiting times of
  // queued runs count from now. Gives back how many fabrics there are.
  std::int64_t take_all(std::string_view replica, base::Milliseconds ttl);
  // The new epoch; nothing when somebody's lease has not expired, or the fabric is gone.
  std::optional<std::int64_t> take(model::FabricId fabric, std::string_view replica,
                                   base::Milliseconds ttl);
  // Of leases that have not expired: an expired one must be taken anew. Gives back how many.
  std::int64_t renew_all(std::string_view replica, base::Milliseconds ttl);
  // False when it was not this epoch's any more.
  bool release(model::FabricId fabric, std::int64_t epoch);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
