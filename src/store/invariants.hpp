// What every state of the record keeps, whatever befell the process that wrote it, looked for in
// the rows themselves. A breach is a defect of this program or a change behind its back.
#pragma once

#include "store/page.hpp"

namespace hedgerow::store {

struct Breach {
  std::string rule;  // "I7": its number, as `hedgerow check` prints it.
  std::string what;  // Which rows, in one sentence.
};

struct Sizes {
  std::int64_t fabrics = 0;
  std::int64_t objects = 0;
  std::int64_t runs = 0;
};

class Invariants {
 public:
  explicit Invariants(sql::Scope& sql) : sql_{sql} {}

  // At most `most` of each rule. Reads every row once: for a command, not for a page.
  [[nodiscard]] std::vector<Breach> breaches(std::int64_t most) const;
  // Of what there is to look at, removed objects included.
  [[nodiscard]] Sizes sizes() const;
  // How many rules breaches() looks for.
  [[nodiscard]] static std::size_t rules() noexcept;

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
