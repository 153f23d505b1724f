// Who acts, and what an actor may do. One table, one function: every face and every action asks
// here.
#pragma once

#include "base/failure.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"

namespace hedgerow::model {

struct Actor {
  UserId user;
  std::string name;
  Role role = Role::Viewer;
  SessionId session;    // 0 when it is not a browser's session.
  std::string address;  // Where the request came from, for the audit.
  std::string request;  // Its request id.
};

// Which permissions a role carries; least first.
[[nodiscard]] std::span<const Permission> permissions_of(Role role) noexcept;
[[nodiscard]] bool may(Role role, Permission permission) noexcept;
// What starting this operation needs.
[[nodiscard]] Permission permission_for(Operation operation) noexcept;

// Throws Failure{Forbidden, Denied} that names the missing permission, what the actor has and who
// can grant it. `subject` is what it was about, as the user knows it: "fab-lab-01".
void require(const Actor& actor, Permission permission, std::string_view subject);

}  // namespace hedgerow::model
