#include "auth/sign_in.hpp"

#include "auth/csrf.hpp"
#include "base/text.hpp"

namespace hedgerow::auth {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

[[noreturn]] void refuse_credentials() {
  throw Failure{Code::BadCredentials, Cause::Refused, "User name or password is wrong."};
}

Failure locked(base::Milliseconds left) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(left);
  return Failure{Code::AccountLocked, Cause::NotYet,
                 fmt::format("Too many wrong passwords. Try again in {} s.", seconds.count())}
      .with_retry_after(seconds);
}

model::Actor actor_of(const store::Session& session, const Visitor& visitor) {
  return {.user = session.user,
          .name = session.user_name,
          .role = session.role,
          .session = session.id,
          .address = visitor.address,
          .request = visitor.request};
}

store::AuditRow audit(std::string_view action, std::string_view name, const Visitor& visitor) {
  store::AuditRow row;
  row.actor_name = base::shown(name, 150);
  row.action = action;
  row.subject_kind = "user";
  row.subject_name = base::shown(name, 150);
  row.result = "done";
  row.request = visitor.request;
  row.address = visitor.address;
  return row;
}

// The failure that tells how a session ended.
[[noreturn]] void refuse_ended(store::SessionEnd end, const store::Session& session) {
  const auto in_minutes = [](base::Milliseconds span) {
    return std::chrono::ceil<std::chrono::minutes>(span).count();
  };
  const auto idle = in_minutes(session.idle_ends - session.last_seen);
  const auto whole = in_minutes(session.absolute_ends - session.created);
  switch (end) {
    case store::SessionEnd::SignedOut:
      throw Failure{Code::SessionMissing, Cause::Refused,
                    session.replaced_by ? "You signed in again, and this session ended with that."
                                        : "You signed out."};
    case store::SessionEnd::Idle:
      throw Failure{Code::SessionExpired, Cause::Refused,
                    fmt::format("Your session has ended after {} min without activity.", idle)};
    case store::SessionEnd::Limit:
      throw Failure{Code::SessionLimit, Cause::Refused,
                    fmt::format("A session lasts {} at most, however much it is used.",
                                whole % 60 == 0 ? fmt::format("{} h", whole / 60)
                                                : fmt::format("{} min", whole))};
    case store::SessionEnd::TooMany:
      throw Failure{Code::SessionRevoked, Cause::Refused,
                    "You signed in at more places than one user may; the oldest session ended."};
    case store::SessionEnd::Revoked:
      throw Failure{Code::SessionRevoked, Cause::Refused,
                    "You ended this session from another place, or an administrator did."};
  }
  throw Failure{Code::SessionRevoked, Cause::Refused};
}

}  // namespace

std::string how_signed_in(const store::Session& session) {
  const bool by_code = session.method == model::SignInMethod::SetupCode;
  return fmt::format("{}, since {}", by_code ? "set-up code" : "password",
                     base::rfc3339(session.created));
}

SignIn::SignIn(store::Database& db, const base::Clock& clock, base::Random& random,
               Passwords& passwords, SessionLimits limits, LimiterSettings limiter)
    : db_{db},
      clock_{clock},
      random_{random},
      passwords_{passwords},
      limits_{limits},
      limiter_{limiter} {}

base::Deadline SignIn::deadline() const {
  return base::Deadline::in(clock_, limits_.database_wait);
}

Fresh SignIn::with_password(std::string_view username, const base::SecretText& password,
                            const Visitor& visitor, const Proven* replaced) {
  if (const auto wait = addresses_.refuse(visitor.address, clock_.steady(), limiter_)) {
    throw Failure{Code::RateLimited, Cause::NotYet, "Too many tries to sign in from your address."}
        .with_retry_after(std::chrono::ceil<std::chrono::seconds>(*wait));
  }
  const Try one = reserve_try(username, visitor);
  const auto& user = one.user;
  bool right = false;
  std::string renewed;
  try {
    right = passwords_.verify(password, user ? user->password_hash : std::string{});
    if (right && passwords_.outdated(user->password_hash)) renewed = passwords_.hash(password);
  } catch (const Failure&) {
    give_back_try(one);
    throw;
  }
  if (!right) {
    keep_try(one, visitor);
    refuse_credentials();
  }
  return db_.write(deadline(), [&](store::Txn& txn) {
    keep_tries(txn, one, {});
    if (!renewed.empty()) txn.users().set_password_hash(user->id, renewed);
    const bool ended = replaced && end(txn, *replaced);
    Fresh fresh = begin(txn, txn.users().get(user->id), model::SignInMethod::Password, visitor);
    // Somebody else's session, perhaps one that was planted, is never handed over.
    if (ended && replaced->session.user == user->id)
      txn.sessions().hand_over(replaced->session.id, fresh.proven.session.id);
    return fresh;
  });
}

store::Tries SignIn::tries_of(const store::Snapshot& seen, const Try& one) {
  if (one.device)
    if (const auto tries = seen.devices().tries(*one.device, one.user->id)) return *tries;
  return seen.users().tries(one.username);
}

