// The one writer of an SQLite database: its connection does every write and every checkpoint,
// because SQLite before 3.51.3 can damage a database whose log two connections write or checkpoint
// at once. Functions that wait at the same time share one commit, and with it one flush of the
// disk; each has a savepoint.
#pragma once

#include "base/guarded.hpp"
#include "base/random.hpp"
#include "store/database.hpp"
#include "store/sqlite.hpp"

namespace hedgerow::store {

// Bytes of the write-ahead log.
struct LogLimits {
  std::int64_t checkpoint = 0;  // From here on it is moved into the file.
  std::int64_t alarm = 0;       // From here on it is said that this cannot be done.
};

// A function that waits to be written:
//
//   waiting ──taken──► run ──► flushed ──► told
//      └──deadline──► told that it was busy
class GroupCommit {
 public:
  // What `with` names must outlive it. A turn that takes longer than `turn_max` hangs: who comes
  // then is refused at once, instead of waiting in vain.
  GroupCommit(const SqliteOpening& opening, std::unique_ptr<SqliteConnection> connection,
              const base::Surroundings& with, const LogLimits& limits, base::Milliseconds turn_max);
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  void start();
  // Waits until `function` is committed, or throws what befell it. See Database::write().
  void run(const base::Deadline& deadline, const std::function<void(Txn&)>& function,
           WhileFlushed flushed = WhileFlushed::Leave);
  // One turn: waits for work, runs it, commits it, tells those who wait. False when it stopped and
  // nobody waits.
  bool step(const std::stop_token& stop);

  // True once something was announced after `position`.
  bool wait_for_changes(const Position& position, const base::Deadline& deadline,
                        const std::stop_token& stop);
  // See Database::trouble() and end().
  [[nodiscard]] std::optional<base::Failure> trouble() const;
  [[nodiscard]] base::Milliseconds turn_takes() const;
  [[nodiscard]] bool end(const base::Deadline& deadline);
  // See Database::stuck_log().
  [[nodiscard]] std::int64_t stuck_log() const { return stuck_log_; }
  // Ends the process when this thread is running a function of run().
  void require_outside() const;

 private:
  struct Job;
  // Owners: the caller that waits for it, and the writer until it has told the caller.
  using JobPointer = std::shared_ptr<Job>;
  using Queue = std::deque<JobPointer>;
  using Group = std::vector<JobPointer>;

  void take_turn();
  [[nodiscard]] std::optional<base::Failure> hanging() const;
  void await_end(Job& job, WhileFlushed flushed);
  void open_if_closed();
  void begin();
  Group collect();
  JobPointer next_job();
  void run_in_savepoint(Job& job);
  void start_over(Group& group);
  void commit(const Group& group);
  void give_up_transaction(const base::Failure& why);
  void close_after_fault();
  void note_damage();
  void note_trouble(const base::Failure& why);
  void refuse_all(const base::Failure& failure);
  void checkpoint_when_due();

  const SqliteOpening opening_;
  const base::Clock& clock_;
  base::Random& random_;
  std::unique_ptr<SqliteConnection> connection_;
  std::unique_ptr<SqliteConnection> failed_;  // Until another is open; see close_after_fault().
  std::optional<base::Failure> damaged_;      // Then nothing is written any more.
  const std::int64_t page_size_;
  const LogLimits limits_;
  std::int64_t next_alarm_;
  std::atomic<std::int64_t> stuck_log_ = 0;
  const base::Milliseconds turn_max_;
  std::atomic<base::SteadyTime> turn_began_{base::SteadyTime::max()};  // Max: there is none.
  base::Guarded<bool> ended_;
  base::Guarded<Queue> queue_;
  base::Guarded<Position> announced_;
  base::Guarded<std::optional<base::Failure>> trouble_;
  std::atomic<std::thread::id> writer_;
  std::jthread thread_;  // Last, so that it ends before anything it uses is gone.
};

}  // namespace hedgerow::store
