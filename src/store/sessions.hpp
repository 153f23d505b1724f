// Browser sessions. The key is the hash of the token, never the token; whether a session still
// holds at some instant is judged by auth from the times and the end that stand here.
#pragma once

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

enum class SessionEnd : std::uint8_t { SignedOut, Idle, Limit, Revoked, TooMany };

struct Session {
  model::SessionId id;
  base::Digest token_hash;
  model::UserId user;
  std::string user_name;                   // Of the user as it is now,
  model::Role role = model::Role::Viewer;  // and so is the role.
  base::WallTime created;
  base::WallTime last_seen;
  base::WallTime idle_ends;
  base::WallTime absolute_ends;
  model::SignInMethod method = model::SignInMethod::Password;
  std::string address;
  std::string agent;
  std::optional<SessionEnd> end;
  std::optional<base::WallTime> ended;
  // Began as this one ended, because its user signed in again.
  std::optional<model::SessionId> replaced_by;
};

struct SessionDraft {
  base::Digest token_hash;
  model::UserId user;
  base::WallTime idle_ends;
  base::WallTime absolute_ends;
  model::SignInMethod method = model::SignInMethod::Password;
  std::string address;
  std::string agent;
};

class Sessions {
 public:
  explicit Sessions(sql::Scope& sql) : sql_{sql} {}

  // Ended ones too, so that their end can be named.
  [[nodiscard]] std::optional<Session> find(const base::Digest& token_hash) const;
  [[nodiscard]] std::optional<Session> find(model::SessionId id) const;
  // Those without an end whose times lie after `now`, of one user or of all; last seen first.
  [[nodiscard]] Paged<Session> page(base::WallTime now, std::optional<model::UserId> user,
                                    const Page& page) const;
  // Of those without an end: how many, and which began first.
  [[nodiscard]] std::int64_t count_of(model::UserId user) const;
  [[nodiscard]] std::optional<model::SessionId> oldest_of(model::UserId user) const;

  // Begins now.
  model::SessionId create(const SessionDraft& draft);
  // A person was seen now; the idle end moves, never beyond the absolute one.
  void touch(model::SessionId id, base::WallTime idle_ends);
  // The first end stays. False when it had ended already or is gone.
  bool end(model::SessionId id, SessionEnd why, base::WallTime at);
  // Notes which session took the place of one that has ended.
  void hand_over(model::SessionId from, model::SessionId to);
  // Removes the rows of sessions that ended, or ran out, before then.
  std::int64_t sweep(base::WallTime before);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store

// The words of the database.
template <>
struct hedgerow::model::ClosedSet<hedgerow::store::SessionEnd> {
  static constexpr std::string_view kOf = "SessionEnd";
  static constexpr std::array<std::string_view, 5> kNames{"signed_out", "idle", "limit", "revoked",
                                                          "too_many"};
};
