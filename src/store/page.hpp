// One page of an ordered list, and how many rows there are in all. Every list's order is total:
// rows that are equal in what was asked for stand in the order of their ids.
#pragma once

namespace hedgerow::store {

struct Page {
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};

template <class Row>
struct Paged {
  std::vector<Row> rows;
  std::int64_t count = 0;  // Of all pages together.
};

namespace sql {
class Scope;  // One transaction, as the repositories see it. See sql.hpp; of no use outside this
              // room.
}

}  // namespace hedgerow::store
