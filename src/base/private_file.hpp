// A small file with a secret in it, which only its owner may read: keys and passwords of the
// operator. Anything else is refused by its name and cure.
#pragma once

#include "base/secret.hpp"

namespace hedgerow::base {

// Its text without what is blank at its ends. `what` names it in sentences ("key file");
// `when_missing` is the next step for who has none. Throws Failure{CredentialUnreadable}.
[[nodiscard]] SecretText read_private(const std::string& path, std::string_view what,
                                      std::string_view when_missing);

}  // namespace hedgerow::base
