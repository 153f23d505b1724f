#include "model/kind.hpp"

namespace hedgerow::model {

std::optional<base::WallTime> rewound_since(std::span<const KindState> kinds) {
  std::optional<base::WallTime> since;
  for (const KindState& kind : kinds)
    if (kind.rewound) since = std::min(since.value_or(*kind.rewound), *kind.rewound);
  return since;
}

bool is_hedgehog(std::string_view group) noexcept { return group.ends_with(kHedgehogSuffix); }

std::string_view never_mirrored(std::string_view group, std::string_view kind) noexcept {
  if (group == "agent.githedgehog.com" && kind == "Agent")
    return "Its body holds users' password hashes and is rewritten every 15 s.";
  if (group == "fabricator.githedgehog.com")
    return "The installer's kinds hold password hashes, the join token and registry credentials.";
  return {};
}

}  // namespace hedgerow::model
