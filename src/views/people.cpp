#include "views/people.hpp"

namespace hedgerow::views {

using model::Permission;

store::Paged<store::Session> sessions(const store::Snapshot& seen, const model::Actor& actor,
                                      std::optional<model::UserId> user, const store::Page& page) {
  if (user && *user != actor.user) model::require(actor, Permission::UsersManage, "");
  if (!user && !model::may(actor.role, Permission::UsersManage)) user = actor.user;
  return seen.sessions().page(seen.now(), user, page);
}

store::User user(const store::Snapshot& seen, const model::Actor& actor, model::UserId id) {
  model::require(actor, Permission::UsersManage, "");
  return seen.users().get(id);
}

}  // namespace hedgerow::views
