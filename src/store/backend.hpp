// What stands behind Database: one database of one kind, SQLite now. Inside this room only; whoever
// uses the room sees Database alone.
#pragma once

#include "store/database.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

class Database::Backend {
 public:
  virtual ~Backend() = default;
  virtual void commit(const base::Deadline& deadline, const std::function<void(Txn&)>& function,
                      WhileFlushed flushed) = 0;
  virtual void look(const std::function<void(const Snapshot&)>& function) = 0;
  // True as soon as something may have been announced after `position`.
  virtual bool wait_for_changes(const Position& position, const base::Deadline& deadline,
                                const std::stop_token& stop) = 0;
  [[nodiscard]] virtual std::int64_t size_on_disk() const = 0;
  [[nodiscard]] virtual std::optional<base::Failure> trouble() const = 0;
  [[nodiscard]] virtual base::Milliseconds turn_takes() const = 0;
  [[nodiscard]] virtual bool end(const base::Deadline& deadline) = 0;
  [[nodiscard]] virtual std::int64_t stuck_log() const = 0;
  [[nodiscard]] virtual std::vector<std::string> damage() = 0;
};

}  // namespace hedgerow::store
