#include "store/fabrics.hpp"

#include "store/json.hpp"
#include "store/name_key.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

constexpr std::string_view kFabricColumns =
    "id, name, description, site, server, ca, has_token, client_certificate, tls_server_name,"
    " namespaces, generation, shares_cluster, identity, new_identity, cluster_version, "
    "paused_since,"
    " paused_by, pause_reason, pause_code, reach, reach_as_of, reach_code, reach_detail, reach_ms,"
    " created, revision";

model::Fabric fabric_of(const sql::Row& row) {
  model::Fabric fabric;
  model::ClusterConnection cluster;
  std::optional<std::string> server;
  std::string_view namespaces;
  std::optional<base::WallTime> paused_since;
  model::Pause pause;
  model::ReachFact& reach = fabric.reach;
  sql::read(row, fabric.id, fabric.name, fabric.description, fabric.site, server, cluster.ca,
            cluster.has_token, cluster.client_certificate, cluster.tls_server_name, namespaces,
            cluster.generation, fabric.shares_cluster, fabric.identity, fabric.new_identity,
            fabric.cluster_version, paused_since, pause.by, pause.reason, pause.code, reach.state,
            reach.as_of, reach.code, reach.detail, reach.took, fabric.created, fabric.revision);
  if (server) {
    cluster.server = std::move(*server);
    json::read(namespaces, cluster.namespaces);
    fabric.cluster = std::move(cluster);
  }
  if (paused_since) {
    pause.since = *paused_since;
    fabric.pause = std::move(pause);
  }
  return fabric;
}

std::string search_key(const FabricDraft& draft) {
  return name_key(fmt::format("{}\n{}\n{}", draft.name, draft.description, draft.site));
}

std::optional<std::string> server_of(const FabricDraft& draft) {
  return draft.cluster ? std::optional{draft.cluster->server} : std::nullopt;
}

// The connection's columns say nothing where there is none, and nothing is what stands there then.
model::ClusterConnection connection_of(const FabricDraft& draft) {
  return draft.cluster.value_or(model::ClusterConnection{});
}

}  // namespace

model::Fabric Fabrics::get(model::FabricId id) const {
  auto fabric = find(id);
  if (!fabric) sql::missing("fabric", id.value);
  return std::move(*fabric);
}

std::optional<model::Fabric> Fabrics::find(model::FabricId id) const {
  return sql_.first(fmt::format("SELECT {} FROM fabrics WHERE id = $1", kFabricColumns), fabric_of,
                    id);
}

std::optional<model::Fabric> Fabrics::find(std::string_view name) const {
  return sql_.first(fmt::format("SELECT {} FROM fabrics WHERE name_key = $1", kFabricColumns),
                    fabric_of, name_key(name));
}

Paged<model::Fabric> Fabrics::page(std::string_view q, FabricOrder order, const Page& page) const {
  const std::string pattern = sql::containing(name_key(q));
  const std::string_view direction = order == FabricOrder::NameDescending ? "DESC" : "ASC";
  constexpr std::string_view kMatch = "search_key LIKE $1 ESCAPE '\\'";
  return {sql_.list(
              fmt::format("SELECT {} FROM fabrics WHERE {} ORDER BY name_key {} LIMIT $2 OFFSET $3",
                          kFabricColumns, kMatch, direction),
              fabric_of, pattern, page.limit, page.offset),
          sql_.one(fmt::format("SELECT count(*) FROM fabrics WHERE {}", kMatch), pattern)};
}

std::vector<model::FabricId> Fabrics::ids() const {
  return sql_.list("SELECT id FROM fabrics ORDER BY id",
                   [](const sql::Row& row) { return model::FabricId{row.integer(0)}; });
}

std::int64_t Fabrics::count() const { return sql_.one("SELECT count(*) FROM fabrics"); }

std::vector<model::Fabric> Fabrics::of_identity(std::string_view identity) const {
  return sql_.list(
      fmt::format("SELECT {} FROM fabrics WHERE identity = $1 ORDER BY id", kFabricColumns),
      fabric_of, identity);
}

std::optional<std::vector<std::byte>> Fabrics::credential(model::FabricId id,
                                                          Credential which) const {
  return sql_.maybe<std::vector<std::byte>>(
      "SELECT sealed FROM credentials WHERE fabric_id = $1 AND which = $2", id, which);
}

