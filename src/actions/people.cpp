#include "actions/people.hpp"

namespace hedgerow::actions {

using base::Cause;
using base::Code;
using base::Failure;
using model::Permission;

namespace {

bool manages_users(model::Role role) { return model::may(role, Permission::UsersManage); }

// With the role of this transaction: what the request came with may have been taken away since.
model::Actor as_now(const store::Snapshot& seen, model::Actor actor) {
  actor.role = seen.users().get(actor.user).role;
  return actor;
}

bool may_see(const model::Actor& actor, const store::Session& session) {
  return session.user == actor.user || manages_users(actor.role);
}

store::AuditRow audit_of(const model::Actor& actor, std::string_view action, model::UserId user,
                         std::string_view name) {
  auto row = audit_row(actor, action, "user");
  row.subject = user.value;
  row.subject_name = name;
  return row;
}

}  // namespace

store::User make_user(const Deps& deps, const model::Actor& actor, const auth::Account& account) {
  return deps.db.write(deps.deadline(), [&](store::Txn& txn) {
    model::require(as_now(txn, actor), Permission::UsersManage, "");
    return txn.users().get(auth::create_user(txn, account, actor));
  });
}

store::User set_role(const Deps& deps, const model::Actor& actor, const RoleRequest& request) {
  return deps.db.write(deps.deadline(), [&](store::Txn& txn) {
    model::require(as_now(txn, actor), Permission::UsersManage, "");
    store::User user = txn.users().get(request.user);
    if (user.revision != request.revision) {
      throw Failure{Code::ChangedMeanwhile, Cause::Refused,
                    fmt::format("{} has changed since it was read.", user.name)};
    }
    if (user.role == request.role) return user;
    if (manages_users(user.role) && !manages_users(request.role) &&
        txn.users().count_of(user.role) == 1) {
      throw Failure{Code::LastAdmin, Cause::Refused,
                    fmt::format("{} is the only administrator.", user.name)};
    }
    txn.users().set_role(user.id, request.role);
    auto row = audit_of(actor, "user.edit", user.id, user.name);
    row.details = fmt::format(R"({{"role":"{}","role_before":"{}"}})", model::name_of(request.role),
                              model::name_of(user.role));
    txn.audit().append(row);
    return txn.users().get(user.id);
  });
}

void end_session(const Deps& deps, const model::Actor& actor, model::SessionId id) {
  deps.db.write(deps.deadline(), [&](store::Txn& txn) {
    const auto session = txn.sessions().find(id);
    if (!session || !may_see(as_now(txn, actor), *session) || auth::end_of(*session, txn.now()))
      throw Failure{Code::NotFound, Cause::Missing};
    const bool asks = id == actor.session;
    txn.sessions().end(id, asks ? store::SessionEnd::SignedOut : store::SessionEnd::Revoked,
                       txn.now());
    // Where somebody else may sit is not where the user is known any more.
    if (!asks) txn.devices().forget_all_of(session->user);
    auto row = audit_of(actor, "session.end", session->user, session->user_name);
    row.details = fmt::format(R"({{"session":{}}})", id.value);
    txn.audit().append(row);
  });
}

}  // namespace hedgerow::actions
