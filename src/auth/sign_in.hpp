// Turns proof into an actor: user name and password into a session, a session's token into who
// acts. Knows no cookies and no pages; which requests count as a person's is for the faces to say.
#pragma once

#include "auth/limiter.hpp"
#include "auth/password.hpp"
#include "base/random.hpp"
#include "model/actor.hpp"
#include "store/database.hpp"

namespace hedgerow::auth {

struct SessionLimits {
  base::Milliseconds idle{60 * 60'000};
  base::Milliseconds absolute{24 * 60 * 60'000};
  std::int64_t per_user = 10;
  // After its user signed in again, the old token stands for the new session for so long: calls on
  // their way meanwhile are not refused.
  base::Milliseconds handover{10'000};
  // A session that was seen within this span is not written again.
  base::Milliseconds touch_after{30'000};
  base::Milliseconds setup_code_lasts{24 * 60 * 60'000};
  base::Milliseconds database_wait{5'000};
};

// Where a request comes from, for the session's row and the audit.
struct Visitor {
  std::string address;
  std::string agent;
  std::string request;
  std::string device;  // What its cookie of earlier sign-ins holds; empty without one.
};

struct Proven {
  model::Actor actor;
  store::Session session;
};

// "password, since 2026-11-21T16:43:38.008Z"
[[nodiscard]] std::string how_signed_in(const store::Session& session);

struct Fresh {
  // For cookies; only their hashes are stored.
  std::string token;
  std::string device;  // By which the next sign-in from there is known.
  Proven proven;
};

class SignIn {
 public:
  SignIn(store::Database& db, const base::Clock& clock, base::Random& random, Passwords& passwords,
         SessionLimits limits, LimiterSettings limiter);

  // The session that it replaces, if any, ends where the new one begins, and only there; one of the
  // same user is handed over. Throws Failure{BadCredentials} (same text and time for unknown
  // names), Failure{AccountLocked}, Failure{RateLimited}, Failure{Unavailable}.
  [[nodiscard]] Fresh with_password(std::string_view username, const base::SecretText& password,
                                    const Visitor& visitor, const Proven* replaced);

  // The first administrator. Throws Failure{SetupDone}, Failure{BadCredentials} for a wrong or
  // ended code, Failure{Invalid} for a weak password.
  [[nodiscard]] Fresh set_up(std::string_view code, std::string_view username,
                             const base::SecretText& password, const Visitor& visitor);
  // Makes the one-time code when there is no user yet; nothing when there is one.
  [[nodiscard]] std::optional<std::string> make_setup_code();

  // Who this token stands for. Throws Failure{SessionMissing}, Failure{SessionExpired},
  // Failure{SessionLimit}, Failure{SessionRevoked}.
  [[nodiscard]] Proven resolve(std::string_view token, const Visitor& visitor);
  // The session that a token of this hash stands for now; nothing once that has ended.
  [[nodiscard]] std::optional<store::Session> standing(const store::Snapshot& seen,
                                                       const base::Digest& token_hash) const;
  // A person is here: moves the idle end.
  void renew(Proven& proven);
  // The same for a person who only reads: where nothing can be written at once, the session stays
  // as it is and the reading goes on.
  void renew_if_writable(Proven& proven);
  void sign_out(const Proven& proven);

  [[nodiscard]] std::string csrf_token(const store::Session& session);

 private:
  [[nodiscard]] Fresh begin(store::Txn& txn, const store::User& user, model::SignInMethod method,
                            const Visitor& visitor);
  // The row that a token of this hash stands for, ended or not.
  [[nodiscard]] std::optional<store::Session> find(const store::Snapshot& seen,
                                                   const base::Digest& token_hash) const;
  // False when it had ended before.
  bool end(store::Txn& txn, const Proven& proven);
  // One try to sign in, and by what it is counted.
  struct Try {
    std::string_view username;
    std::optional<store::User> user;  // Of that name.
    // Where this user has signed in before: what is tried there has its own count, so that whoever
    // guesses from elsewhere cannot keep the user out.
    std::optional<base::Digest> device;
  };
  [[nodiscard]] static store::Tries tries_of(const store::Snapshot& seen, const Try& one);
  static void keep_tries(store::Txn& txn, const Try& one, const store::Tries& tries);
  // A try is counted as wrong before it is verified: however many are sent at once, no more are
  // verified than the limit allows. Throws Failure{AccountLocked}.
  [[nodiscard]] Try reserve_try(std::string_view username, const Visitor& visitor);
  // A reserved try was wrong.
  void keep_try(const Try& one, const Visitor& visitor);
  // A reserved try was not verified after all.
  void give_back_try(const Try& one);
  [[nodiscard]] base::Deadline deadline() const;

  void renew(Proven& proven, const base::Deadline& deadline);

  store::Database& db_;
  const base::Clock& clock_;
  base::Random& random_;
  Passwords& passwords_;
  SessionLimits limits_;
  LimiterSettings limiter_;
  AddressBuckets addresses_;
};

// How a session has ended by now; nothing while it holds.
[[nodiscard]] std::optional<store::SessionEnd> end_of(const store::Session& session,
                                                      base::WallTime now);

// Makes a user in a transaction, with its audit row. Throws Failure{Invalid} for a name or password
// that breaks the rules or a name that is taken.
struct Account {
  std::string name;
  model::Role role = model::Role::Viewer;
  std::string password_hash;
};
model::UserId create_user(store::Txn& txn, const Account& user, const model::Actor& by);

// What is wrong with a user name, as a sentence; empty when nothing is.
[[nodiscard]] std::string username_fault(std::string_view name);

}  // namespace hedgerow::auth
