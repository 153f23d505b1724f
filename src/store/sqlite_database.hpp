// The database on one SQLite file: one writer, a pool of readers that only read, the lock file for
// as long as it serves. Inside this room only.
#pragma once

#include "store/backend.hpp"
#include "store/group_commit.hpp"
#include "store/lock_file.hpp"

namespace hedgerow::store {

// Throws Failure{StorageError} when no file is there.
void require_there(const std::filesystem::path& database);
[[nodiscard]] std::unique_ptr<SqliteConnection> open_reader(const Settings& settings,
                                                            const base::Clock& clock);
// Makes the file, its tables and its first rows where they are not there. Throws
// Failure{StorageError} when it belongs to a newer version or cannot be opened.
[[nodiscard]] std::unique_ptr<SqliteConnection> open_writer(const Settings& settings,
                                                            const base::Clock& clock,
                                                            base::Random& random);

// Connections that only read, opened when first wanted.
class Readers {
 public:
  // `clock` must outlive it.
  Readers(const Settings& settings, const base::Clock& clock);
  // All of them, each with its files, so that reading goes on when no file can be opened any more.
  void open();
  void look(const std::function<void(const Snapshot&)>& function);
  [[nodiscard]] std::vector<std::string> damage();

 private:
  struct Pool {
    std::vector<std::unique_ptr<SqliteConnection>> free;
    std::size_t unopened = 0;
  };
  class Loan;
  [[nodiscard]] std::unique_ptr<SqliteConnection> borrow();

  const SqliteOpening opening_;
  const base::Milliseconds wait_;
  const base::Milliseconds snapshot_max_;
  const base::Clock& clock_;
  base::Guarded<Pool> pool_;
};

class SqliteDatabase final : public Database::Backend {
 public:
  // Brings the tables up to date and serves.
  SqliteDatabase(const Settings& settings, const base::Clock& clock, base::Random& random);

  void commit(const base::Deadline& deadline, const std::function<void(Txn&)>& function,
              WhileFlushed flushed) override;
  void look(const std::function<void(const Snapshot&)>& function) override;
  bool wait_for_changes(const Position& position, const base::Deadline& deadline,
                        const std::stop_token& stop) override;
  [[nodiscard]] std::int64_t size_on_disk() const override;
  [[nodiscard]] std::optional<base::Failure> trouble() const override { return writer_->trouble(); }
  [[nodiscard]] base::Milliseconds turn_takes() const override { return writer_->turn_takes(); }
  [[nodiscard]] bool end(const base::Deadline& deadline) override { return writer_->end(deadline); }
  [[nodiscard]] std::int64_t stuck_log() const override { return writer_->stuck_log(); }
  [[nodiscard]] std::vector<std::string> damage() override { return readers_.damage(); }

 private:
  const std::filesystem::path path_;
  const LockFile lock_;
  std::unique_ptr<GroupCommit> writer_;
  Readers readers_;
};

class SqliteReadOnly final : public Database::Backend {
 public:
  SqliteReadOnly(const Settings& settings, const base::Clock& clock);

  void commit(const base::Deadline& deadline, const std::function<void(Txn&)>& function,
              WhileFlushed flushed) override;
  void look(const std::function<void(const Snapshot&)>& function) override;
  bool wait_for_changes(const Position& position, const base::Deadline& deadline,
                        const std::stop_token& stop) override;
  [[nodiscard]] std::int64_t size_on_disk() const override;
  [[nodiscard]] std::optional<base::Failure> trouble() const override { return std::nullopt; }
  [[nodiscard]] base::Milliseconds turn_takes() const override { return base::Milliseconds{0}; }
  [[nodiscard]] bool end(const base::Deadline&) override { return true; }
  [[nodiscard]] std::int64_t stuck_log() const override { return 0; }
  [[nodiscard]] std::vector<std::string> damage() override { return readers_.damage(); }

 private:
  const std::filesystem::path path_;
  Readers readers_;
};

}  // namespace hedgerow::store
