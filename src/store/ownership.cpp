#include "store/ownership.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

// Those of lease_of(); $1 is the present tick.
constexpr std::string_view kLeaseColumns =
    "fabric_id, replica, epoch, replica = '' OR expires_tick <= $1, expires_tick - $1";

Lease lease_of(const sql::Row& row) {
  Lease lease;
  sql::read(row, lease.fabric, lease.replica, lease.epoch, lease.expired, lease.left);
  lease.left = std::max(lease.left, base::Milliseconds{0});
  return lease;
}

}  // namespace

std::optional<Lease> Ownership::of(model::FabricId fabric) const {
  return sql_.first(fmt::format("SELECT {} FROM ownership WHERE fabric_id = $2", kLeaseColumns),
                    lease_of, sql_.tick(), fabric);
}

std::vector<Lease> Ownership::held_by(std::string_view replica) const {
  return sql_.list(fmt::format("SELECT {} FROM ownership WHERE replica = $2 AND expires_tick > $1"
                               " ORDER BY fabric_id",
                               kLeaseColumns),
                   lease_of, sql_.tick(), replica);
}

std::vector<Lease> Ownership::expired() const {
  return sql_.list(fmt::format("SELECT {} FROM ownership WHERE replica = '' OR expires_tick <= $1"
                               " ORDER BY fabric_id",
                               kLeaseColumns),
                   lease_of, sql_.tick());
}

std::int64_t Ownership::take_all(std::string_view replica, base::Milliseconds ttl) {
  CHECK(!replica.empty());
  // The clock of ticks may have begun anew with the machine.
  sql_.run("UPDATE runs SET queued_tick = $1 WHERE state = 'queued'", sql_.tick());
  return sql_.run("UPDATE ownership SET replica = $1, epoch = epoch + 1, expires_tick = $2",
                  replica, sql_.tick() + ttl.count());
}

std::optional<std::int64_t> Ownership::take(model::FabricId fabric, std::string_view replica,
                                            base::Milliseconds ttl) {
  CHECK(!replica.empty());
  return sql_.maybe(
      "UPDATE ownership SET replica = $2, epoch = epoch + 1, expires_tick = $3"
      " WHERE fabric_id = $1 AND (replica = '' OR expires_tick <= $4) RETURNING epoch",
      fabric, replica, sql_.tick() + ttl.count(), sql_.tick());
}

std::int64_t Ownership::renew_all(std::string_view replica, base::Milliseconds ttl) {
  return sql_.run("UPDATE ownership SET expires_tick = $2 WHERE replica = $1 AND expires_tick > $3",
                  replica, sql_.tick() + ttl.count(), sql_.tick());
}

bool Ownership::release(model::FabricId fabric, std::int64_t epoch) {
  return sql_.run(
             "UPDATE ownership SET replica = '', expires_tick = 0 WHERE fabric_id = $1 AND epoch = "
             "$2",
             fabric, epoch) == 1;
}

}  // namespace hedgerow::store
