#include "jobs/closing.hpp"

namespace hedgerow::jobs {

using model::LayerState;
using model::Outcome;

namespace {

// The state of the layer that an ending names.
LayerState broken(Outcome outcome) noexcept {
  return outcome == Outcome::Partly ? LayerState::Partly : LayerState::Failed;
}

// By the server's stop or by other settings: nobody wanted less than what it was to do.
bool stopped_unasked(const model::Ending& ending) noexcept {
  return ending.outcome == Outcome::Cancelled &&
         (ending.code == base::Code::Shutdown || ending.code == base::Code::ConfigChanged);
}

bool still_runs(const std::optional<model::Run>& row) noexcept {
  return row && row->state == model::RunState::Running;
}

}  // namespace

model::Trace settled(model::Trace trace, const model::Ending& ending) {
  const int layer = ending.code ? facts_of(*ending.code).layer : 0;
  for (int at = 1; at <= model::kLayers; ++at) {
    model::TraceLayer& here = trace.at(at);
    if (at == layer && ending.outcome != Outcome::Succeeded) {
      // Whoever did the work may have said more than the sentence does.
      const bool said = here.state == broken(ending.outcome) && !here.evidence.empty();
      here.state = broken(ending.outcome);
      if (!said) here.evidence = ending.detail;
    } else if (here.state == LayerState::Running) {
      here.state = LayerState::Partly;
      here.evidence += here.evidence.empty() ? "stopped before its end" : "; stopped here";
    }
  }
  return trace;
}

store::Progress left(const model::Run& run, const model::Ending& ending) {
  store::Progress last{run.counts, run.kinds, settled(run.trace, ending)};
  for (model::KindRead& kind : last.kinds) {
    if (kind.state != LayerState::Running) continue;
    kind.state = LayerState::Partly;
    kind.code = ending.code;
    kind.detail = "The run was stopped while it read this kind.";
  }
  return last;
}

void announce(store::Txn& txn, const model::Run& run) {
  txn.changes().append(model::Topic::Run, run.id);
  if (run.fabric) txn.changes().append(model::Topic::Fabric, *run.fabric);
}

void queue_again(store::Txn& txn, const model::Run& run) {
  if (!run.fabric || !model::only_reads(run.operation)) return;
  if (txn.runs().find_queued(*run.fabric, run.operation, "")) return;
  store::RunOrder order{.fabric = *run.fabric,
                        .operation = run.operation,
                        .scope = {},
                        .trigger = run.trigger,
                        .actor = run.actor,
                        .actor_name = run.actor_name,
                        .reason = fmt::format("run {} did not come to its end", run.id.value),
                        .retry_of = run.id,
                        .trace = run.trace};
  for (int layer = 7; layer <= model::kLayers; ++layer) order.trace.at(layer) = {};
  const model::RunId again = txn.runs().enqueue(order);
  txn.changes().append(model::Topic::Run, again);
}

bool close(store::Txn& txn, const model::Run& run, const Closing& closing) {
  if (run.fabric) txn.require_epoch(*run.fabric, run.epoch);
  const auto row = txn.runs().find(run.id);
  if (!still_runs(row)) return false;
  if (closing.also) closing.also(txn);
  store::Progress last = closing.last.value_or(left(*row, closing.ending));
  last.trace = settled(std::move(last.trace), closing.ending);
  txn.runs().end(run.id, closing.ending, last);
  if (stopped_unasked(closing.ending)) queue_again(txn, *row);
  announce(txn, run);
  return true;
}

void close_all_of(store::Txn& txn, model::FabricId fabric, const model::Ending& ending) {
  for (const model::Run& run : txn.runs().open_of(fabric)) close_abandoned(txn, run, ending);
}

bool close_abandoned(store::Txn& txn, const model::Run& run, const model::Ending& ending) {
  const auto row = txn.runs().find(run.id);
  if (!row || !txn.runs().end(run.id, ending, left(*row, ending))) return false;
  announce(txn, run);
  return true;
}

}  // namespace hedgerow::jobs