void SignIn::keep_tries(store::Txn& txn, const Try& one, const store::Tries& tries) {
  if (one.device)
    txn.devices().keep_tries(*one.device, one.user->id, tries);
  else
    txn.users().keep_tries(one.username, tries);
}

SignIn::Try SignIn::reserve_try(std::string_view username, const Visitor& visitor) {
  return db_.write(deadline(), [&](store::Txn& txn) {
    Try one{.username = username, .user = txn.users().find(username), .device = {}};
    const base::Digest device = base::digest_of(visitor.device);
    // Both are asked for everybody, nobody included, who has no device anywhere: it takes as long.
    const auto there = txn.devices().tries(device, one.user ? one.user->id : model::UserId{});
    if (there) one.device = device;
    const store::Tries tries = there.value_or(txn.users().tries(username));
    const base::Milliseconds left = left_of_lock(tries, txn.now(), limiter_);
    if (left > base::Milliseconds{0}) throw locked(left);
    keep_tries(txn, one, reserved(tries, txn.now(), limiter_));
    return one;
  });
}

void SignIn::keep_try(const Try& one, const Visitor& visitor) {
  db_.write(deadline(), [&](store::Txn& txn) {
    // People type their password into the field of the name: what is no user's name is not kept.
    auto row = audit("session.create", one.user ? one.user->name : "(no user of ours)", visitor);
    row.result = "refused";
    if (one.user) {
      row.actor = one.user->id;
      row.subject = one.user->id.value;
    }
    // Counted when it was reserved; a right password may have cleared that meanwhile.
    keep_tries(txn, one, refused(tries_of(txn, one), txn.now(), limiter_));
    txn.audit().append(row);
  });
}

void SignIn::give_back_try(const Try& one) {
  db_.write(deadline(), [&](store::Txn& txn) {
    keep_tries(txn, one, given_back(tries_of(txn, one), txn.now(), limiter_));
  });
}

Fresh SignIn::begin(store::Txn& txn, const store::User& user, model::SignInMethod method,
                    const Visitor& visitor) {
  while (txn.sessions().count_of(user.id) >= limits_.per_user) {
    txn.sessions().end(*txn.sessions().oldest_of(user.id), store::SessionEnd::TooMany, txn.now());
  }
  Fresh fresh;
  fresh.token = random_.token(32);
  store::SessionDraft draft;
  draft.token_hash = base::digest_of(fresh.token);
  draft.user = user.id;
  draft.absolute_ends = txn.now() + limits_.absolute;
  draft.idle_ends = std::min(txn.now() + limits_.idle, draft.absolute_ends);
  draft.method = method;
  draft.address = visitor.address;
  draft.agent = base::shown(visitor.agent, 200);
  txn.sessions().create(draft);
  fresh.device = random_.token(32);
  std::optional<base::Digest> before;
  if (!visitor.device.empty()) before = base::digest_of(visitor.device);
  txn.devices().sign_in(before, base::digest_of(fresh.device), user.id, limiter_.devices);
  fresh.proven.session = *txn.sessions().find(draft.token_hash);
  fresh.proven.actor = actor_of(fresh.proven.session, visitor);
  auto row = audit("session.create", user.name, visitor);
  row.actor = user.id;
  row.subject = user.id.value;
  txn.audit().append(row);
  return fresh;
}

Fresh SignIn::set_up(std::string_view code, std::string_view username,
                     const base::SecretText& password, const Visitor& visitor) {
  const auto known = db_.read([](const store::Snapshot& seen) {
    if (seen.users().count() > 0) throw Failure{Code::SetupDone, Cause::Refused};
    return seen.instance().setup_code();
  });
  if (!known || known->expires <= clock_.wall() ||
      !base::same_secret(known->hash.hex(), base::digest_of(base::trimmed(code)).hex())) {
    throw Failure{Code::BadCredentials, Cause::Refused, "The set-up code is wrong or has ended."}
        .with_next("Take the code from the server's log; a restart makes a new one.");
  }
  if (const auto fault = username_fault(username); !fault.empty())
    throw Failure{Code::Invalid, Cause::Refused, fault}.with_fields({{"username", fault}});
  if (const auto fault = Passwords::weakness(password, username); !fault.empty())
    throw Failure{Code::Invalid, Cause::Refused, fault}.with_fields({{"password", fault}});
  const std::string hash = passwords_.hash(password);
  return db_.write(deadline(), [&](store::Txn& txn) {
    if (txn.users().count() > 0) throw Failure{Code::SetupDone, Cause::Refused};
    model::Actor nobody;
    nobody.name = "setup code";
    nobody.address = visitor.address;
    nobody.request = visitor.request;
    const auto id = create_user(
        txn,
        {.name = std::string{username}, .role = model::Role::Administrator, .password_hash = hash},
        nobody);
    txn.instance().remove_setup_code();
    return begin(txn, txn.users().get(id), model::SignInMethod::SetupCode, visitor);
  });
}

