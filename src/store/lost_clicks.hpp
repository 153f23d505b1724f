// Clicks that never arrived, as pages told of them later. A click that did arrive after all stands
// among the runs and not here.
#pragma once

#include "model/lost_click.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

class LostClicks {
 public:
  explicit LostClicks(sql::Scope& sql) : sql_{sql} {}

  // The latest clicks first.
  [[nodiscard]] std::vector<model::LostClick> latest_of(model::FabricId fabric,
                                                        std::int64_t most) const;

  // `told` is set to now. False when this click was told before. Of each fabric only the latest
  // `most` are kept.
  bool add(const model::LostClick& click, std::int64_t most);
  // It arrived after all.
  void remove(model::UserId actor, std::string_view key);
  // Forgets those told before then.
  std::int64_t sweep(base::WallTime before, std::int64_t most);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
