// What happened to each object, one row a change, with the document that it had from then on.
// Objects::apply() writes it.
#pragma once

#include "model/object.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

class History {
 public:
  explicit History(sql::Scope& sql) : sql_{sql} {}

  // Newest first.
  [[nodiscard]] Paged<model::Change> of_object(model::ObjectId object, const Page& page) const;
  // In the order in which the run wrote them; all, or those of one kind of change.
  [[nodiscard]] Paged<model::Change> of_run(model::RunId run, std::optional<model::ChangeKind> only,
                                            const Page& page) const;
  // JSON; nothing for a removal, or when there is no such change.
  [[nodiscard]] std::optional<std::string> document(model::ChangeId change) const;

  // Removes changes made before then, but never the latest `versions` of an object nor its last
  // document.
  std::int64_t sweep(base::WallTime before, std::int64_t versions);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
