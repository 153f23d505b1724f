// Fabrics: connection, pause, and the facts last measured about them. Credentials come and go as
// sealed bytes; this room cannot open them.
#pragma once

#include "model/fabric.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

enum class Credential : std::uint8_t { Token, ClientKey };

// What a person decides of a fabric.
struct FabricDraft {
  std::string name;
  std::string description;
  std::string site;
  std::optional<model::ClusterConnection> cluster;  // Its generation is not taken over.
  bool shares_cluster = false;
};

enum class FabricOrder : std::uint8_t { Name, NameDescending };

class Fabrics {
 public:
  explicit Fabrics(sql::Scope& sql) : sql_{sql} {}

  // Throws Failure{NotFound, Missing}.
  [[nodiscard]] model::Fabric get(model::FabricId id) const;
  [[nodiscard]] std::optional<model::Fabric> find(model::FabricId id) const;
  // Upper and lower case are the same name.
  [[nodiscard]] std::optional<model::Fabric> find(std::string_view name) const;
  // `q` is a part of name, description or site, case ignored; empty for all.
  [[nodiscard]] Paged<model::Fabric> page(std::string_view q, FabricOrder order,
                                          const Page& page) const;
  [[nodiscard]] std::vector<model::FabricId> ids() const;
  [[nodiscard]] std::int64_t count() const;
  // All whose proven identity this is.
  [[nodiscard]] std::vector<model::Fabric> of_identity(std::string_view identity) const;
  [[nodiscard]] std::optional<std::vector<std::byte>> credential(model::FabricId id,
                                                                 Credential which) const;

  // The name must be free: find() in the same transaction. Nobody owns the fabric yet: see
  // Ownership.
  model::FabricId create(const FabricDraft& draft);
  // Writes what a person decides. The connection's generation grows when its fields differ from
  // those stored; call bump_generation() where only a credential changed.
  void update(model::FabricId id, const FabricDraft& draft);
  // With objects, history, kinds and credentials; its runs, none of which may be open any more, and
  // its audit rows stay.
  void remove(model::FabricId id);
  // An absent value removes it.
  void put_credential(model::FabricId id, Credential which,
                      std::optional<std::span<const std::byte>> sealed);
  // Gives back the new generation.
  std::int64_t bump_generation(model::FabricId id);

  void set_reach(model::FabricId id, const model::ReachFact& reach);
  // The identity that is proven from now on; forgets the one that answered instead.
  void set_identity(model::FabricId id, const std::optional<std::string>& identity);
  void set_new_identity(model::FabricId id, const std::optional<std::string>& identity);
  void set_cluster_version(model::FabricId id, std::string_view version);
  void pause(model::FabricId id, const model::Pause& pause);
  void resume(model::FabricId id);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store

// The words of the database.
template <>
struct hedgerow::model::ClosedSet<hedgerow::store::Credential> {
  static constexpr std::string_view kOf = "Credential";
  static constexpr std::array<std::string_view, 2> kNames{"token", "client_key"};
};
