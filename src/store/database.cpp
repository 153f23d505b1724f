#include "store/database.hpp"

#include "store/sqlite_database.hpp"

namespace hedgerow::store {

namespace {
constexpr std::size_t kFeedMost = 1'000;
}  // namespace

std::unique_ptr<Database> Database::open(const Settings& settings, const base::Clock& clock,
                                         base::Random& random) {
  const base::Doing doing{fmt::format("opening the database {}", settings.path.string())};
  require_local(settings.path);
  return std::unique_ptr<Database>{
      new Database{std::make_unique<SqliteDatabase>(settings, clock, random)}};
}

std::unique_ptr<Database> Database::open_read_only(const Settings& settings,
                                                   const base::Clock& clock) {
  const base::Doing doing{fmt::format("opening the database {}", settings.path.string())};
  require_local(settings.path);
  return std::unique_ptr<Database>{new Database{std::make_unique<SqliteReadOnly>(settings, clock)}};
}

Database::Database(std::unique_ptr<Backend> backend) : backend_{std::move(backend)} {}
Database::~Database() = default;

Position Database::feed_end() {
  return read([](const Snapshot& snapshot) { return snapshot.changes().end(); });
}

Feed Database::follow(const Position& position, const base::Deadline& deadline,
                      const std::stop_token& stop) {
  backend_->wait_for_changes(position, deadline, stop);
  return read(
      [&](const Snapshot& snapshot) { return snapshot.changes().after(position, kFeedMost); });
}

std::vector<std::string> Database::damage() { return backend_->damage(); }

std::optional<base::Failure> Database::trouble() const { return backend_->trouble(); }

std::int64_t Database::stuck_log() const { return backend_->stuck_log(); }

std::int64_t Database::size_on_disk() const { return backend_->size_on_disk(); }

base::Milliseconds Database::turn_takes() const { return backend_->turn_takes(); }

bool Database::end(const base::Deadline& deadline) { return backend_->end(deadline); }

void Database::commit(const base::Deadline& deadline, const std::function<void(Txn&)>& function,
                      WhileFlushed flushed) {
  backend_->commit(deadline, function, flushed);
}

void Database::look(const std::function<void(const Snapshot&)>& function) {
  backend_->look(function);
}

}  // namespace hedgerow::store
