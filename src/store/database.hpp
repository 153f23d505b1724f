// The database: what remembers. Everything is read in db.read() and written in db.write(); a change
// is acknowledged only once it is on the disk. Tables, migrations, group commit and the lock file
// stay behind this door.
#pragma once

#include <filesystem>

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "base/random.hpp"
#include "store/snapshot.hpp"

namespace hedgerow::store {

struct Settings {
  std::filesystem::path path;                // Of the SQLite file; made when it is not there.
  base::Milliseconds busy_wait{5'000};       // For a lock that a foreign process holds.
  base::Milliseconds write_wait{5'000};      // For a turn to write, whoever asks.
  base::Milliseconds read_wait{5'000};       // For a free reader.
  base::Milliseconds statement_max{30'000};  // Then a statement is cut off.
  base::Milliseconds snapshot_max{30'000};   // Then a reader reads no more: its hold ends.
  base::Milliseconds check_max{3'600'000};   // The same, while invariants are looked at.
  std::size_t readers = 4;
  std::int64_t cache_bytes = 16 << 20;  // Of the writer; a reader has a quarter.
  std::int64_t size_max = 0;            // Of the file, in bytes; 0: as large as the disk.
  // Bytes of the write-ahead log: when it is moved into the file, often enough to keep it short,
  // seldom enough that hot pages are moved once for many changes; and when that it cannot be is
  // said.
  std::int64_t log_checkpoint = 64 << 20;
  std::int64_t log_alarm = 256 << 20;
};

// Whether somebody stays beyond the deadline while their change is being flushed to the disk. A
// disk that does not answer cannot be interrupted, and until it answers nobody knows what is kept.
enum class WhileFlushed : std::uint8_t {
  Leave,  // Failure{StorageError} at the deadline, which says that this is not known.
  Wait,   // For threads that nobody waits for, and that must know.
};

class Database {
 public:
  // The one serving process. Takes the lock file, brings the tables up to date, starts the writer.
  // Throws Failure{DatabaseInUse} when another process serves this file, Failure{StorageError} when
  // the file lies on a network file system, belongs to a newer version or cannot be opened,
  // Failure{StorageCorrupt}. `clock` and `random` must outlive it.
  [[nodiscard]] static std::unique_ptr<Database> open(const Settings& settings,
                                                      const base::Clock& clock,
                                                      base::Random& random);
  // For commands that only read, beside a serving process or without one: no lock, no migrations;
  // write() throws Failure{StorageError}. The tables must be those of this version.
  [[nodiscard]] static std::unique_ptr<Database> open_read_only(const Settings& settings,
                                                                const base::Clock& clock);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs `function` in a transaction and gives back what it gave, once that is on the disk. It may
  // run again, in another thread than the caller's, so it has no effect but on the transaction.
  // What it throws rolls it back and is thrown here. Until `deadline` it waits for its turn and for
  // the disk. Throws Failure{StorageBusy, StorageFull, StorageError, StorageCorrupt}. Never call
  // write() or read() inside of it: that is a bug and ends the process.
  template <class Function>
  auto write(const base::Deadline& deadline, Function&& function,
             WhileFlushed flushed = WhileFlushed::Leave) -> std::invoke_result_t<Function&, Txn&> {
    using Result = std::invoke_result_t<Function&, Txn&>;
    if constexpr (std::is_void_v<Result>) {
      commit(deadline, [&function](Txn& txn) { function(txn); }, flushed);
    } else {
      std::optional<Result> result;
      commit(
          deadline,
          [&](Txn& txn) {
            result.reset();
            result.emplace(function(txn));
          },
          flushed);
      return std::move(*result);
    }
  }

  // Runs `function` on a snapshot of what is committed, in the caller's thread, and gives back what
  // it gave. Throws Failure{StorageBusy} when no reader is free in time, a statement takes too long
  // or one begins when the snapshot was held for too long.
  template <class Function>
  auto read(Function&& function) -> std::invoke_result_t<Function&, const Snapshot&> {
    using Result = std::invoke_result_t<Function&, const Snapshot&>;
    if constexpr (std::is_void_v<Result>) {
      look([&function](const Snapshot& snapshot) { function(snapshot); });
    } else {
      std::optional<Result> result;
      look([&](const Snapshot& snapshot) { result.emplace(function(snapshot)); });
      return std::move(*result);
    }
  }

  // The place after everything that is committed now.
  [[nodiscard]] Position feed_end();
  // Waits until something was committed after `position`, the deadline, or a stop; gives back what
  // there is, at most 1,000 changes. Any number of threads may follow; each change comes to each of
  // them once, in the order of commits.
  [[nodiscard]] Feed follow(const Position& position, const base::Deadline& deadline,
                            const std::stop_token& stop);

  // What the database itself finds wrong with its file, a line each: pages, indexes, references. It
  // reads all of it. Throws Failure{StorageCorrupt} when it cannot even be read.
  [[nodiscard]] std::vector<std::string> damage();

  // Why the latest change could not be kept, or that the disk has not answered for longer than
  // anybody waits; nothing once one was kept again.
  [[nodiscard]] std::optional<base::Failure> trouble() const;
  // How long the writer has been at what it is doing; 0 where it rests.
  [[nodiscard]] base::Milliseconds turn_takes() const;
  // Ends the writing. False where the disk has not answered until `deadline`: then this cannot be
  // destroyed, and the process has to end without it.
  [[nodiscard]] bool end(const base::Deadline& deadline);

  // Bytes of the write-ahead log where it is longer than its alarm and cannot be moved into the
  // file, because somebody reads an older state; 0 otherwise.
  [[nodiscard]] std::int64_t stuck_log() const;

  // Bytes on the disk, the write-ahead log included.
  [[nodiscard]] std::int64_t size_on_disk() const;

  class Backend;

 private:
  explicit Database(std::unique_ptr<Backend> backend);
  void commit(const base::Deadline& deadline, const std::function<void(Txn&)>& function,
              WhileFlushed flushed);
  void look(const std::function<void(const Snapshot&)>& function);

  std::unique_ptr<Backend> backend_;
};

}  // namespace hedgerow::store
