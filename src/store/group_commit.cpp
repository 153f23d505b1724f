#include "store/group_commit.hpp"

#include "base/check.hpp"
#include "base/failure.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"

namespace hedgerow::store {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

// A group takes no more once it has run for so long: those who wait for its commit wait for all of
// it.
constexpr base::Milliseconds kGroupSpan{20};
constexpr std::size_t kGroupMax = 256;
// How often is looked whether a function still runs, by whom its deadline has passed.
constexpr base::Milliseconds kLookEach{20};

}  // namespace

// The function and its trail live in the frame of run(), which stays until it is told or its change
// is being flushed: from then on nobody runs it any more.
struct GroupCommit::Job {
  struct Result {
    bool flushed = false;
    bool done = false;
    std::exception_ptr failure;
  };

  Job(const std::function<void(Txn&)>& what, const std::vector<std::string>& doing)
      : function{what}, trail{doing} {}

  const std::function<void(Txn&)>& function;
  const std::vector<std::string>& trail;
  std::exception_ptr failure;  // The writer's, until the group is committed.
  base::Guarded<Result> result;

  // The caller alone holds what it throws: nothing of it is shared between threads.
  void tell(std::exception_ptr why) {
    result.change([&](Result& told) {
      told.done = true;
      told.failure = std::move(why);
    });
  }
  void tell_own() { tell(std::exchange(failure, nullptr)); }
  void tell(const Failure& why) {
    failure = nullptr;
    tell(std::make_exception_ptr(why));
  }
};

GroupCommit::GroupCommit(const SqliteOpening& opening, std::unique_ptr<SqliteConnection> connection,
                         const base::Surroundings& with, const LogLimits& limits,
                         base::Milliseconds turn_max)
    : opening_{opening},
      clock_{with.clock},
      random_{with.random},
      connection_{std::move(connection)},
      page_size_{connection_->number("PRAGMA page_size")},
      limits_{limits},
      next_alarm_{limits.alarm},
      turn_max_{turn_max} {
  sql::Scope scope{*connection_, instant_of(clock_), nullptr};
  const Position end = Changes{scope}.end();
  announced_.with([&](Position& position) { position = end; });
}

GroupCommit::~GroupCommit() = default;

void GroupCommit::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) {
    base::name_this_thread("writer");
    writer_ = std::this_thread::get_id();
    while (step(stop)) continue;
    ended_.change([](bool& ended) { ended = true; });
  }};
}

bool GroupCommit::end(const base::Deadline& deadline) {
  if (!thread_.joinable()) return true;
  thread_.request_stop();
  return ended_.wait({}, deadline.at, [](bool ended) { return ended; });
}

void GroupCommit::require_outside() const { CHECK(writer_.load() != std::this_thread::get_id()); }

void GroupCommit::run(const base::Deadline& deadline, const std::function<void(Txn&)>& function,
                      WhileFlushed flushed) {
  require_outside();
  if (auto why = hanging()) throw Failure{*std::move(why)};
  if (ended_.with([](bool ended) { return ended; })) throw Failure{Code::Shutdown, Cause::NotYet};
  const auto job = std::make_shared<Job>(function, base::Doing::trail());
  queue_.change([&](Queue& jobs) { jobs.push_back(job); });
  const auto is_done = [](const Job::Result& result) { return result.done; };
  if (!job->result.wait({}, deadline.at, is_done)) {
    const bool withdrawn = queue_.with([&](Queue& jobs) { return std::erase(jobs, job) == 1; });
    if (withdrawn) throw Failure{Code::StorageBusy, Cause::Transient};
    await_end(*job, flushed);
  }
  const auto failure =
      job->result.with([](Job::Result& result) { return std::exchange(result.failure, nullptr); });
  if (failure) std::rethrow_exception(failure);
}

