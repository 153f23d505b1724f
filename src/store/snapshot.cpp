#include "store/snapshot.hpp"

#include "base/failure.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

using base::Cause;
using base::Code;
using base::Failure;

Snapshot::Snapshot(sql::Scope& sql)
    : sql_{sql},
      instance_{sql},
      users_{sql},
      sessions_{sql},
      devices_{sql},
      fabrics_{sql},
      ownership_{sql},
      runs_{sql},
      lost_clicks_{sql},
      workers_{sql},
      request_keys_{sql},
      kinds_{sql},
      objects_{sql},
      history_{sql},
      changes_{sql},
      audit_{sql},
      tests_{sql} {}

base::WallTime Snapshot::now() const noexcept { return sql_.now(); }

void Txn::require_epoch(model::FabricId fabric, std::int64_t epoch) {
  const auto lease = ownership_.of(fabric);
  if (!lease) throw Failure{Code::FabricDeleted, Cause::Missing};
  if (lease->epoch == epoch && !lease->expired) return;
  throw Failure{Code::Lost, Cause::Refused}.with_operator(
      fmt::format("epoch {} of fabric {} is over: now {}{}", epoch, fabric.value, lease->epoch,
                  lease->expired ? ", expired" : ""));
}

void Txn::require_generation(model::FabricId fabric, std::int64_t generation) {
  const auto current = sql_.maybe("SELECT generation FROM fabrics WHERE id = $1", fabric);
  if (!current) throw Failure{Code::FabricDeleted, Cause::Missing};
  if (*current != generation) throw Failure{Code::ConfigChanged, Cause::Refused};
}

}  // namespace hedgerow::store
