#include "jobs/worker.hpp"

#include "base/log.hpp"
#include "base/thread.hpp"
#include "jobs/closing.hpp"

namespace hedgerow::jobs {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

bool is_unreachable(const model::Fabric& fabric) noexcept {
  return fabric.reach.state == model::Reach::Unreachable ||
         fabric.reach.state == model::Reach::Refused ||
         fabric.reach.state == model::Reach::Untrusted;
}

// Layer 8: who took the run, under which epoch, after how long in the queue.
void note_claim(model::Run& run, std::string_view holder, base::WallTime now) {
  model::TraceLayer& state = run.trace.at(8);
  const base::Milliseconds waited = std::max(now - run.created, base::Milliseconds{0});
  state.state = model::LayerState::Passed;
  state.started = run.created;
  state.took = waited;
  state.evidence = fmt::format("taken by {} under epoch {}, after {} ms in the queue", holder,
                               run.epoch, waited.count());
}

Failure defect(std::string_view what) {
  return Failure{Code::InternalFault, Cause::Refused}.with_operator(std::string{what});
}

// The line of its request has the run's id, so that each is found from the other.
void log_start(const InHand& in_hand) {
  const model::Run& run = in_hand.run;
  base::log::info("run_started", {{"run", run.id.value},
                                  {"request_id", in_hand.request},
                                  {"fabric", run.fabric_name},
                                  {"operation", name_of(run.operation)}});
}

void log_end(const InHand& in_hand, const model::Ending& ending) {
  const model::Run& run = in_hand.run;
  base::log::info("run_ended", {{"run", run.id.value},
                                {"request_id", in_hand.request},
                                {"fabric", run.fabric_name},
                                {"operation", name_of(run.operation)},
                                {"outcome", name_of(ending.outcome)},
                                {"code", ending.code ? facts_of(*ending.code).name : ""}});
}

void log_failure(const InHand& in_hand, const Failure& failure) {
  base::log::write(failure.log_level(), "run_failed",
                   {{"run", in_hand.run.id.value},
                    {"request_id", in_hand.request},
                    {"code", facts_of(failure.code()).name},
                    {"detail", failure.detail()},
                    {"operator", failure.operator_text()},
                    {"doing", fmt::format("{}", fmt::join(failure.trail(), " > "))}});
}

// Its lease is over, or its fabric gone: whoever took the one or deleted the other has decided what
// becomes of the run.
bool is_lost(const Failure& failure) noexcept {
  return failure.code() == Code::Lost || failure.code() == Code::FabricDeleted;
}

}  // namespace

Worker::Worker(Desk& desk, std::size_t number, bool for_tests)
    : desk_{desk}, number_{number}, for_tests_{for_tests}, turned_{desk.clock.steady()} {}

void Worker::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) {
    base::name_this_thread(fmt::format("worker {}", number_));
    while (!stop.stop_requested()) step(stop);
    left_.change([](bool& left) { left = true; });
  }};
}

std::string Worker::stack() {
  return base::stack_of(thread_.native_handle(), desk_.settings.stack_wait);
}

void Worker::leave() { thread_.request_stop(); }

bool Worker::has_left(base::SteadyTime until) {
  if (!thread_.joinable()) return true;
  if (!left_.wait({}, until, [](bool left) { return left; })) return false;
  thread_.join();
  return true;
}

void Worker::step(const std::stop_token& stop) {
  turned_ = desk_.clock.steady();
  const std::uint64_t heard = desk_.rung();
  std::optional<InHand> found;
  try {
    found = claim();
  } catch (const Failure& failure) {
    base::log::warning("claim_failed", {{"worker", number_}, {"detail", failure.detail()}});
  } catch (const std::exception& bug) {
    base::log::error("claim_failed", {{"worker", number_}, {"what", bug.what()}});
  }
  if (found)
    carry_out(std::move(*found), stop);
  else
    desk_.wait_for_bell(heard, stop);
}

std::optional<InHand> Worker::claim() {
  if (desk_.is_closed()) return std::nullopt;
  const bool share = !for_tests_ && desk_.take_share();
  std::optional<InHand> found;
  try {
    const auto claim = [&](store::Txn& txn) { return claim_in(txn, for_tests_ || share); };
    // A run that is claimed is in somebody's hands.
    found = desk_.database.write(desk_.write_deadline(), claim, store::WhileFlushed::Wait);
  } catch (...) {
    if (share) desk_.put_down_share();
    throw;
  }
  if (!found) {
    if (share) desk_.put_down_share();
    return std::nullopt;
  }
  found->stop = std::stop_source{};
  desk_.take(*found, share);
  return found;
}

