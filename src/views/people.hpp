// What people may see of people: where they are signed in. Of a session nobody is shown the token
// or its hash. How it is written down is left to the faces.
#pragma once

#include "model/actor.hpp"
#include "store/snapshot.hpp"

namespace hedgerow::views {

// Those that have not ended: of one user, or of all whose the actor may see. Throws
// Failure{Forbidden} for another user's without the right.
[[nodiscard]] store::Paged<store::Session> sessions(const store::Snapshot& seen,
                                                    const model::Actor& actor,
                                                    std::optional<model::UserId> user,
                                                    const store::Page& page);

[[nodiscard]] store::User user(const store::Snapshot& seen, const model::Actor& actor,
                               model::UserId id);

}  // namespace hedgerow::views
