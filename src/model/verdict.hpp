// Whether one object's sides agree, and if not, who moved. A pure rule over the
// sides that ARCHITECTURE.md names.
#pragma once

#include "model/closed_sets.gen.hpp"

namespace hedgerow::model {

// One field on which desired and observed disagree after normalisation. Absent values are empty
// optionals; a value is canonical JSON, so that equal means equal.
struct Difference {
  std::string path;
  std::optional<std::string> desired;
  std::optional<std::string> observed;
  std::optional<std::string> agreed;
};

// What judging needs to know of one object. `differing` is what normalised comparison left over.
struct Sides {
  Authority authority = Authority::Cluster;
  bool complete = false;  // Every list that could hold the object was read to its clean end.
  bool desired = false;   // Present on that side.
  bool observed = false;
  bool agreed = false;
  std::vector<Difference> differing;
};

[[nodiscard]] Verdict judge(const Sides& seen);

}  // namespace hedgerow::model
