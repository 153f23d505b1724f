#include "jobs/keeper.hpp"

#include "base/log.hpp"
#include "base/thread.hpp"
#include "jobs/closing.hpp"

namespace hedgerow::jobs {

using base::Cause;
using base::Code;
using base::Failure;
using model::LayerState;

namespace {

std::string clock_time(base::WallTime time) { return base::rfc3339(time).substr(11, 8) + " UTC"; }

std::string named(std::span<const model::KindRead> kinds, LayerState state) {
  std::vector<std::string_view> names;
  for (const model::KindRead& kind : kinds)
    if (kind.state == state) names.push_back(kind.kind);
  return fmt::format("{}", fmt::join(names, ", "));
}

// What stands in the record after a run whose worker is gone.
std::string left_in_record(const model::Run& run) {
  const std::string finished = named(run.kinds, LayerState::Passed);
  const std::string begun = named(run.kinds, LayerState::Running);
  if (finished.empty() && begun.empty())
    return "No kind had been read, so all objects are as before.";
  std::string text;
  if (!finished.empty()) text += fmt::format("Finished before that: {}.", finished);
  if (!begun.empty())
    text += fmt::format("{}May be new in part: {}.", text.empty() ? "" : " ", begun);
  return text;
}

Failure lost(const model::Run& run) {
  const auto heard = run.progress_at ? run.progress_at : run.started;
  return {
      Code::Lost, Cause::Transient,
      fmt::format("The worker of run {} stopped answering{}, and its lease is over. {}",
                  run.id.value, heard ? " after " + clock_time(*heard) : "", left_in_record(run))};
}

Failure quarantined(const model::Run& run, std::int64_t in_a_row) {
  return {Code::Quarantined, Cause::Refused,
          fmt::format("{} runs in a row lost their worker, so {} was paused. {}", in_a_row,
                      run.fabric_name, left_in_record(run))};
}

Failure no_worker(base::Milliseconds limit) {
  return {Code::NoWorker, Cause::Transient,
          fmt::format("No worker has given a sign of life for {} s.",
                      std::chrono::duration_cast<std::chrono::seconds>(limit).count())};
}

// What waits while nobody who would take it gives a sign of life.
std::vector<model::Run> forsaken(const store::Snapshot& seen, base::Milliseconds limit) {
  std::vector<model::Run> runs = seen.runs().waiting(limit);
  if (runs.empty()) return runs;
  const auto silent = [&](bool for_tests) {
    const auto silence = seen.workers().silence(for_tests);
    return !silence || *silence > limit;
  };
  const std::array silence{silent(false), silent(true)};
  std::erase_if(runs, [&](const model::Run& run) {
    return !silence.at(run.operation == model::Operation::Test ? 1 : 0);
  });
  return runs;
}

// False when it had ended.
bool lose(store::Txn& txn, const model::Run& run, std::int64_t in_a_row_most) {
  const bool test = run.operation == model::Operation::Test;
  const std::int64_t in_a_row = run.fabric && !test ? txn.runs().lost_in_a_row(*run.fabric) + 1 : 0;
  const bool enough = in_a_row >= in_a_row_most;
  const Failure why = enough ? quarantined(run, in_a_row) : lost(run);
  if (!close_abandoned(txn, run, model::ending_of(why))) return false;
  // A test pauses nothing, so it is repeated once and no more.
  if (!enough && !(test && run.retry_of)) queue_again(txn, run);
  if (!enough) return true;
  txn.fabrics().pause(
      *run.fabric,
      {.reason = why.detail(), .by = "Hedgerow", .since = txn.now(), .code = Code::Quarantined});
  txn.changes().append(model::Topic::Fabric, *run.fabric);
  return true;
}

}  // namespace

Keeper::Keeper(store::Database& database, const base::Clock& clock, const Settings& settings,
               std::string replica)
    : database_{database}, clock_{clock}, settings_{settings}, replica_{std::move(replica)} {}

void Keeper::start() {
  seen_ = database_.feed_end();
  take_all();
  reap();
  renewed_ = reaped_ = clock_.steady();
  swept_ = clock_.steady() - settings_.retention.sweep_each;
  thread_ = std::jthread{[this](const std::stop_token& stop) {
    base::name_this_thread("keeper");
    while (!stop.stop_requested()) step(stop);
  }};
}

void Keeper::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  try {
    database_.write(base::Deadline::in(clock_, settings_.write_wait), [&](store::Txn& txn) {
      for (const store::Lease& lease : txn.ownership().held_by(replica_))
        txn.ownership().release(lease.fabric, lease.epoch);
    });
  } catch (const Failure& failure) {
    base::log::warning("leases_not_released", {{"detail", failure.detail()}});
  }
}

