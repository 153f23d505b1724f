#include "actions/fabrics.hpp"

#include "base/text.hpp"
#include "jobs/closing.hpp"
#include "kube/kubeconfig.hpp"

namespace hedgerow::actions {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

[[noreturn]] void invalid(std::string field, std::string detail) {
  throw Failure{Code::Invalid, Cause::Refused, detail}.with_fields({{std::move(field), detail}});
}

std::string checked_name(std::string_view name) {
  const std::string_view text = base::trimmed(name);
  if (text.empty()) invalid("name", "A fabric needs a name.");
  if (base::characters(text) > 100) invalid("name", "A name may have at most 100 characters.");
  if (base::shown(text, 1000) != text || base::has_unseen(text))
    invalid("name", "A name must not have control characters or invisible ones.");
  return std::string{text};
}

void refuse_taken(const store::Snapshot& seen, std::string_view name,
                  std::optional<model::FabricId> own) {
  const auto other = seen.fabrics().find(name);
  if (!other || (own && other->id == *own)) return;
  invalid("name", fmt::format("A fabric {} exists already.", base::shown(other->name, 100)));
}

model::ClusterConnection stored_form(const CheckedConnection& checked) {
  const kube::ConnectionFields& fields = checked.connection.fields();
  return {.server = fields.server,
          .ca = fields.ca,
          .has_token = !fields.token.empty(),
          .client_certificate = fields.certificate,
          .tls_server_name = fields.tls_name,
          .namespaces = checked.namespaces,
          .generation = 0};
}

// Sealing is bound to the fabric's id, so it happens inside the transaction that makes the row.
void put_credentials(store::Txn& txn, const base::Sealer& sealer, model::FabricId id,
                     const kube::ConnectionFields& fields) {
  const auto put = [&](store::Credential which, const base::SecretText& secret,
                       std::string_view column) {
    if (secret.empty()) return txn.fabrics().put_credential(id, which, std::nullopt);
    const std::string sealed = sealer.seal(secret, model::belongs_to(id, column));
    txn.fabrics().put_credential(id, which, base::bytes_of(sealed));
  };
  put(store::Credential::Token, fields.token, "token");
  put(store::Credential::ClientKey, fields.key, "client_key");
}

void check_namespace(std::string_view name) {
  const bool sound =
      !name.empty() && name.size() <= 63 &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos &&
      name.front() != '-' && name.back() != '-';
  if (!sound) {
    invalid("cluster.namespaces",
            fmt::format("'{}' is no name of a namespace.", base::shown(name, 80)));
  }
}

// In their order. A namespace that is listed twice would be two lists of the same objects.
std::vector<std::string> each_once(std::vector<std::string> names) {
  std::set<std::string> seen;
  std::erase_if(names, [&](const std::string& name) { return !seen.insert(name).second; });
  return names;
}

kube::ConnectionFields typed_fields(ConnectionRequest& request) {
  kube::ConnectionFields fields;
  fields.server = request.server.value_or("");
  fields.ca = request.ca.value_or("");
  fields.tls_name = request.tls_server_name.value_or("");
  if (request.token) fields.token = std::move(*request.token);
  fields.certificate = request.client_certificate.value_or("");
  if (request.client_key) fields.key = std::move(*request.client_key);
  return fields;
}

// What stays of the stored connection where the request is silent. A credential stays only while
// the place that it is sent to, and what proves that place, stay too.
ConnectionRequest completed(ConnectionRequest request, const model::ClusterConnection& stored,
                            const std::function<base::SecretText(store::Credential)>& open) {
  if (!request.namespaces) request.namespaces = stored.namespaces;
  if (request.kubeconfig) return request;
  const bool new_credential = request.token || request.client_key || request.client_certificate;
  const bool moved =
      (request.server && *request.server != stored.server) ||
      (request.ca && *request.ca != stored.ca) ||
      (request.tls_server_name && *request.tls_server_name != stored.tls_server_name);
  if (moved && !new_credential) {
    throw Failure{Code::CredentialRequiredAgain, Cause::Refused}.with_fields(
        {{"cluster.token", "Give the credential again: it would be sent to another place."}});
  }
  if (!request.server) request.server = stored.server;
  if (!request.ca) request.ca = stored.ca;
  if (!request.tls_server_name) request.tls_server_name = stored.tls_server_name;
  if (new_credential) return request;
  if (stored.has_token) request.token = open(store::Credential::Token);
  if (!stored.client_certificate.empty()) {
    request.client_certificate = stored.client_certificate;
    request.client_key = open(store::Credential::ClientKey);
  }
  return request;
}

}  // namespace

