// The change feed: every change of a resource that faces show is announced in its own transaction.
// How to follow it is said at Database::follow().
#pragma once

#include "base/clock.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"
#include "store/page.hpp"

namespace hedgerow::store {

struct Subject {
  model::Topic topic = model::Topic::Fabrics;
  std::int64_t id = 0;  // 0 for the list of fabrics.

  friend auto operator<=>(const Subject&, const Subject&) = default;
};

struct Changed {
  Subject subject;
  std::int64_t revision = 0;  // 0: it is gone.
};

// A place in the feed. Compare only by following it.
struct Position {
  std::int64_t transaction = 0;
  std::int64_t sequence = 0;
};

struct Feed {
  std::vector<Changed> changes;  // In the order of their commits.
  Position next;                 // Follow from here.
  bool gap = false;              // Changes are missing: look at everything again.
};

class Changes {
 public:
  explicit Changes(sql::Scope& sql) : sql_{sql} {}

  // From the rows themselves, in the order asked for: for heartbeats.
  [[nodiscard]] std::vector<Changed> revisions(std::span<const Subject> subjects) const;
  // Up to `most` changes after a place; see Database::follow() for waiting.
  [[nodiscard]] Feed after(const Position& position, std::size_t most) const;
  [[nodiscard]] Position end() const;

  // Adds 1 to the resource's revision and gives it back.
  std::int64_t append(model::Topic topic, std::int64_t id);
  template <class Noun>
  std::int64_t append(model::Topic topic, model::Id<Noun> id) {
    return append(topic, id.value);
  }
  // Writes what nobody reads, for whoever wants to know whether anything is kept.
  void probe();
  // Removes changes announced before then, and all but the latest `most`.
  std::int64_t sweep(base::WallTime before, std::int64_t most);

 private:
  sql::Scope& sql_;
};

}  // namespace hedgerow::store
