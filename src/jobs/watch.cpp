#include "jobs/watch.hpp"

#include "base/log.hpp"
#include "base/thread.hpp"
#include "jobs/closing.hpp"

namespace hedgerow::jobs {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

Failure paused(const model::Pause& pause) {
  return {Code::Paused, Cause::Refused,
          fmt::format("{} paused the fabric: {}", pause.by.empty() ? "Hedgerow" : pause.by,
                      pause.reason)};
}

// What a run was about when nothing moved any more.
std::string last_step(const model::Run& run) {
  for (int layer = model::kLayers; layer >= 1; --layer) {
    const model::TraceLayer& here = run.trace.at(layer);
    if (here.state != model::LayerState::Running) continue;
    return fmt::format("{}: {}", model::layer_name(layer),
                       here.evidence.empty() ? "nothing measured yet" : here.evidence);
  }
  return "nothing had begun";
}

Failure no_progress(const model::Run& run, base::Milliseconds limit) {
  return {
      Code::NoProgress, Cause::Transient,
      fmt::format("Nothing moved for {} s, so the run was stopped. It had come to: {}.",
                  std::chrono::duration_cast<std::chrono::seconds>(limit).count(), last_step(run))};
}

}  // namespace

Watch::Watch(Desk& desk, Alive alive, Replace replace)
    : desk_{desk}, alive_{std::move(alive)}, replace_{std::move(replace)} {}

void Watch::start() {
  seen_ = desk_.database.feed_end();
  beaten_ = desk_.clock.steady() - desk_.settings.beat_each;
  thread_ = std::jthread{[this](const std::stop_token& stop) {
    base::name_this_thread("watch");
    while (!stop.stop_requested()) step(stop);
  }};
}

void Watch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Watch::step(const std::stop_token& stop) {
  const auto look_again = base::Deadline::in(desk_.clock, desk_.settings.look_each);
  try {
    const store::Feed feed = desk_.database.follow(seen_, look_again, stop);
    seen_ = feed.next;
    look();
    settle();
    end_stalled();
    if (desk_.clock.steady() - beaten_ >= desk_.settings.beat_each) beat();
    return;
  } catch (const Failure& failure) {
    base::log::write(failure.log_level(), "watch_failed",
                     {{"detail", failure.detail()}, {"operator", failure.operator_text()}});
  } catch (const std::exception& bug) {
    base::log::error("watch_defect", {{"what", bug.what()}});
  }
  // Whatever is in trouble: not again at once.
  desk_.wait_for_bell(desk_.rung(), stop);
}

void Watch::look() {
  struct Stop {
    model::RunId run;
    Failure why;
  };
  const auto in_hand = desk_.in_hand();
  bool waiting = false;
  const auto stops = desk_.database.read([&](const store::Snapshot& seen) {
    std::vector<Stop> found;
    for (const InHand& held : in_hand)
      if (auto why = why_stop(seen, held)) found.push_back({held.run.id, std::move(*why)});
    waiting = !seen.runs().queued().empty();
    return found;
  });
  for (const Stop& stop : stops) desk_.stop(stop.run, stop.why);
  if (waiting) desk_.ring();
}

std::optional<Failure> Watch::why_stop(const store::Snapshot& seen, const InHand& in_hand) const {
  const auto row = seen.runs().find(in_hand.run.id);
  // Somebody ended it, whoever deleted its fabric too: the first end stays, and its worker must not
  // go on.
  if (!row || row->state == model::RunState::Ended) return Failure{Code::Lost, Cause::Refused};
  if (!row->cancel_requested_by.empty()) {
    return Failure{Code::Cancelled, Cause::Refused,
                   fmt::format("{} cancelled the run.", row->cancel_requested_by)};
  }
  if (!row->fabric) return std::nullopt;
  const model::Fabric fabric = seen.fabrics().get(*row->fabric);
  if (fabric.pause && row->operation != model::Operation::Test) return paused(*fabric.pause);
  const auto generation = fabric.cluster ? std::optional{fabric.cluster->generation} : std::nullopt;
  if (generation != in_hand.generation) return Failure{Code::ConfigChanged, Cause::Refused};
  return std::nullopt;
}

// What could not be written when its work was over; it stays true until it is.
void Watch::settle() {
  for (const Owed& owed : desk_.owed()) {
    try {
      const bool first = desk_.database.write(desk_.write_deadline(), [&](store::Txn& txn) {
        return close(txn, owed.run, {.ending = owed.ending, .last = {}, .also = {}});
      });
      if (first) base::log::info("run_end_written_late", {{"run", owed.run.id.value}});
    } catch (const Failure& failure) {
      if (failure.code() != Code::Lost && failure.code() != Code::FabricDeleted) throw;
    }
    desk_.forget_owed(owed.run.id);
  }
}

void Watch::end_stalled() {
  const auto stalled = desk_.database.read([this](const store::Snapshot& seen) {
    return seen.runs().stalled(desk_.settings.no_progress);
  });
  for (const model::Run& run : stalled) end_stalled(run);
}

void Watch::end_stalled(const model::Run& run) {
  const model::Ending ending = model::ending_of(no_progress(run, desk_.settings.no_progress));
  try {
    const bool first = desk_.database.write(desk_.write_deadline(), [&](store::Txn& txn) {
      const auto still = txn.runs().stalled(desk_.settings.no_progress);
      const bool stalls =
          std::ranges::any_of(still, [&](const model::Run& row) { return row.id == run.id; });
      return stalls && close(txn, run, {.ending = ending, .last = {}, .also = {}});
    });
    if (!first) return;
  } catch (const Failure& failure) {
    // Its lease is over, or its fabric is gone: the Keeper's business.
    if (failure.code() == Code::Lost || failure.code() == Code::FabricDeleted) return;
    throw;
  }
  const auto worker = desk_.abandon(run.id);
  base::log::error("run_stalled", {{"run", run.id.value},
                                   {"fabric", run.fabric_name},
                                   {"worker", worker ? static_cast<std::int64_t>(*worker) : -1},
                                   {"step", last_step(run)}});
  if (worker) replace_(*worker);
  desk_.ring();
}

void Watch::beat() {
  const base::SteadyTime began = desk_.clock.steady();
  const auto alive = alive_();
  desk_.database.write(desk_.write_deadline(), [&](store::Txn& txn) {
    for (const Sign& sign : alive)
      txn.workers().beat(desk_.replica, static_cast<std::int64_t>(sign.worker), sign.for_tests);
  });
  beaten_ = began;
}

}  // namespace hedgerow::jobs