// Of a function that is being run, or was. That it runs has an end, because statements are cut off;
// the flush that follows need not have one.
void GroupCommit::await_end(Job& job, WhileFlushed flushed) {
  if (flushed == WhileFlushed::Wait) {
    job.result.wait({}, base::SteadyTime::max(), [](const auto& result) { return result.done; });
    return;
  }
  const auto may_leave = [](const Job::Result& result) { return result.done || result.flushed; };
  while (!job.result.wait({}, clock_.steady() + kLookEach, may_leave)) continue;
  if (job.result.with([](const Job::Result& result) { return result.done; })) return;
  throw Failure{Code::StorageError, Cause::Transient,
                "The disk does not answer: the change was handed to it, and whether it is kept is "
                "not known before it does."};
}

base::Milliseconds GroupCommit::turn_takes() const {
  const base::SteadyTime began = turn_began_.load();
  const base::SteadyTime now = clock_.steady();
  if (began > now) return base::Milliseconds{0};
  return std::chrono::floor<base::Milliseconds>(now - began);
}

std::optional<Failure> GroupCommit::hanging() const {
  const base::Milliseconds takes = turn_takes();
  if (takes <= turn_max_) return std::nullopt;
  const auto since = std::chrono::floor<std::chrono::seconds>(takes);
  return Failure{Code::StorageBusy, Cause::Transient,
                 fmt::format("The database has been writing one change for {} s.", since.count())}
      .with_next("Try again in a moment. If it lasts, look at the disk of the database.");
}

bool GroupCommit::step(const std::stop_token& stop) {
  const bool has_jobs =
      queue_.wait(stop, base::SteadyTime::max(), [](const Queue& jobs) { return !jobs.empty(); });
  if (!has_jobs) return false;
  take_turn();
  turn_began_ = base::SteadyTime::max();
  return true;
}

void GroupCommit::take_turn() {
  try {
    open_if_closed();
    begin();  // A foreign lock is waited for here, and says so itself.
    turn_began_ = clock_.steady();
    commit(collect());
    checkpoint_when_due();
  } catch (const Failure& failure) {
    // Nobody's function is under way here: what was taken has been told, or stands in the queue
    // again.
    base::log::error("writer_refused", {{"code", base::facts_of(failure.code()).name},
                                        {"operator", failure.operator_text()}});
    note_trouble(failure);
    refuse_all(failure);
  }
  close_after_fault();
}

void GroupCommit::open_if_closed() {
  if (damaged_) throw Failure{*damaged_};
  if (connection_) return;
  auto connection = std::make_unique<SqliteConnection>(opening_, clock_);
  std::string found;
  connection->run("PRAGMA quick_check(1)", {}, [&](const sql::Row& row) { found = row.text(0); });
  if (found != "ok") {
    if (const int refused = connection->read_error(); refused != 0)
      throw sqlite_failure(SQLITE_IOERR_READ, refused, std::move(found));
    damaged_ = Failure{Code::StorageCorrupt, Cause::Refused}.with_operator(std::move(found));
    throw Failure{*damaged_};
  }
  connection_ = std::move(connection);
  failed_.reset();
  base::log::warning("database_opened_again");
}

void GroupCommit::begin() { connection_->run("BEGIN IMMEDIATE"); }

GroupCommit::Group GroupCommit::collect() {
  Group group;
  const base::Deadline full = base::Deadline::in(clock_, kGroupSpan);
  while (const JobPointer job = next_job()) {
    group.push_back(job);
    run_in_savepoint(*job);
    if (connection_->is_idle()) start_over(group);
    if (group.size() >= kGroupMax || full.passed(clock_)) break;
  }
  return group;
}

GroupCommit::JobPointer GroupCommit::next_job() {
  return queue_.with([](Queue& jobs) -> JobPointer {
    if (jobs.empty()) return nullptr;
    JobPointer job = std::move(jobs.front());
    jobs.pop_front();
    return job;
  });
}

void GroupCommit::run_in_savepoint(Job& job) {
  std::deque<base::Doing> doings;
  try {
    // What the caller was doing, so that the trail of a failure tells it.
    for (const std::string& what : job.trail) doings.emplace_back(what);
    connection_->run("SAVEPOINT job");
    sql::Scope scope{*connection_, instant_of(clock_), &random_};
    Txn txn{scope};
    job.function(txn);
    connection_->run("RELEASE job");
    job.failure = nullptr;
  } catch (...) {
    job.failure = std::current_exception();
    connection_->roll_back_to("job");
  }
}

