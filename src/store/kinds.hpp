// The kinds of a fabric: as discovery found them, how far we may read them, and the marker that
// says up to when and where a complete list proved them.
#pragma once

#include "model/ids.hpp"
#include "model/kind.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

struct KindName {
  std::string group;
  std::string kind;

  friend auto operator<=>(const KindName&, const KindName&) = default;
};

// What the last try to read a kind said.
struct KindCoverage {
  model::Coverage coverage = model::Coverage::NotMeasured;
  std::optional<base::Code> code;
  std::string detail;
  std::string remedy;
};

// What a complete list proves of its kind.
struct KindProof {
  model::RunId by;
  base::WallTime as_of;        // When it was asked for,
  base::Milliseconds tick{0};  // in time since the machine started as well.
  std::string resource_version;
};

class Kinds {
 public:
  explicit Kinds(sql::Scope& sql) : sql_{sql} {}

  // By group and kind, each with the number of its present objects in scope. Where the wall clock
  // was set back since a kind was proven, its time is corrected by the ticks.
  [[nodiscard]] std::vector<model::KindState> of(model::FabricId fabric) const;

  // Adds kinds and brings version, plural and scope of known ones up to date; rows that are as they
  // were are not written. Kinds that are not named stay as they are: only set_coverage(not_served)
  // says that one is gone.
  void discovered(model::FabricId fabric, std::span<const model::Kind> kinds);
  void set_coverage(model::FabricId fabric, const KindName& kind, const KindCoverage& coverage);
  // The marker, after the kind's last object.
  void mark_complete(model::FabricId fabric, const KindName& kind, const KindProof& proof);
  // Its versions have gone back; since when, stays as it was said first.
  void mark_rewound(model::FabricId fabric, const KindName& kind, base::WallTime at);
  // Forgets at which resourceVersions the kinds were proven, and that any of them went back.
  void forget_versions(model::FabricId fabric);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
