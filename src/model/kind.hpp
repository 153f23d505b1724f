// Kubernetes resource types as discovery finds them, and which of them are in scope. Never a table
// of kinds.
#pragma once

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"

namespace hedgerow::model {

struct Kind {
  std::string group;
  std::string kind;
  std::string version;
  std::string plural;
  bool namespaced = true;

  [[nodiscard]] std::string resource() const { return plural + "." + group; }
};

// What the record knows of one kind of one fabric.
struct KindState {
  Kind kind;
  Coverage coverage = Coverage::NotMeasured;
  // The last complete list: when it was proven, at which resourceVersion. Older than the last try
  // when that failed.
  std::optional<base::WallTime> as_of;
  std::optional<RunId> read_by;  // The run whose list that was.
  std::string resource_version;
  // Since when its versions are known to have gone back: it is frozen until somebody confirms that.
  std::optional<base::WallTime> rewound;
  std::optional<base::Code> code;  // Why it could not be read.
  std::string detail;
  std::string remedy;  // Text to copy, such as an RBAC rule.
  std::int64_t objects = 0;
};

// The earliest of the kinds that are frozen because the cluster went back.
[[nodiscard]] std::optional<base::WallTime> rewound_since(std::span<const KindState> kinds);

// Only groups that end so are Hedgehog's.
inline constexpr std::string_view kHedgehogSuffix = ".githedgehog.com";
[[nodiscard]] bool is_hedgehog(std::string_view group) noexcept;

// Why a Hedgehog kind is never mirrored; empty when it is in scope.
[[nodiscard]] std::string_view never_mirrored(std::string_view group,
                                              std::string_view kind) noexcept;

}  // namespace hedgerow::model
