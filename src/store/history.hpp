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

  // What may go: changes made before then, but never the latest `versions` of an object nor its
  // last document.
  struct Old {
    base::WallTime before;
    std::int64_t versions = 1;
  };
  // Looks at the `most` changes that follow `after` (0 at first) and removes those that may go. The
  // last one that it looked at; 0 when all that are old have been looked at.
  model::ChangeId sweep(const Old& old, model::ChangeId after, std::int64_t most);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
