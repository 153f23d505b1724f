// Ids as distinct types: a run's id cannot be handed over where a fabric's is wanted. How they are
// counted is the database's business.
#pragma once

#include <compare>
#include <cstdint>

namespace hedgerow::model {

template <class Noun>
struct Id {
  std::int64_t value = 0;  // 0 is no row; databases count from 1.

  friend bool operator==(const Id&, const Id&) = default;
  friend auto operator<=>(const Id&, const Id&) = default;
};

using FabricId = Id<struct FabricNoun>;
using RunId = Id<struct RunNoun>;
using ObjectId = Id<struct ObjectNoun>;
using ChangeId = Id<struct ChangeNoun>;
using UserId = Id<struct UserNoun>;
using SessionId = Id<struct SessionNoun>;
using ConnectionTestId = Id<struct ConnectionTestNoun>;

}  // namespace hedgerow::model