void Keeper::step(const std::stop_token& stop) {
  const base::Deadline next{
      sweeping_ ? clock_.steady()
                : std::min(renewed_ + settings_.renew_each, reaped_ + settings_.reap_each)};
  const bool followed =
      attempt("follow", [&] { seen_ = database_.follow(seen_, next, stop).next; });
  // A database in trouble answers at once: not again at once.
  if (!followed) pause_.wait(stop, next.at, [](bool) { return false; });
  if (stop.stop_requested()) return;
  attempt("take_new", [this] { take_new(); });
  if (is_due(renewed_, settings_.renew_each)) attempt("renew", [this] { renew(); });
  if (is_due(reaped_, settings_.reap_each)) attempt("reap", [this] { reap(); });
  if (is_due(swept_, settings_.retention.sweep_each)) {
    attempt("sweep", [this] { sweep(); });
    sweeping_ = true;
  }
  if (std::exchange(sweeping_, false)) attempt("sweep", [this] { sweeping_ = sweep_chunk(); });
}

void Keeper::take_all() {
  database_.write(base::Deadline::in(clock_, settings_.write_wait),
                  [&](store::Txn& txn) { txn.ownership().take_all(replica_, settings_.lease); });
}

void Keeper::renew() {
  database_.write(base::Deadline::in(clock_, settings_.write_wait),
                  [&](store::Txn& txn) { txn.ownership().renew_all(replica_, settings_.lease); });
}

void Keeper::take_new() {
  const auto free =
      database_.read([](const store::Snapshot& seen) { return seen.ownership().expired(); });
  if (free.empty()) return;
  database_.write(base::Deadline::in(clock_, settings_.write_wait), [&](store::Txn& txn) {
    for (const store::Lease& lease : free)
      txn.ownership().take(lease.fabric, replica_, settings_.lease);
  });
}

void Keeper::reap() {
  const bool any = database_.read([&](const store::Snapshot& seen) {
    return !seen.runs().orphaned().empty() || !forsaken(seen, settings_.no_worker).empty();
  });
  if (!any) return;
  std::vector<model::Run> lost;
  database_.write(base::Deadline::in(clock_, settings_.write_wait), [&](store::Txn& txn) {
    lost.clear();
    for (const model::Run& run : txn.runs().orphaned())
      if (lose(txn, run, settings_.lost_in_a_row_most)) lost.push_back(run);
    const model::Ending ending = model::ending_of(no_worker(settings_.no_worker));
    for (const model::Run& run : forsaken(txn, settings_.no_worker))
      close_abandoned(txn, run, ending);
  });
  for (const model::Run& run : lost)
    base::log::warning("run_lost", {{"run", run.id.value}, {"fabric", run.fabric_name}});
}

void Keeper::sweep() {
  const Retention& keep = settings_.retention;
  // Each in a transaction of its own, so that nothing else waits for all of them.
  const auto each = [this](auto&& sweep_one) {
    database_.write(base::Deadline::in(clock_, settings_.write_wait),
                    [&](store::Txn& txn) { sweep_one(txn, txn.instance().kept_now()); });
  };
  using Now = base::WallTime;
  each([&](auto& txn, Now now) { txn.changes().sweep(now - keep.changes, keep.changes_most); });
  each([&](auto& txn, Now now) { txn.sessions().sweep(now - keep.sessions); });
  each([&](auto& txn, Now now) { txn.devices().sweep(now - keep.devices); });
  each([&](auto& txn, Now now) { txn.connection_tests().sweep(now - keep.connection_tests); });
}

bool Keeper::sweep_chunk() {
  const Retention& keep = settings_.retention;
  const auto deadline = base::Deadline::in(clock_, settings_.write_wait);
  struct Left {
    bool more = false;
    model::ChangeId history_at;
  };
  // Kept outside of what may be run again.
  const Left left = database_.write(deadline, [&](store::Txn& txn) -> Left {
    const base::WallTime now = txn.instance().kept_now();
    const auto keys = txn.request_keys().sweep(now - keep.request_keys, keep.chunk);
    const auto runs = txn.runs().sweep(now - keep.runs, keep.chunk);
    // What a click would have become is kept as long as what it became.
    const auto clicks = txn.lost_clicks().sweep(now - keep.runs, keep.chunk);
    const store::History::Old old{now - keep.history, keep.history_versions};
    return {std::max({keys, runs, clicks}) >= keep.chunk,
            txn.history().sweep(old, history_at_, keep.chunk)};
  });
  history_at_ = left.history_at;
  return left.more || history_at_.value != 0;
}

bool Keeper::attempt(std::string_view what, const std::function<void()>& part) const {
  try {
    part();
    return true;
  } catch (const Failure& failure) {
    base::log::write(
        failure.log_level(), "keeper_failed",
        {{"part", what}, {"detail", failure.detail()}, {"operator", failure.operator_text()}});
  } catch (const std::exception& bug) {
    base::log::error("keeper_defect", {{"part", what}, {"what", bug.what()}});
  }
  return false;
}

bool Keeper::is_due(base::SteadyTime& last, base::Milliseconds each) const {
  const base::SteadyTime now = clock_.steady();
  if (now - last < each) return false;
  last = now;
  return true;
}

}  // namespace hedgerow::jobs
