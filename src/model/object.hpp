// One Kubernetes custom resource of a fabric and its sides; absent is a value of a side. Whether
// the sides agree is judged in verdict.hpp.
#pragma once

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"

namespace hedgerow::model {

// Decimal resourceVersions of one resource may be ordered, by length and then as text (KEP-5504);
// of any others none is older.
[[nodiscard]] bool is_older(std::string_view one, std::string_view other) noexcept;

// A row's identity, after defaulting by the kind's scope and the fabric's default namespace.
struct Identity {
  std::string group;
  std::string kind;
  std::string name_space;  // Empty for a cluster-wide kind.
  std::string name;

  friend bool operator==(const Identity&, const Identity&) = default;
  friend auto operator<=>(const Identity&, const Identity&) = default;
};

// What the cluster had when it was last seen. Written only by the fabric's cluster reader (law 1).
struct Observed {
  std::string version;  // Of the API: "v1beta1".
  std::string uid;
  std::string resource_version;
  base::Digest digest;         // Of the document without managedFields and resourceVersion.
  std::uint64_t raw_hash = 0;  // Quick hash of the bytes as they came.
  bool deleting = false;       // It has a deletionTimestamp.
  std::string document;        // JSON; empty where only the facts were asked for.
};

struct Object {
  ObjectId id;
  FabricId fabric;
  Identity identity;
  Observed observed;
  base::WallTime first_seen;
  base::WallTime changed;                 // When a run last saw it change.
  std::optional<base::WallTime> removed;  // A tombstone: gone from the cluster, kept in the record.
  // When it was last proven, once its namespace is not read any more.
  std::optional<base::WallTime> out_of_scope;
};

// One change of one object in the record, found by one run.
struct Change {
  ChangeId id;
  ObjectId object;
  RunId run;
  base::WallTime at;
  ChangeKind kind = ChangeKind::Changed;
  Identity identity;
  std::string resource_version;
};

}  // namespace hedgerow::model