bool is_sound_key(std::string_view key) noexcept {
  return key.size() >= 8 && key.size() <= 64 && std::ranges::all_of(key, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

namespace {

CheckedConnection checked_by_kube(ConnectionRequest request) {
  const auto namespaces = each_once(request.namespaces.value_or(std::vector<std::string>{}));
  for (const std::string& name : namespaces) check_namespace(name);
  if (!request.kubeconfig) {
    return {.connection = kube::Connection::checked(typed_fields(request)),
            .namespaces = namespaces,
            .contexts = {}};
  }
  const kube::Kubeconfig config = kube::Kubeconfig::parse(*request.kubeconfig);
  const kube::Context& context = config.context(request.context);
  std::vector<std::string> contexts;
  for (const kube::Context& each : config.contexts()) contexts.push_back(each.name);
  return {.connection = config.connection(context),
          .namespaces = namespaces,
          .contexts = std::move(contexts)};
}

// The name in the contract of a field that kube refused.
std::string contract_field(std::string_view field, bool from_kubeconfig) {
  if (from_kubeconfig) return "cluster.kubeconfig";
  if (field == "tls_name") return "cluster.tls_server_name";
  if (field == "certificate") return "cluster.client_cert";
  if (field == "key") return "cluster.client_key";
  return fmt::format("cluster.{}", field);
}

// What stands beside a kubeconfig would be ignored, and a context without one too.
void refuse_contradictions(const ConnectionRequest& request) {
  std::vector<base::FieldError> fields;
  const auto refuse = [&](bool given, std::string_view field, std::string_view why) {
    if (given) fields.push_back({fmt::format("cluster.{}", field), std::string{why}});
  };
  if (request.kubeconfig) {
    constexpr std::string_view kBeside = "It contradicts the kubeconfig, which has its own.";
    refuse(request.server.has_value(), "server", kBeside);
    refuse(request.ca.has_value(), "ca", kBeside);
    refuse(request.token.has_value(), "token", kBeside);
    refuse(request.client_certificate.has_value(), "client_cert", kBeside);
    refuse(request.client_key.has_value(), "client_key", kBeside);
    refuse(request.tls_server_name.has_value(), "tls_server_name", kBeside);
  } else {
    refuse(!request.context.empty(), "context",
           "It chooses within a kubeconfig, and there is none.");
  }
  if (fields.empty()) return;
  std::vector<std::string_view> names;
  for (const base::FieldError& each : fields) names.push_back(each.field);
  std::string detail =
      request.kubeconfig
          ? fmt::format("The connection is given twice: by cluster.kubeconfig and by {}.",
                        fmt::join(names, ", "))
          : std::string{"cluster.context is given without cluster.kubeconfig."};
  throw Failure{Code::Invalid, Cause::Refused, std::move(detail)}
      .with_fields(std::move(fields))
      .with_next("Send either the kubeconfig or the single fields.");
}

}  // namespace

CheckedConnection checked(ConnectionRequest request) {
  refuse_contradictions(request);
  const bool from_kubeconfig = request.kubeconfig.has_value();
  try {
    return checked_by_kube(std::move(request));
  } catch (Failure& failure) {
    // Whoever typed the field knows it by the contract's name, not by kube's.
    std::vector<base::FieldError> fields = failure.fields();
    if (fields.empty()) fields.push_back({"server", failure.detail()});
    for (base::FieldError& each : fields)
      if (!each.field.starts_with("cluster."))
        each.field = contract_field(each.field, from_kubeconfig);
    throw std::move(failure).with_fields(std::move(fields));
  }
}

store::AuditRow audit_row(const model::Actor& actor, std::string_view action,
                          std::string_view subject_kind) {
  store::AuditRow row;
  row.actor = actor.user;
  row.actor_name = actor.name;
  row.action = action;
  row.subject_kind = subject_kind;
  row.result = "done";
  row.request = actor.request;
  row.address = actor.address;
  return row;
}

std::optional<store::Remembered> replay_of(const store::Snapshot& seen, const model::Actor& actor,
                                           const Keyed& keyed) {
  const auto known = seen.request_keys().find({actor.user, keyed.route, keyed.key});
  if (known && known->body_hash != keyed.body) throw Failure{Code::KeyReused, Cause::Refused};
  return known;
}

namespace {

void forget_versions(store::Txn& txn, model::FabricId id) {
  txn.kinds().forget_versions(id);
  txn.objects().forget_versions(id);
}

void accept_identity(store::Txn& txn, const model::Fabric& now, const std::string& identity) {
  if (!now.new_identity || *now.new_identity != identity)
    invalid("accept_identity", "It is not the identity that answered.");
  txn.fabrics().set_identity(now.id, identity);
  forget_versions(txn, now.id);  // Those of another cluster cannot be compared.
}

void accept_rewind(store::Txn& txn, model::FabricId id) {
  if (!model::rewound_since(txn.kinds().of(id)))
    invalid("accept_rewind", "Nothing shows that the cluster went back to an earlier state.");
  forget_versions(txn, id);
  txn.fabrics().bump_generation(id);  // A run that reads just now compares with them.
}

// Adds the fabric's audit row and announces it and the list of fabrics.
void announce(store::Txn& txn, const model::Actor& actor, std::string_view action,
              model::FabricId id, std::string_view name) {
  auto row = audit_row(actor, action, "fabric");
  row.subject = id.value;
  row.subject_name = name;
  txn.audit().append(row);
  txn.changes().append(model::Topic::Fabric, id);
  txn.changes().append(model::Topic::Fabrics, 0);
}

[[noreturn]] void refuse_deleted() {
  throw Failure{Code::FabricDeleted, Cause::Missing,
                "This Idempotency-Key made a fabric before, and that fabric was deleted since. "
                "Nothing was made now."}
      .with_next("Send the request with a new Idempotency-Key to add the fabric anew.");
}

// Runs move the revision as well as people do.
[[noreturn]] void refuse_changed(std::string_view fabric) {
  throw Failure{
      Code::ChangedMeanwhile, Cause::Refused,
      fmt::format("{} has changed since it was read: its settings, or what a run found.", fabric)};
}

}  // namespace

CreatedFabric create_fabric(const Deps& deps, const model::Actor& actor, FabricRequest request,
                            const Keyed& keyed) {
  model::require(actor, model::Permission::FabricEdit, "");
  store::FabricDraft draft;
  draft.name = checked_name(request.name.value_or(""));
  draft.description = request.description.value_or("");
  draft.site = request.site.value_or("");
  draft.shares_cluster = request.shares_cluster.value_or(false);
  std::optional<CheckedConnection> cluster;
  if (request.cluster) {
    model::require(actor, model::Permission::FabricCredentials, "");
    cluster = checked(std::move(*request.cluster));
    draft.cluster = stored_form(*cluster);
  }
  return deps.db.write(deps.deadline(), [&](store::Txn& txn) -> CreatedFabric {
    if (const auto made = replay_of(txn, actor, keyed)) {
      if (!txn.fabrics().find(model::FabricId{made->id})) refuse_deleted();
      return {{made->id}, true};
    }
    refuse_taken(txn, draft.name, std::nullopt);
    const model::FabricId id = txn.fabrics().create(draft);
    if (cluster) put_credentials(txn, deps.sealer, id, cluster->connection.fields());
    txn.request_keys().remember({actor.user, keyed.route, keyed.key},
                                {keyed.body, store::Made::Fabric, id.value, false});
    announce(txn, actor, "fabric.create", id, draft.name);
    return {id, false};
  });
}

void edit_fabric(const Deps& deps, const model::Actor& actor, model::FabricId id,
                 FabricRequest request, std::int64_t revision) {
  const auto fabric =
      deps.db.read([&](const store::Snapshot& seen) { return seen.fabrics().get(id); });
  model::require(actor, model::Permission::FabricEdit, fabric.name);
  if (request.cluster || request.accept_identity || request.accept_rewind)
    model::require(actor, model::Permission::FabricCredentials, fabric.name);

  const auto open = [&](store::Credential which) {
    const auto sealed = deps.db.read(
        [&](const store::Snapshot& seen) { return seen.fabrics().credential(id, which); });
    if (!sealed) return base::SecretText{};
    const bool is_token = which == store::Credential::Token;
    return deps.sealer.open(base::text_of(*sealed),
                            model::belongs_to(id, is_token ? "token" : "client_key"));
  };
  std::optional<CheckedConnection> cluster;
  if (request.cluster) {
    cluster = checked(fabric.cluster ? completed(std::move(*request.cluster), *fabric.cluster, open)
                                     : std::move(*request.cluster));
  }
  store::FabricDraft draft;
  draft.name = request.name ? checked_name(*request.name) : fabric.name;
  draft.description = request.description.value_or(fabric.description);
  draft.site = request.site.value_or(fabric.site);
  draft.shares_cluster = request.shares_cluster.value_or(fabric.shares_cluster);
  draft.cluster = cluster ? std::optional{stored_form(*cluster)} : fabric.cluster;

  deps.db.write(deps.deadline(), [&](store::Txn& txn) {
    const model::Fabric now = txn.fabrics().get(id);
    if (now.revision != revision) refuse_changed(now.name);
    refuse_taken(txn, draft.name, id);
    txn.fabrics().update(id, draft);
    if (cluster) {
      put_credentials(txn, deps.sealer, id, cluster->connection.fields());
      // A token alone is no column that update() compares.
      const std::int64_t before = now.cluster ? now.cluster->generation : 0;
      if (txn.fabrics().get(id).cluster->generation == before) txn.fabrics().bump_generation(id);
      txn.fabrics().set_reach(id, {});  // What was measured, was measured of another connection.
      txn.objects().leave_scope(id, cluster->namespaces);
    }
    if (request.accept_identity) accept_identity(txn, now, *request.accept_identity);
    if (request.accept_rewind) accept_rewind(txn, id);
    announce(txn, actor, request.accept_rewind ? "fabric.accept_rewind" : "fabric.edit", id,
             draft.name);
  });
}

void delete_fabric(const Deps& deps, const model::Actor& actor, model::FabricId id,
                   std::string_view typed_name) {
  deps.db.write(deps.deadline(), [&](store::Txn& txn) {
    const model::Fabric fabric = txn.fabrics().get(id);
    model::require(actor, model::Permission::FabricEdit, fabric.name);
    if (typed_name != fabric.name) invalid("name", "It is not the name of this fabric.");
    const Failure deleted{
        Code::FabricDeleted, Cause::Missing,
        fmt::format("{} deleted {} before it had ended.", actor.name, fabric.name)};
    jobs::close_all_of(txn, id, model::ending_of(deleted));
    announce(txn, actor, "fabric.delete", id, fabric.name);
    txn.fabrics().remove(id);
  });
}

void resume_fabric(const Deps& deps, const model::Actor& actor, model::FabricId id) {
  deps.db.write(deps.deadline(), [&](store::Txn& txn) {
    const model::Fabric fabric = txn.fabrics().get(id);
    model::require(actor, model::Permission::FabricEdit, fabric.name);
    if (!fabric.pause) return;
    txn.fabrics().resume(id);
    announce(txn, actor, "fabric.resume", id, fabric.name);
  });
}

}  // namespace hedgerow::actions