std::optional<std::string> SignIn::make_setup_code() {
  const std::string code = random_.token(15);
  return db_.write(deadline(), [&](store::Txn& txn) -> std::optional<std::string> {
    if (txn.users().count() > 0) return std::nullopt;
    txn.instance().put_setup_code(
        {.hash = base::digest_of(code), .expires = txn.now() + limits_.setup_code_lasts});
    return code;
  });
}

Proven SignIn::resolve(std::string_view token, const Visitor& visitor) {
  const base::Digest hash = base::digest_of(token);
  const auto session = db_.read([&](const store::Snapshot& seen) { return find(seen, hash); });
  if (!session) throw Failure{Code::SessionMissing, Cause::Refused};
  if (const auto end = end_of(*session, clock_.wall())) refuse_ended(*end, *session);
  return {.actor = actor_of(*session, visitor), .session = *session};
}

std::optional<store::Session> SignIn::standing(const store::Snapshot& seen,
                                               const base::Digest& token_hash) const {
  auto session = find(seen, token_hash);
  if (session && end_of(*session, clock_.wall())) session.reset();
  return session;
}

std::optional<store::Session> SignIn::find(const store::Snapshot& seen,
                                           const base::Digest& token_hash) const {
  auto session = seen.sessions().find(token_hash);
  // Who signs in twice within moments is handed over twice.
  while (session && session->replaced_by) {
    const base::Milliseconds since = clock_.wall() - session->ended.value_or(base::WallTime{});
    // A clock that was set back prolongs nothing.
    if (since < base::Milliseconds{0} || since >= limits_.handover) break;
    const auto next = seen.sessions().find(*session->replaced_by);
    if (!next) break;
    session = next;
    // The security token is bound to the cookie that came.
    session->token_hash = token_hash;
  }
  return session;
}

std::optional<store::SessionEnd> end_of(const store::Session& session, base::WallTime now) {
  if (session.end) return session.end;
  if (session.absolute_ends <= now) return store::SessionEnd::Limit;
  if (session.idle_ends <= now) return store::SessionEnd::Idle;
  return std::nullopt;
}

void SignIn::renew(Proven& proven) { renew(proven, deadline()); }

void SignIn::renew_if_writable(Proven& proven) {
  constexpr base::Milliseconds kWorthWaiting{250};
  try {
    renew(proven, base::Deadline::in(clock_, kWorthWaiting));
  } catch (const Failure&) {
    // Whoever writes next is told; the session ends when it would have.
  }
}

void SignIn::renew(Proven& proven, const base::Deadline& deadline) {
  const base::WallTime now = clock_.wall();
  if (now - proven.session.last_seen < std::min(limits_.touch_after, limits_.idle / 4)) return;
  const base::WallTime ends = std::min(now + limits_.idle, proven.session.absolute_ends);
  db_.write(deadline, [&](store::Txn& txn) { txn.sessions().touch(proven.session.id, ends); });
  proven.session.idle_ends = ends;
  proven.session.last_seen = now;
}

void SignIn::sign_out(const Proven& proven) {
  db_.write(deadline(), [&](store::Txn& txn) { (void)end(txn, proven); });
}

bool SignIn::end(store::Txn& txn, const Proven& proven) {
  if (!txn.sessions().end(proven.session.id, store::SessionEnd::SignedOut, txn.now())) return false;
  auto row = audit("session.end", proven.actor.name,
                   {.address = proven.actor.address,
                    .agent = {},
                    .request = proven.actor.request,
                    .device = {}});
  row.actor = proven.actor.user;
  row.subject = proven.actor.user.value;
  txn.audit().append(row);
  return true;
}

std::string SignIn::csrf_token(const store::Session& session) {
  const auto key = db_.read([](const store::Snapshot& seen) { return seen.instance().csrf_key(); });
  return auth::csrf_token(key, session.token_hash);
}

std::string username_fault(std::string_view name) {
  if (name.empty() || base::characters(name) > 150) return "It must have 1 to 150 characters.";
  if (base::shown(name, 1000) != name || base::trimmed(name) != name)
    return "It must not begin or end with a space or have control characters.";
  return "";
}

model::UserId create_user(store::Txn& txn, const Account& user, const model::Actor& by) {
  if (const auto fault = username_fault(user.name); !fault.empty())
    throw Failure{Code::Invalid, Cause::Refused, fault}.with_fields({{"username", fault}});
  if (txn.users().find(user.name)) {
    const std::string fault = fmt::format("A user {} exists already.", user.name);
    throw Failure{Code::Invalid, Cause::Refused, fault}.with_fields({{"username", fault}});
  }
  const auto id = txn.users().create(
      {.name = user.name, .role = user.role, .password_hash = user.password_hash});
  store::AuditRow row;
  row.actor = by.user;
  row.actor_name = by.name;
  row.action = "user.create";
  row.subject_kind = "user";
  row.subject = id.value;
  row.subject_name = user.name;
  row.result = "done";
  row.request = by.request;
  row.address = by.address;
  row.details = fmt::format(R"({{"role":"{}"}})", model::name_of(user.role));
  txn.audit().append(row);
  return id;
}

}  // namespace hedgerow::auth
