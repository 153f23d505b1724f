// Writes a JSON document as YAML in block style, as people know it from kubectl. Leaves reading
// YAML to base/yaml.
#pragma once

#include "base/failure.hpp"

namespace hedgerow::base {

// Keys keep their order, numbers their spelling; texts are quoted where YAML would read them as
// something else. Throws Failure{Malformed} when `json` is no document.
[[nodiscard]] std::string yaml_of(std::string_view json);

}  // namespace hedgerow::base
