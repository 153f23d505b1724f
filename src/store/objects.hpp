// The objects of the record, one row each, tombstones included. Writing goes through apply() alone,
// which writes each object together with its history; an object that nobody names there costs
// nothing.
#pragma once

#include "model/object.hpp"
#include "store/kinds.hpp"

namespace hedgerow::store {

// What a list is compared with. The views hold only during the call that hands it over.
struct Known {
  model::ObjectId id;
  std::string_view name_space;
  std::string_view name;
  std::string_view uid;
  std::string_view resource_version;
  std::uint64_t raw_hash = 0;
  base::Digest digest;
  bool removed = false;
  bool out_of_scope = false;
};

// What became of one object.
//
//   (none) ──Appeared──► present ──Changed, Replaced, Touched──► present ──Removed──► tombstone
//   ──Appeared──► present
//
// Each of them says that the object was read, so each ends its being out of scope.
enum class Act : std::uint8_t {
  Appeared,  // A new row, or a tombstone's revival. History: created.
  Changed,   // Another content, the same uid. History: changed.
  Replaced,  // Another uid. History: removed and created; the row stays.
  Touched,   // Another resourceVersion or spelling, the same content. No history.
  Removed,   // Proven gone. History: removed; the row becomes a tombstone.
};

struct ObjectWrite {
  Act act = Act::Appeared;
  model::ObjectId id;        // 0 only for what appeared and never had a row.
  model::Identity identity;  // Its kind must be known to Kinds.
  model::Observed observed;  // Not read for what was removed; of Touched without the document.
};

struct Applied {
  std::vector<model::ObjectId> ids;  // In the order of the writes.
  std::int64_t created = 0;
  std::int64_t changed = 0;  // Replaced ones included.
  std::int64_t touched = 0;
  std::int64_t removed = 0;
};

enum class ObjectColumn : std::uint8_t { Name, Kind, Namespace, Changed };

struct ObjectOrder {
  ObjectColumn by = ObjectColumn::Name;
  bool descending = false;
};

// Several values of one list are "or", the lists together are "and".
struct ObjectFilter {
  std::vector<KindName> kinds;  // An empty group stands for any.
  std::vector<std::string> namespaces;
  std::string q;          // Part of name, namespace or kind, case ignored.
  std::string name_part;  // Part of the name, case ignored.
  model::Presence presence = model::Presence::Present;
};

inline constexpr std::size_t kApplyMax = 5'000;

class Objects {
 public:
  explicit Objects(sql::Scope& sql) : sql_{sql} {}

  // With its document: of a tombstone, the last one it had. Throws Failure{NotFound, Missing}.
  [[nodiscard]] model::Object get(model::ObjectId id) const;
  // Without documents.
  [[nodiscard]] Paged<model::Object> page(model::FabricId fabric, const ObjectFilter& filter,
                                          const ObjectOrder& order, const Page& page) const;
  // Present ones in scope only.
  [[nodiscard]] std::int64_t count(model::FabricId fabric) const;
  // Hands over every row of one kind, tombstones included, by namespace and name; of one namespace
  // only, unless that is empty.
  void known(model::FabricId fabric, const KindName& kind, std::string_view name_space,
             const std::function<void(const Known&)>& each) const;

  // At most kApplyMax writes of one run, whole with their history. `at` is when the cluster said
  // so.
  Applied apply(model::FabricId fabric, model::RunId run, base::WallTime at,
                std::span<const ObjectWrite> writes);

  // From now on only these namespaces are read, all of them if there are none: what is present in
  // any other is out of scope, dated as it was last proven. What is in scope again stays so until
  // it is read.
  void leave_scope(model::FabricId fabric, std::span<const std::string> namespaces);
  // Forgets at which resourceVersions the objects were seen, so that none counts as older.
  void forget_versions(model::FabricId fabric);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
