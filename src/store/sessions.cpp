#include "store/sessions.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

constexpr std::string_view kSessions =
    "SELECT s.id, s.token_hash, s.user_id, u.name, u.role, s.created, s.last_seen, s.idle_ends,"
    " s.absolute_ends, s.method, s.address, s.agent, s.end_reason, s.ended, s.replaced_by"
    " FROM sessions s JOIN users u ON u.id = s.user_id";

Session session_of(const sql::Row& row) {
  Session session;
  sql::read(row, session.id, session.token_hash, session.user, session.user_name, session.role,
            session.created, session.last_seen, session.idle_ends, session.absolute_ends,
            session.method, session.address, session.agent, session.end, session.ended,
            session.replaced_by);
  return session;
}

}  // namespace

std::optional<Session> Sessions::find(const base::Digest& token_hash) const {
  return sql_.first(fmt::format("{} WHERE s.token_hash = $1", kSessions), session_of, token_hash);
}

std::optional<Session> Sessions::find(model::SessionId id) const {
  return sql_.first(fmt::format("{} WHERE s.id = $1", kSessions), session_of, id);
}

Paged<Session> Sessions::page(base::WallTime now, std::optional<model::UserId> user,
                              const Page& page) const {
  constexpr std::string_view kOpen =
      "s.ended IS NULL AND s.idle_ends > $1 AND s.absolute_ends > $1"
      " AND ($2 IS NULL OR s.user_id = $2)";
  const auto rows = fmt::format(
      "{} WHERE {} ORDER BY s.last_seen DESC, s.id DESC LIMIT $3 OFFSET $4", kSessions, kOpen);
  const auto count = fmt::format("SELECT count(*) FROM sessions s WHERE {}", kOpen);
  return {sql_.list(rows, session_of, now, user, page.limit, page.offset),
          sql_.one(count, now, user)};
}

std::int64_t Sessions::count_of(model::UserId user) const {
  return sql_.one("SELECT count(*) FROM sessions WHERE user_id = $1 AND ended IS NULL", user);
}

std::optional<model::SessionId> Sessions::oldest_of(model::UserId user) const {
  return sql_.maybe<model::SessionId>(
      "SELECT id FROM sessions WHERE user_id = $1 AND ended IS NULL ORDER BY id LIMIT 1", user);
}

model::SessionId Sessions::create(const SessionDraft& draft) {
  return sql_.one<model::SessionId>(
      "INSERT INTO sessions (token_hash, user_id, created, last_seen, idle_ends, absolute_ends,"
      " method, address, agent) VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8) RETURNING id",
      draft.token_hash, draft.user, sql_.now(), draft.idle_ends, draft.absolute_ends, draft.method,
      draft.address, draft.agent);
}

void Sessions::touch(model::SessionId id, base::WallTime idle_ends) {
  sql_.run(
      "UPDATE sessions SET last_seen = $2,"
      " idle_ends = CASE WHEN $3 < absolute_ends THEN $3 ELSE absolute_ends END"
      " WHERE id = $1 AND ended IS NULL",
      id, sql_.now(), idle_ends);
}

bool Sessions::end(model::SessionId id, SessionEnd why, base::WallTime at) {
  return sql_.run("UPDATE sessions SET end_reason = $2, ended = $3 WHERE id = $1 AND ended IS NULL",
                  id, why, at) == 1;
}

void Sessions::hand_over(model::SessionId from, model::SessionId to) {
  sql_.run("UPDATE sessions SET replaced_by = $2 WHERE id = $1 AND ended IS NOT NULL", from, to);
}

std::int64_t Sessions::sweep(base::WallTime before) {
  return sql_.run("DELETE FROM sessions WHERE ended < $1 OR idle_ends < $1 OR absolute_ends < $1",
                  before);
}

}  // namespace hedgerow::store
