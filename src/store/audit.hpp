// Who did what: one row in the transaction of each act. Rows are only ever added; the database
// refuses to change or remove one.
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

struct AuditRow {
  std::int64_t id = 0;  // Given by append().
  base::WallTime at;    // Given by append().
  model::UserId actor;  // 0: nobody was signed in.
  std::string actor_name;
  std::string action;        // "fabric.create"
  std::string subject_kind;  // "fabric"
  std::int64_t subject = 0;
  std::string subject_name;
  std::string result;   // "done", "refused"
  std::string request;  // Its request id.
  std::string address;
  std::optional<model::RunId> run;
  std::string details = "{}";  // JSON, without secrets.
};

class AuditLog {
 public:
  explicit AuditLog(sql::Scope& sql) : sql_{sql} {}

  // Newest first.
  [[nodiscard]] Paged<AuditRow> page(const Page& page) const;
  // The id of the request that started this run; empty when none did.
  [[nodiscard]] std::string request_of(model::RunId run) const;

  std::int64_t append(const AuditRow& row);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
