// One Hedgehog fabric: its connection and the facts that were measured about it. Verdicts are not
// here: they are computed.
#pragma once

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"

namespace hedgerow::model {

// How the cluster is reached, without its secrets; those are sealed apart and opened only for a
// call.
struct ClusterConnection {
  std::string server;
  std::string ca;  // PEM.
  bool has_token = false;
  std::string client_certificate;  // PEM; its key is a secret.
  std::string tls_server_name;
  std::vector<std::string> namespaces;  // Empty means all.
  // Grows with every change of this connection, its secrets included: a run that read with an older
  // one is discarded.
  std::int64_t generation = 0;
};

struct Pause {
  std::string reason;
  std::string by;
  base::WallTime since;
  std::optional<base::Code> code;  // quarantined, when nobody asked for it.
};

// Measured when the cluster was last spoken to.
struct ReachFact {
  Reach state = Reach::NotMeasured;
  std::optional<base::WallTime> as_of;
  std::optional<base::Code> code;
  std::string detail;
  base::Milliseconds took{0};
};

struct Fabric {
  FabricId id;
  std::string name;
  std::string description;
  std::string site;
  std::optional<ClusterConnection> cluster;
  bool shares_cluster = false;
  std::optional<std::string>
      identity;  // uid of namespace kube-system, as first proven or confirmed.
  std::optional<std::string> new_identity;  // What answered instead; an administrator confirms it.
  std::optional<std::string> cluster_version;
  std::optional<Pause> pause;
  ReachFact reach;
  base::WallTime created;
  std::int64_t revision = 0;
};

// What a sealed credential of a fabric is bound to: table, row, column, fabric. `column` is "token"
// or "client_key".
[[nodiscard]] inline std::string belongs_to(FabricId fabric, std::string_view column) {
  return fmt::format("credentials|{0}/{1}|{1}|{0}", fabric.value, column);
}

}  // namespace hedgerow::model
