// The sign of life of the workers that take runs. A queue without any for a minute says so
// (`no_worker`).
#pragma once

#include "base/clock.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

class Workers {
 public:
  explicit Workers(sql::Scope& sql) : sql_{sql} {}

  // How long ago any worker was last heard of that takes tests, or all other runs; nothing when
  // none ever was.
  [[nodiscard]] std::optional<base::Milliseconds> silence(bool for_tests) const;
  // How many of both kinds were heard of within this span.
  [[nodiscard]] std::int64_t heard_within(base::Milliseconds span) const;

  void beat(std::string_view replica, std::int64_t worker, bool for_tests);
  // At its end, or for what an earlier process left.
  void remove_all_of(std::string_view replica);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
