// Runs and fabrics, whose JSON is larger than that of the other nouns.
#include "api/json.hpp"

namespace hedgerow::api {

using base::JsonOut;
using model::name_of;

namespace {

void write_counts(JsonOut& out, const model::Counts& counts) {
  out.begin_object().field("created", counts.created).field("changed", counts.changed);
  out.field("unchanged", counts.unchanged).field("removed", counts.removed);
  out.field("skipped", counts.skipped).field("failed", counts.failed).end_object();
}

void write_kind_read(JsonOut& out, const model::KindRead& kind) {
  out.begin_object().field("group", kind.group).field("kind", kind.kind);
  out.field("state", name_of(kind.state)).field("listed", kind.listed);
  out.field("pages", kind.pages).field("ms", kind.took.count());
  if (kind.tries > 1) out.field("tries", kind.tries);
  if (kind.code) out.field("code", facts_of(*kind.code).name);
  if (!kind.detail.empty()) out.field("detail", kind.detail);
  if (!kind.remedy.empty()) out.field("remedy", kind.remedy);
  out.end_object();
}

void write_trace(JsonOut& out, const model::Trace& trace) {
  out.begin_array();
  for (int layer = 1; layer <= model::kLayers; ++layer) {
    const model::TraceLayer& step = trace.at(layer);
    out.begin_object().field("layer", layer).field("name", model::layer_name(layer));
    out.field("state", name_of(step.state)).field_if("started", step.started);
    if (step.took) out.field("ms", step.took->count());
    out.field("evidence", step.evidence).end_object();
  }
  out.end_array();
}

void write_ending(JsonOut& out, const model::Run& run) {
  if (!run.ending) {
    out.field("outcome", nullptr);
    return;
  }
  out.field("outcome", name_of(run.ending->outcome));
  if (run.ending->code) {
    out.field("code", facts_of(*run.ending->code).name);
    out.field("layer", facts_of(*run.ending->code).layer);
  }
  if (!run.ending->next.empty()) out.field("next", run.ending->next);
}

void write_times(JsonOut& out, const model::Run& run) {
  out.field("created", run.created).field_if("started", run.started);
  out.field_if("ended", run.ended);
  if (run.started && run.ended) out.field("ms", (*run.ended - *run.started).count());
}

// At the last attempt.
bool was_reached(const model::Fabric& fabric) {
  return fabric.reach.state == model::Reach::Reachable;
}

void write_cluster(JsonOut& out, const views::FabricView& view) {
  const model::Fabric& fabric = view.fabric;
  const model::ClusterConnection& cluster = *fabric.cluster;
  out.begin_object().field("server", cluster.server).field("ca", cluster.ca);
  out.field("has_token", cluster.has_token);
  out.field("has_client_certificate", !cluster.client_certificate.empty());
  if (!cluster.tls_server_name.empty()) out.field("tls_server_name", cluster.tls_server_name);
  out.key("namespaces").begin_array();
  for (const std::string& name : cluster.namespaces) out.value(name);
  out.end_array();
  out.field("identity", fabric.identity).field("new_identity", fabric.new_identity);
  out.field("rewound", view.rewound).key("version");
  if (was_reached(fabric) && fabric.cluster_version)
    out.value(*fabric.cluster_version);
  else
    out.value(nullptr);
  out.end_object();
}

void write_facts(JsonOut& out, const views::FabricView& view) {
  const model::ReachFact& reach = view.reach;
  out.begin_object().key("reach").begin_object();
  out.field("state", name_of(reach.state)).field("as_of", reach.as_of);
  if (reach.code) out.field("code", facts_of(*reach.code).name);
  if (!reach.detail.empty()) out.field("detail", reach.detail);
  // Of an attempt that did not arrive nothing was measured but that.
  if (was_reached(view.fabric)) out.field("ms", reach.took.count());
  out.end_object();

  const model::MatchFact& match = view.match;
  out.key("match").begin_object().field("state", name_of(match.state)).field("as_of", match.as_of);
  const bool compared =
      match.state == model::Match::Matches || match.state == model::Match::Differs;
  if (compared) out.field("differing", match.differing).field("compared", match.compared);
  out.end_object();

  out.key("last_run").begin_object().field("state", name_of(view.last_run));
  out.field("as_of", view.last_run_as_of);
  if (view.last_run_id) out.field("run", view.last_run_id->value);
  out.end_object().end_object();
}

void write_headline(JsonOut& out, const model::Headline& headline) {
  out.begin_object().field("state", name_of(headline.state)).field("text", headline.text);
  out.field("as_of", headline.as_of).key("next").begin_object();
  out.field("text", headline.next.text);
  if (headline.next.operation) out.field("operation", name_of(*headline.next.operation));
  if (headline.next.run) out.field("run", headline.next.run->value);
  if (headline.next.edit) out.field("edit", true);
  if (headline.next.resume) out.field("resume", true);
  out.end_object().field("valid_until", headline.valid_until).end_object();
}

void write_pause(JsonOut& out, const model::Pause& pause) {
  out.begin_object().field("since", pause.since).field("by", pause.by);
  out.field("reason", pause.reason);
  if (pause.code) {
    out.field("code", facts_of(*pause.code).name).field("layer", facts_of(*pause.code).layer);
    out.field("next", facts_of(*pause.code).next);
  }
  out.end_object();
}

void write_working(JsonOut& out, const model::Run& run) {
  std::int64_t listed = 0;
  for (const model::KindRead& kind : run.kinds) listed += kind.listed;
  out.begin_object().field("run", run.id.value).field("operation", name_of(run.operation));
  out.field("state", name_of(run.state)).field("actor", run.actor_name);
  out.field("since", run.started.value_or(run.created)).field("listed", listed).end_object();
}

void write_lost_click(JsonOut& out, const model::LostClick& click) {
  out.begin_object().field("operation", name_of(click.operation));
  out.field("actor", click.actor_name).field("clicked_at", click.clicked);
  out.field("told_at", click.told).field("code", facts_of(click.code).name);
  out.field("layer", facts_of(click.code).layer).field("tries", click.tries);
  out.field("tab", click.tab).field("page_version", click.page_version).end_object();
}

void write_object_counts(JsonOut& out, const views::FabricView& view) {
  out.begin_object().field("objects", view.objects).key("by_kind").begin_array();
  for (const model::KindState& state : view.kinds) {
    if (!state.as_of) continue;
    out.begin_object().field("group", state.kind.group).field("kind", state.kind.kind);
    out.field("objects", state.objects).end_object();
  }
  out.end_array().end_object();
}

}  // namespace

void write(JsonOut& out, const model::Run& run, const views::Waiting& waiting) {
  out.begin_object().field("id", run.id.value);
  if (run.fabric)
    out.field("fabric", run.fabric->value);
  else
    out.field("fabric", nullptr);
  out.field("fabric_name", run.fabric_name).field("operation", name_of(run.operation));
  out.field("trigger", name_of(run.trigger)).field("actor", run.actor_name);
  out.field("state", name_of(run.state));
  write_ending(out, run);
  write_times(out, run);
  if (run.retry_of) out.field("retry_of", run.retry_of->value);
  if (!run.cancel_requested_by.empty()) out.field("cancel_requested", true);
  if (waiting.for_run) out.field("waits_for", waiting.for_run->value);
  if (waiting.place) out.field("place", *waiting.place);
  out.key("counts");
  write_counts(out, run.counts);
  out.key("kinds").begin_array();
  for (const model::KindRead& kind : run.kinds) write_kind_read(out, kind);
  out.end_array().key("trace");
  write_trace(out, run.trace);
  out.field("summary", model::summary_of(run)).field("revision", run.revision).end_object();
}

void write(JsonOut& out, const views::FabricView& view, const model::Actor& actor) {
  const model::Fabric& fabric = view.fabric;
  out.begin_object().field("id", fabric.id.value).field("name", fabric.name);
  out.field("description", fabric.description).field("site", fabric.site).key("cluster");
  if (fabric.cluster)
    write_cluster(out, view);
  else
    out.value(nullptr);
  out.field("shares_cluster", fabric.shares_cluster).key("facts");
  write_facts(out, view);
  out.key("headline");
  write_headline(out, view.headline);
  out.key("pause");
  if (fabric.pause)
    write_pause(out, *fabric.pause);
  else
    out.value(nullptr);
  out.key("working");
  if (view.working)
    write_working(out, *view.working);
  else
    out.value(nullptr);
  out.key("recent_runs").begin_array();
  for (const model::Run& run : view.recent) write(out, run);
  out.end_array().key("lost_clicks").begin_array();
  for (const model::LostClick& click : view.lost_clicks) write_lost_click(out, click);
  out.end_array().key("counts");
  write_object_counts(out, view);
  out.key("permissions").begin_array();
  for (const model::Permission each : permissions_of(actor.role)) out.value(name_of(each));
  out.end_array().field("created", fabric.created).field("revision", fabric.revision).end_object();
}

}  // namespace hedgerow::api