std::optional<InHand> Worker::claim_in(store::Txn& txn, bool unreachable_too) const {
  auto run = txn.runs().claim(
      {.replica = desk_.replica, .tests = for_tests_, .unreachable_fabrics = unreachable_too});
  if (!run) return std::nullopt;
  note_claim(*run, fmt::format("worker {} of {}", number_, desk_.replica), txn.now());
  txn.runs().progress(run->id, {run->counts, run->kinds, run->trace});
  announce(txn, *run);

  InHand in_hand;
  // What was queued again by itself was asked for by nobody.
  if (!run->retry_of) in_hand.request = txn.audit().request_of(run->id);
  in_hand.run = std::move(*run);
  in_hand.worker = number_;
  if (!in_hand.run.fabric) return in_hand;
  const model::Fabric fabric = txn.fabrics().get(*in_hand.run.fabric);
  if (fabric.cluster) in_hand.generation = fabric.cluster->generation;
  in_hand.unreachable = !for_tests_ && is_unreachable(fabric);
  return in_hand;
}

void Worker::carry_out(InHand in_hand, const std::stop_token& stop) {
  const base::Doing doing{fmt::format("run {}, {} of {}", in_hand.run.id.value,
                                      name_of(in_hand.run.operation), in_hand.run.fabric_name)};
  // The thread's own end stops the work too; whoever asked for it has said why at the desk.
  const std::stop_callback at_end{stop,
                                  [source = in_hand.stop]() mutable { source.request_stop(); }};
  log_start(in_hand);
  Work done = work(in_hand, in_hand.stop.get_token());
  const auto why = desk_.put_down(in_hand.run.id);
  if (why && std::holds_alternative<Failure>(done)) done = *why;
  end(in_hand, done);
  // Another run of this fabric may start now.
  desk_.ring();
}

Worker::Work Worker::work(const InHand& in_hand, const std::stop_token& stop) const {
  const model::Run& run = in_hand.run;
  const auto handler = desk_.handlers.find(run.operation);
  if (handler == desk_.handlers.end()) return defect("no handler for this operation");
  try {
    return handler->second(run, stop);
  } catch (const Failure& failure) {
    log_failure(in_hand, failure);
    return failure;
  } catch (const std::bad_alloc&) {
    Failure failure{Code::OutOfMemory, Cause::Transient};
    log_failure(in_hand, failure);
    return failure;
  } catch (const std::exception& bug) {
    base::log::error("run_defect", {{"run", run.id.value}, {"what", bug.what()}});
    return defect(bug.what());
  } catch (...) {
    base::log::error("run_defect", {{"run", run.id.value}, {"what", "not an exception of ours"}});
    return defect("not an exception of ours");
  }
}

void Worker::end(const InHand& in_hand, const Work& work) {
  const model::Run& run = in_hand.run;
  Closing closing;
  if (const auto* failure = std::get_if<Failure>(&work)) {
    if (is_lost(*failure)) return;
    closing.ending = model::ending_of(*failure);
  } else {
    const Result& result = std::get<Result>(work);
    closing = {.ending = result.ending,
               .last = store::Progress{result.run.counts, result.run.kinds, result.run.trace},
               .also = result.also};
  }
  try {
    const bool first = desk_.database.write(
        desk_.write_deadline(), [&](store::Txn& txn) { return close(txn, run, closing); },
        store::WhileFlushed::Wait);
    if (first) log_end(in_hand, closing.ending);
  } catch (const Failure& failure) {
    log_failure(in_hand, failure);
    // What came with the outcome could not be written: then that is the outcome. Where not even
    // that can be written, the watch writes it as soon as the database takes it.
    if (closing.also) return end(in_hand, Work{failure});
    if (!is_lost(failure)) desk_.owe({.run = run, .ending = std::move(closing.ending)});
  } catch (const std::exception& bug) {
    base::log::error("run_defect", {{"run", run.id.value}, {"what", bug.what()}});
    desk_.owe({.run = run, .ending = std::move(closing.ending)});
  }
}

}  // namespace hedgerow::jobs