model::FabricId Fabrics::create(const FabricDraft& draft) {
  const model::ClusterConnection cluster = connection_of(draft);
  const auto id = sql_.one<model::FabricId>(
      "INSERT INTO fabrics (name, name_key, description, site, search_key, server, ca, has_token,"
      " client_certificate, tls_server_name, namespaces, shares_cluster, created)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id",
      draft.name, name_key(draft.name), draft.description, draft.site, search_key(draft),
      server_of(draft), cluster.ca, cluster.has_token, cluster.client_certificate,
      cluster.tls_server_name, json::text_of(cluster.namespaces), draft.shares_cluster, sql_.now());
  sql_.run("INSERT INTO ownership (fabric_id) VALUES ($1)", id);
  return id;
}

void Fabrics::update(model::FabricId id, const FabricDraft& draft) {
  const model::ClusterConnection cluster = connection_of(draft);
  const auto found = sql_.run(
      "UPDATE fabrics SET name = $2, name_key = $3, description = $4, site = $5, search_key = $6,"
      " generation = generation + CASE WHEN server IS NOT DISTINCT FROM $7 AND ca = $8"
      " AND has_token = $9 AND client_certificate = $10 AND tls_server_name = $11"
      " AND namespaces = $12 THEN 0 ELSE 1 END,"
      " server = $7, ca = $8, has_token = $9, client_certificate = $10, tls_server_name = $11,"
      " namespaces = $12, shares_cluster = $13 WHERE id = $1",
      id, draft.name, name_key(draft.name), draft.description, draft.site, search_key(draft),
      server_of(draft), cluster.ca, cluster.has_token, cluster.client_certificate,
      cluster.tls_server_name, json::text_of(cluster.namespaces), draft.shares_cluster);
  if (found == 0) sql::missing("fabric", id.value);
}

void Fabrics::remove(model::FabricId id) {
  CHECK(sql_.one("SELECT count(*) FROM runs WHERE fabric_id = $1 AND state <> 'ended'", id) == 0);
  if (sql_.run("DELETE FROM fabrics WHERE id = $1", id) == 0) sql::missing("fabric", id.value);
}

void Fabrics::put_credential(model::FabricId id, Credential which,
                             std::optional<std::span<const std::byte>> sealed) {
  if (!sealed) {
    sql_.run("DELETE FROM credentials WHERE fabric_id = $1 AND which = $2", id, which);
    return;
  }
  sql_.run(
      "INSERT INTO credentials (fabric_id, which, sealed) VALUES ($1, $2, $3)"
      " ON CONFLICT (fabric_id, which) DO UPDATE SET sealed = excluded.sealed",
      id, which, *sealed);
}

std::int64_t Fabrics::bump_generation(model::FabricId id) {
  const auto generation = sql_.maybe(
      "UPDATE fabrics SET generation = generation + 1 WHERE id = $1 RETURNING generation", id);
  if (!generation) sql::missing("fabric", id.value);
  return *generation;
}

void Fabrics::set_reach(model::FabricId id, const model::ReachFact& reach) {
  sql_.run(
      "UPDATE fabrics SET reach = $2, reach_as_of = $3, reach_code = $4, reach_detail = $5,"
      " reach_ms = $6 WHERE id = $1",
      id, reach.state, reach.as_of, reach.code, reach.detail, reach.took);
}

void Fabrics::set_identity(model::FabricId id, const std::optional<std::string>& identity) {
  sql_.run("UPDATE fabrics SET identity = $2, new_identity = NULL WHERE id = $1", id, identity);
}

void Fabrics::set_new_identity(model::FabricId id, const std::optional<std::string>& identity) {
  sql_.run("UPDATE fabrics SET new_identity = $2 WHERE id = $1", id, identity);
}

void Fabrics::set_cluster_version(model::FabricId id, std::string_view version) {
  sql_.run("UPDATE fabrics SET cluster_version = $2 WHERE id = $1", id, version);
}

void Fabrics::pause(model::FabricId id, const model::Pause& pause) {
  sql_.run(
      "UPDATE fabrics SET paused_since = $2, paused_by = $3, pause_reason = $4, pause_code = $5"
      " WHERE id = $1",
      id, pause.since, pause.by, pause.reason, pause.code);
}

void Fabrics::resume(model::FabricId id) {
  sql_.run(
      "UPDATE fabrics SET paused_since = NULL, paused_by = NULL, pause_reason = NULL,"
      " pause_code = NULL WHERE id = $1",
      id);
}

}  // namespace hedgerow::store