// SQLite has undone the whole transaction (a full disk, a statement that was cut off): the last
// function fails, those before it run again. Each time there is one fewer.
void GroupCommit::start_over(Group& group) {
  const JobPointer culprit = group.back();
  group.pop_back();
  queue_.with([&](Queue& jobs) { jobs.insert(jobs.begin(), group.begin(), group.end()); });
  group.clear();
  culprit->tell_own();
  note_damage();
  if (damaged_) throw Failure{*damaged_};
  begin();
}

// Everybody is told after the commit, who failed too: the reason may lie in what another of the
// group had written.
void GroupCommit::commit(const Group& group) {
  std::optional<Failure> failure;
  try {
    note_damage();
    if (damaged_) throw Failure{*damaged_};
    sql::Scope scope{*connection_, instant_of(clock_), nullptr};
    const Position end = Changes{scope}.end();
    const auto kept = connection_->commits();
    // Without waking them: hardly anybody's deadline passes just now.
    for (const JobPointer& job : group)
      job->result.with([](Job::Result& result) { result.flushed = true; });
    connection_->run("COMMIT");
    // One that changed nothing proves nothing of the disk.
    if (connection_->commits() > kept) trouble_.with([](auto& trouble) { trouble.reset(); });
    announced_.change([&](Position& position) { position = end; });
  } catch (const Failure& why) {
    failure = why;
    note_trouble(why);
    give_up_transaction(why);
  }
  turn_began_ = base::SteadyTime::max();
  for (const JobPointer& job : group) {
    if (failure)
      job->tell(*failure);
    else
      job->tell_own();
  }
}

void GroupCommit::give_up_transaction(const Failure& why) {
  base::log::error("commit_failed",
                   {{"code", base::facts_of(why.code()).name}, {"operator", why.operator_text()}});
  connection_->roll_back();
}

// After a failed flush the system may believe that pages are on the disk which are not. So nothing
// is tried again: the file is opened anew and checked before the next write, and what of this group
// is kept is found out by reading. The old connection stays until then: were it the last one, the
// next would read the log anew and take frames for written that are in the system's memory alone.
void GroupCommit::close_after_fault() {
  if (!connection_ || !connection_->saw_disk_fault()) return;
  connection_->roll_back();
  failed_ = std::move(connection_);
}

void GroupCommit::note_trouble(const Failure& why) {
  trouble_.with([&](auto& trouble) { trouble = why; });
}

std::optional<Failure> GroupCommit::trouble() const {
  if (auto why = hanging()) return why;
  return trouble_.with([](const auto& trouble) { return trouble; });
}

void GroupCommit::note_damage() {
  if (connection_->saw_damage() && !damaged_)
    damaged_ = Failure{Code::StorageCorrupt, Cause::Refused};
}

void GroupCommit::refuse_all(const Failure& failure) {
  if (connection_) connection_->roll_back();
  // Who comes after this was not waiting when it failed, and gets a try of his own.
  const Queue waiting = queue_.with([](Queue& jobs) { return std::exchange(jobs, {}); });
  for (const JobPointer& job : waiting) job->tell(failure);
}

void GroupCommit::checkpoint_when_due() {
  const std::int64_t due = std::min(limits_.checkpoint, limits_.alarm);
  if (!connection_ || connection_->log_pages() * page_size_ < due) return;
  turn_began_ = clock_.steady();
  try {
    connection_->checkpoint();
  } catch (const Failure& why) {
    return give_up_transaction(why);
  }
  const std::int64_t left = connection_->log_pages() * page_size_;
  stuck_log_ = left < limits_.alarm ? 0 : left;
  if (left == 0) next_alarm_ = limits_.alarm;
  if (left < next_alarm_) return;
  next_alarm_ = 2 * left;
  base::log::warning("write_ahead_log_large", {{"bytes", left}});
}

bool GroupCommit::wait_for_changes(const Position& position, const base::Deadline& deadline,
                                   const std::stop_token& stop) {
  return announced_.wait(stop, deadline.at, [&](const Position& announced) {
    return announced.sequence > position.sequence;
  });
}

}  // namespace hedgerow::store
