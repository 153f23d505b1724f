#include "actions/runs.hpp"

#include "jobs/closing.hpp"

namespace hedgerow::actions {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

void pass(model::TraceLayer& layer, base::WallTime at, std::string evidence) {
  layer.state = model::LayerState::Passed;
  layer.started = at;
  layer.evidence = std::move(evidence);
}

// Layers 1 to 6 as this request proved them.
model::Trace trace_of(const RunRequest& request, const model::Actor& actor,
                      std::string_view fabric) {
  const Passage& passage = request.passage;
  model::Trace trace;
  if (passage.click) {
    const Click& click = *passage.click;
    pass(trace.at(1), click.clicked_at.value_or(passage.received),
         fmt::format("page {}, {}", click.page_version, click.tab));
    pass(trace.at(2), passage.received,
         fmt::format("{} {}, request {}, from {}", click.tries, click.tries == 1 ? "try" : "tries",
                     actor.request, actor.address));
  } else {
    trace.at(1).state = model::LayerState::NotApplicable;
    trace.at(1).evidence = "no page: the request came from a program";
    pass(trace.at(2), passage.received,
         fmt::format("request {}, from {}", actor.request, actor.address));
  }
  pass(trace.at(3), passage.received,
       fmt::format("valid until {}; the run goes on without it",
                   base::rfc3339(passage.session_ends)));
  const bool refreshed = passage.click && passage.click->csrf_refreshed;
  pass(trace.at(4), passage.received,
       refreshed ? "token accepted after one refresh" : "token accepted");
  pass(trace.at(5), passage.received,
       fmt::format("signed in as {} ({})", actor.name, passage.signed_in));
  pass(trace.at(6), passage.received,
       fmt::format("{} on {}, by role {}", name_of(model::permission_for(request.operation)),
                   fabric, name_of(actor.role)));
  return trace;
}

void require_runnable(const model::Fabric& fabric, model::Operation operation) {
  if (!fabric.cluster) {
    throw Failure{Code::NotConfigured, Cause::Missing,
                  fmt::format("No cluster connection is set up for {}.", fabric.name)};
  }
  if (!fabric.pause || operation == model::Operation::Test) return;
  const Code code = fabric.pause->code.value_or(Code::Paused);
  throw Failure{code, Cause::NotYet,
                fmt::format("{} is paused: {}", fabric.name, fabric.pause->reason)};
}

// The run that already does or will do what is asked.
std::optional<model::Run> covering(const store::Snapshot& seen, const RunRequest& request) {
  if (auto queued = seen.runs().find_queued(request.fabric, request.operation, "")) return queued;
  if (request.follow_up) return std::nullopt;
  return seen.runs().find_running(request.fabric, request.operation, "");
}

}  // namespace

StartedRun start_run(const Deps& deps, const model::Actor& actor, const RunRequest& request,
                     const Keyed& keyed) {
  return deps.db.write(deps.deadline(), [&](store::Txn& txn) -> StartedRun {
    const auto permission = model::permission_for(request.operation);
    if (const auto made = replay_of(txn, actor, keyed)) {
      // What the click did is its answer, also where the fabric is gone since.
      const model::Run run = txn.runs().get({made->id});
      model::require(actor, permission, run.fabric_name);
      return {run.id, made->joined, true};
    }
    const model::Fabric fabric = txn.fabrics().get(request.fabric);
    model::require(actor, permission, fabric.name);
    require_runnable(fabric, request.operation);

    StartedRun started;
    if (const auto run = covering(txn, request)) {
      started = {run->id, true, false};
    } else {
      store::RunOrder order;
      order.fabric = fabric.id;
      order.operation = request.operation;
      order.trigger = request.passage.click ? model::Trigger::Manual : model::Trigger::Api;
      order.actor = actor.user;
      order.actor_name = actor.name;
      order.reason = request.reason;
      order.trace = trace_of(request, actor, fabric.name);
      started.run = txn.runs().enqueue(order);
      txn.changes().append(model::Topic::Run, started.run);
      txn.changes().append(model::Topic::Fabric, fabric.id);
    }
    txn.lost_clicks().remove(actor.user, keyed.key);
    txn.request_keys().remember({actor.user, keyed.route, keyed.key},
                                {keyed.body, store::Made::Run, started.run.value, started.joined});
    auto row = audit_row(actor, started.joined ? "run.join" : "run.start", "fabric");
    row.subject = fabric.id.value;
    row.subject_name = fabric.name;
    row.run = started.run;
    txn.audit().append(row);
    return started;
  });
}

void tell_lost_click(const Deps& deps, const model::Actor& actor, model::LostClick click,
                     const std::string& route) {
  constexpr std::int64_t kKeptOfFabric = 100;
  deps.db.write(deps.deadline(), [&](store::Txn& txn) {
    const model::Fabric fabric = txn.fabrics().get(click.fabric);
    model::require(actor, model::permission_for(click.operation), fabric.name);
    const bool known = click.clicked > txn.now() - deps.keys_kept;
    if (!known || txn.request_keys().find({actor.user, route, click.key})) return;
    click.actor = actor.user;
    click.actor_name = actor.name;
    // No click is made after it is told of, whatever the clock of its page says.
    click.clicked = std::min(click.clicked, txn.now());
    if (txn.lost_clicks().add(click, kKeptOfFabric))
      txn.changes().append(model::Topic::Fabric, fabric.id);
  });
}

void cancel_run(const Deps& deps, const model::Actor& actor, model::RunId id) {
  deps.db.write(deps.deadline(), [&](store::Txn& txn) {
    const model::Run run = txn.runs().get(id);
    model::require(actor, model::permission_for(run.operation), run.fabric_name);
    if (run.state == model::RunState::Ended) return;
    if (run.state == model::RunState::Queued) {
      const Failure why{Code::Cancelled, Cause::Refused,
                        fmt::format("{} cancelled it before it began.", actor.name)};
      jobs::close_abandoned(txn, run, model::ending_of(why));
    } else if (txn.runs().request_cancel(id, actor.name)) {
      jobs::announce(txn, run);
    } else {
      return;
    }
    auto row = audit_row(actor, "run.cancel", "run");
    row.subject = id.value;
    row.subject_name = run.fabric_name;
    row.run = id;
    txn.audit().append(row);
  });
}

}  // namespace hedgerow::actions
