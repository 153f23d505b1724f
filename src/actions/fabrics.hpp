// What people may do with fabrics: add, change, delete, resume. Each is permission, one
// transaction, one announcement. Nothing is contacted here; the next run or test is the check.
#pragma once

#include "base/json_in.hpp"
#include "base/seal.hpp"
#include "kube/connection.hpp"
#include "model/actor.hpp"
#include "store/database.hpp"

namespace hedgerow::actions {

// A connection as typed: a kubeconfig with one of its contexts, or single fields. Absent fields of
// a change stay.
struct ConnectionRequest {
  std::optional<std::string> kubeconfig;
  std::string context;
  std::optional<std::string> server;
  std::optional<std::string> ca;
  std::optional<std::string> tls_server_name;
  std::optional<base::SecretText> token;
  std::optional<std::string> client_certificate;
  std::optional<base::SecretText> client_key;
  std::optional<std::vector<std::string>> namespaces;
};

// Checked and ready to be stored or climbed.
struct CheckedConnection {
  kube::Connection connection;
  std::vector<std::string> namespaces;
  std::vector<std::string> contexts;  // Of the kubeconfig, if it was one.
};

// Throws Failure{KubeconfigInvalid}, Failure{BadUrl} or Failure{Invalid} with the field that is
// wrong, or with the fields that contradict each other.
[[nodiscard]] CheckedConnection checked(ConnectionRequest request);

struct FabricRequest {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::string> site;
  std::optional<ConnectionRequest> cluster;
  std::optional<bool> shares_cluster;
  std::optional<std::string> accept_identity;
  bool accept_rewind = false;
};

// 8 to 64 letters, digits, - or _.
[[nodiscard]] bool is_sound_key(std::string_view key) noexcept;

struct Keyed {
  std::string route;  // Method and full path.
  std::string key;    // Idempotency-Key.
  base::Digest body;  // Canonical digest of what counts of the body.
};

struct Deps {
  store::Database& db;
  const base::Clock& clock;
  const base::Sealer& sealer;
  base::Milliseconds database_wait{5'000};
  // How long it is known which requests arrived.
  base::Milliseconds keys_kept = std::chrono::hours{24};

  [[nodiscard]] base::Deadline deadline() const { return base::Deadline::in(clock, database_wait); }
};

struct CreatedFabric {
  model::FabricId id;
  bool replayed = false;
};

// Throws Failure{Forbidden}, Failure{Invalid} (name taken, empty), Failure{KeyReused},
// Failure{FabricDeleted} when what the key made is gone since, and what checked() throws.
[[nodiscard]] CreatedFabric create_fabric(const Deps& deps, const model::Actor& actor,
                                          FabricRequest request, const Keyed& keyed);

// `revision` is what the actor had before the eyes. Throws Failure{ChangedMeanwhile} when it is not
// the present one, Failure{CredentialRequiredAgain} when server, port or CA change without a new
// credential (else a stored token could be sent to a stranger), Failure{Forbidden},
// Failure{NotFound}, and what checked() throws.
void edit_fabric(const Deps& deps, const model::Actor& actor, model::FabricId id,
                 FabricRequest request, std::int64_t revision);

// `typed_name` must be the fabric's name. Its runs end as fabric_deleted. Throws Failure{Invalid}.
void delete_fabric(const Deps& deps, const model::Actor& actor, model::FabricId id,
                   std::string_view typed_name);

void resume_fabric(const Deps& deps, const model::Actor& actor, model::FabricId id);

// An audit row of this actor with the subject filled in by the caller.
[[nodiscard]] store::AuditRow audit_row(const model::Actor& actor, std::string_view action,
                                        std::string_view subject_kind);

// What was made for this key before, if anything. Throws Failure{KeyReused} when the body was
// another one.
[[nodiscard]] std::optional<store::Remembered> replay_of(const store::Snapshot& seen,
                                                         const model::Actor& actor,
                                                         const Keyed& keyed);

}  // namespace hedgerow::actions
