// What may be done to people: make a user, give one another role, end a session. Each is
// permission, one transaction, an audit row. A role is read anew with every request, so no session
// has to end for another one.
#pragma once

#include "actions/fabrics.hpp"
#include "auth/sign_in.hpp"

namespace hedgerow::actions {

// Throws Failure{Forbidden}, and Failure{Invalid} as auth::create_user does.
store::User make_user(const Deps& deps, const model::Actor& actor, const auth::Account& account);

struct RoleRequest {
  model::UserId user;
  model::Role role = model::Role::Viewer;
  std::int64_t revision = 0;  // What the actor had before the eyes.
};

// Gives back the user as it is then; one that has the role already is not touched. Throws
// Failure{Forbidden}, Failure{NotFound}, Failure{ChangedMeanwhile}, and Failure{LastAdmin} when
// nobody could manage users any more.
store::User set_role(const Deps& deps, const model::Actor& actor, const RoleRequest& request);

// One's own, the one that asks included, or anybody's for who manages users. Throws
// Failure{NotFound} for one that has ended and for one that the actor may not see.
void end_session(const Deps& deps, const model::Actor& actor, model::SessionId id);

}  // namespace hedgerow::actions
