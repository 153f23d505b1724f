#include "store/audit.hpp"

#include "store/sql.hpp"

namespace hedgerow::store {

Paged<AuditRow> AuditLog::page(const Page& page) const {
  const auto read_row = [](const sql::Row& row) {
    AuditRow audit;
    sql::read(row, audit.id, audit.at, audit.actor, audit.actor_name, audit.action,
              audit.subject_kind, audit.subject, audit.subject_name, audit.result, audit.request,
              audit.address, audit.run, audit.details);
    return audit;
  };
  return {sql_.list("SELECT id, at, actor_id, actor_name, action, subject_kind, subject,"
                    " subject_name, result, request, address, run_id, details FROM audit"
                    " ORDER BY id DESC LIMIT $1 OFFSET $2",
                    read_row, page.limit, page.offset),
          sql_.one("SELECT count(*) FROM audit")};
}

std::string AuditLog::request_of(model::RunId run) const {
  const auto text = [](const sql::Row& row) { return std::string{row.text(0)}; };
  return sql_
      .first(
          "SELECT request FROM audit WHERE run_id = $1 AND action = 'run.start' ORDER BY id DESC "
          "LIMIT 1",
          text, run)
      .value_or("");
}

std::int64_t AuditLog::append(const AuditRow& row) {
  return sql_.one(
      "INSERT INTO audit (at, actor_id, actor_name, action, subject_kind, subject, subject_name,"
      " result, request, address, run_id, details)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id",
      sql_.now(), row.actor, row.actor_name, row.action, row.subject_kind, row.subject,
      row.subject_name, row.result, row.request, row.address, row.run, row.details);
}

}  // namespace hedgerow::store
