// What a function of Database::read() and Database::write() is handed: the repositories, all of one
// transaction. A Snapshot only reads, and always sees one instant; a Txn also writes.
#pragma once

#include "store/audit.hpp"
#include "store/changes.hpp"
#include "store/connection_tests.hpp"
#include "store/devices.hpp"
#include "store/fabrics.hpp"
#include "store/history.hpp"
#include "store/instance.hpp"
#include "store/invariants.hpp"
#include "store/kinds.hpp"
#include "store/lost_clicks.hpp"
#include "store/objects.hpp"
#include "store/ownership.hpp"
#include "store/request_keys.hpp"
#include "store/runs.hpp"
#include "store/sessions.hpp"
#include "store/users.hpp"
#include "store/workers.hpp"

namespace hedgerow::store {

class Snapshot {
 public:
  explicit Snapshot(sql::Scope& sql);
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // When the transaction began; what it writes carries this time.
  [[nodiscard]] base::WallTime now() const noexcept;

  [[nodiscard]] const Instance& instance() const noexcept { return instance_; }
  [[nodiscard]] const Users& users() const noexcept { return users_; }
  [[nodiscard]] const Sessions& sessions() const noexcept { return sessions_; }
  [[nodiscard]] const Devices& devices() const noexcept { return devices_; }
  [[nodiscard]] const Fabrics& fabrics() const noexcept { return fabrics_; }
  [[nodiscard]] const Ownership& ownership() const noexcept { return ownership_; }
  [[nodiscard]] const Runs& runs() const noexcept { return runs_; }
  [[nodiscard]] const LostClicks& lost_clicks() const noexcept { return lost_clicks_; }
  [[nodiscard]] const Workers& workers() const noexcept { return workers_; }
  [[nodiscard]] const RequestKeys& request_keys() const noexcept { return request_keys_; }
  [[nodiscard]] const Kinds& kinds() const noexcept { return kinds_; }
  [[nodiscard]] const Objects& objects() const noexcept { return objects_; }
  [[nodiscard]] const History& history() const noexcept { return history_; }
  [[nodiscard]] const Changes& changes() const noexcept { return changes_; }
  [[nodiscard]] const AuditLog& audit() const noexcept { return audit_; }
  [[nodiscard]] const ConnectionTests& connection_tests() const noexcept { return tests_; }
  [[nodiscard]] Invariants invariants() const noexcept { return Invariants{sql_}; }

 protected:
  sql::Scope& sql_;
  Instance instance_;
  Users users_;
  Sessions sessions_;
  Devices devices_;
  Fabrics fabrics_;
  Ownership ownership_;
  Runs runs_;
  LostClicks lost_clicks_;
  Workers workers_;
  RequestKeys request_keys_;
  Kinds kinds_;
  Objects objects_;
  History history_;
  Changes changes_;
  AuditLog audit_;
  ConnectionTests tests_;
};

class Txn : public Snapshot {
 public:
  explicit Txn(sql::Scope& sql) : Snapshot{sql} {}

  // Every write of a run or a reader begins with it. Throws Failure{Lost, Refused} when the epoch
  // is over: taken by another, or its lease expired; Failure{FabricDeleted, Missing} when the
  // fabric is gone.
  void require_epoch(model::FabricId fabric, std::int64_t epoch);
  // Throws Failure{ConfigChanged, Refused} when the connection is not the one that was read with
  // any more.
  void require_generation(model::FabricId fabric, std::int64_t generation);

  [[nodiscard]] Instance& instance() noexcept { return instance_; }
  [[nodiscard]] Users& users() noexcept { return users_; }
  [[nodiscard]] Sessions& sessions() noexcept { return sessions_; }
  [[nodiscard]] Devices& devices() noexcept { return devices_; }
  [[nodiscard]] Fabrics& fabrics() noexcept { return fabrics_; }
  [[nodiscard]] Ownership& ownership() noexcept { return ownership_; }
  [[nodiscard]] Runs& runs() noexcept { return runs_; }
  [[nodiscard]] LostClicks& lost_clicks() noexcept { return lost_clicks_; }
  [[nodiscard]] Workers& workers() noexcept { return workers_; }
  [[nodiscard]] RequestKeys& request_keys() noexcept { return request_keys_; }
  [[nodiscard]] Kinds& kinds() noexcept { return kinds_; }
  [[nodiscard]] Objects& objects() noexcept { return objects_; }
  [[nodiscard]] History& history() noexcept { return history_; }
  [[nodiscard]] Changes& changes() noexcept { return changes_; }
  [[nodiscard]] AuditLog& audit() noexcept { return audit_; }
  [[nodiscard]] ConnectionTests& connection_tests() noexcept { return tests_; }
};

}  // namespace hedgerow::store
