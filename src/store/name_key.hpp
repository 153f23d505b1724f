// Names that people give are the same when they differ in upper and lower case only. Databases
// disagree on what that means beyond ASCII, so the key that is compared is made here and stored
// beside the name.
#pragma once

namespace hedgerow::store {

// Lower case of the Latin, Greek and Cyrillic letters; everything else as it is. `name` must be
// UTF-8.
[[nodiscard]] std::string name_key(std::string_view name);

}  // namespace hedgerow::store
