#include "reconcile/readers.hpp"

#include "base/text.hpp"
#include "reconcile/attempt.hpp"
#include "reconcile/conclusion.hpp"
#include "reconcile/ladder.hpp"
#include "reconcile/pull.hpp"

namespace hedgerow::reconcile {

using base::Cause;
using base::Code;
using base::Failure;
using model::LayerState;

namespace {

using Sealed = std::optional<std::vector<std::byte>>;

struct Loaded {
  Subject subject;
  Sealed token;
  Sealed key;
};

Loaded load(store::Database& database, const model::Run& run) {
  const model::FabricId id = run.fabric.value();
  return database.read([&](const store::Snapshot& seen) -> Loaded {
    auto fabric = seen.fabrics().find(id);
    if (!fabric) throw Failure{Code::FabricDeleted, Cause::Missing};
    return {.subject = {.run = run, .fabric = std::move(*fabric), .known = seen.kinds().of(id)},
            .token = seen.fabrics().credential(id, store::Credential::Token),
            .key = seen.fabrics().credential(id, store::Credential::ClientKey)};
  });
}

base::SecretText opened(const base::Sealer& sealer, model::FabricId fabric, const Sealed& sealed,
                        store::Credential which) {
  if (!sealed) return {};
  return sealer.open(base::text_of(*sealed), model::belongs_to(fabric, model::name_of(which)));
}

// Throws Failure{NotConfigured, CredentialUnreadable, BadUrl, KubeconfigInvalid}.
kube::Connection connection_of(const Loaded& loaded, const base::Sealer& sealer) {
  const model::Fabric& fabric = loaded.subject.fabric;
  if (!fabric.cluster) {
    throw Failure{Code::NotConfigured, Cause::Missing,
                  fmt::format("No cluster connection is set up for {}.", fabric.name)};
  }
  const model::ClusterConnection& cluster = *fabric.cluster;
  kube::ConnectionFields fields;
  fields.server = cluster.server;
  fields.ca = cluster.ca;
  fields.tls_name = cluster.tls_server_name;
  fields.certificate = cluster.client_certificate;
  fields.token = opened(sealer, fabric.id, loaded.token, store::Credential::Token);
  fields.key = opened(sealer, fabric.id, loaded.key, store::Credential::ClientKey);
  return kube::Connection::checked(std::move(fields));
}

// Nothing could even be asked.
Result not_connected(const Subject& subject, const Failure& why, base::WallTime now) {
  model::Run run = subject.run;
  model::TraceLayer& connection = run.trace.at(kConnectionLayer);
  connection.state = LayerState::Failed;
  connection.started = now;
  connection.evidence = why.detail();
  return failed(std::move(run), why,
                writing(subject.fabric, reach_after(why, now, base::Milliseconds{0})));
}

// The rungs that were measured, one after the other, for the trace.
std::string evidence_of(std::span<const store::MeasuredRung> rungs) {
  std::string text;
  for (const store::MeasuredRung& rung : rungs) {
    if (!rung.took) continue;
    if (!text.empty()) text += "; ";
    text += fmt::format("{} {} ms", name_of(rung.rung), rung.took->count());
    if (!rung.evidence.empty()) text += ": " + rung.evidence;
  }
  return text;
}

bool credentials_passed(std::span<const store::MeasuredRung> rungs) {
  return std::ranges::any_of(rungs, [](const store::MeasuredRung& rung) {
    return rung.rung == model::Rung::Credentials && rung.state == model::RungState::Passed;
  });
}

model::ReachFact reach_of(const Climbed& climbed, const std::optional<Failure>& wrong,
                          base::WallTime now, base::Milliseconds took) {
  const Failure* failure = wrong ? &*wrong : climbed.climb.failure();
  const bool all_refused = !climbed.climb.kinds.empty() && climbed.climb.in_part == 0 &&
                           climbed.climb.unreadable.size() == climbed.climb.kinds.size();
  const bool reached =
      failure == nullptr || (!wrong && !all_refused && credentials_passed(climbed.rungs));
  if (!reached) return reach_after(*failure, now, took);
  return {.state = model::Reach::Reachable, .as_of = now, .code = {}, .detail = {}, .took = took};
}

// Layers 7 and 9 of a test that ended so.
void note_layers(model::Trace& trace, const Climbed& climbed, const model::Ending& ending,
                 base::WallTime now) {
  const int broken = ending.code ? facts_of(*ending.code).layer : 0;
  model::TraceLayer& connection = trace.at(kConnectionLayer);
  connection.state = broken == kConnectionLayer ? LayerState::Failed : LayerState::Passed;
  if (connection.started) connection.took = now - *connection.started;
  connection.evidence = evidence_of(climbed.rungs);
  if (broken == kConnectionLayer) {
    connection.evidence += (connection.evidence.empty() ? "" : ". ") + ending.detail;
    return;
  }
  model::TraceLayer& kubernetes = trace.at(kKubernetesLayer);
  kubernetes.state = layer_state(ending.outcome);
  kubernetes.started = now;
  kubernetes.evidence = ending.detail.empty() ? fmt::format("{} kinds, all of them readable",
                                                            climbed.climb.kinds.size())
                                              : ending.detail;
}

}  // namespace

Readers::Readers(store::Database& database, const base::Sealer& sealer,
                 const base::Surroundings& around, const Settings& settings)
    : Readers{database, sealer, around, settings,
              [kube = settings.kube, around](const kube::Connection& connection) {
                return kube::connect(connection, kube, around);
              }} {}

Readers::Readers(store::Database& database, const base::Sealer& sealer,
                 const base::Surroundings& around, const Settings& settings, Connect connect)
    : database_{database},
      sealer_{sealer},
      around_{around},
      settings_{settings},
      connect_{std::move(connect)} {}

Readers::~Readers() = default;

Result Readers::pull(const model::Run& run, const std::stop_token& stop) {
  Loaded loaded = load(database_, run);
  const auto connection = attempt([&] { return connection_of(loaded, sealer_); });
  if (!connection) return not_connected(loaded.subject, connection.error(), around_.clock.wall());
  const model::FabricId id = loaded.subject.fabric.id;
  const std::int64_t generation = loaded.subject.fabric.cluster.value().generation;
  Kept kept{.generation = generation, .since = {}, .api = take(id, *connection, generation)};
  Pull pull{database_, around_.clock, settings_, std::move(loaded.subject), *kept.api};
  Result result = pull.run(stop);
  // After anything but an answer the next run begins with a new connection.
  if (result.ending.outcome != model::Outcome::Failed) give_back(id, std::move(kept));
  return result;
}

Result Readers::test(const model::Run& run, const std::stop_token& stop) {
  Loaded loaded = load(database_, run);
  const auto connection = attempt([&] { return connection_of(loaded, sealer_); });
  if (!connection) return not_connected(loaded.subject, connection.error(), around_.clock.wall());
  const model::Fabric& fabric = loaded.subject.fabric;
  Journal journal{database_, around_.clock, settings_, run, fabric.cluster->generation};
  const base::WallTime began = around_.clock.wall();
  const auto tell = [&](std::span<const store::MeasuredRung> rungs) {
    journal.show([&](store::Progress& now) {
      model::TraceLayer& layer = now.trace.at(kConnectionLayer);
      layer.state = LayerState::Running;
      layer.started = began;
      layer.evidence = evidence_of(rungs);
    });
    journal.write({});
  };
  const Ladder ladder{settings_.kube, around_, fabric.cluster->namespaces};
  const base::SteadyTime from = around_.clock.steady();
  const Climbed climbed = climb(*connection, ladder, tell, stop);

  const base::WallTime now = around_.clock.wall();
  const auto wrong = wrong_cluster(fabric, climbed.climb.identity);
  Result result{
      .run = run, .ending = wrong ? model::ending_of(*wrong) : climbed.ending, .also = {}};
  result.run.trace = journal.progress().trace;
  note_layers(result.run.trace, climbed, result.ending, now);
  const auto took = std::chrono::duration_cast<base::Milliseconds>(around_.clock.steady() - from);
  result.also = [reach = writing(fabric, reach_of(climbed, wrong, now, took)), id = fabric.id,
                 new_identity = wrong ? climbed.climb.identity : std::string{},
                 version = climbed.climb.server_version](store::Txn& txn) {
    reach(txn);
    if (!new_identity.empty()) txn.fabrics().set_new_identity(id, new_identity);
    if (new_identity.empty() && !version.empty()) txn.fabrics().set_cluster_version(id, version);
  };
  return result;
}

std::unique_ptr<kube::Api> Readers::take(model::FabricId fabric, const kube::Connection& connection,
                                         std::int64_t generation) {
  const auto oldest = around_.clock.steady() - settings_.keep_idle;
  std::vector<Kept> dropped;  // Closing connections takes time: not under the lock.
  auto api = kept_.with([&](auto& kept) -> std::unique_ptr<kube::Api> {
    std::unique_ptr<kube::Api> found;
    for (auto at = kept.begin(); at != kept.end();) {
      const bool wanted = at->first == fabric;
      if (!wanted && at->second.since >= oldest) {
        ++at;
        continue;
      }
      if (wanted && at->second.generation == generation && at->second.since >= oldest)
        found = std::move(at->second.api);
      dropped.push_back(std::move(at->second));
      at = kept.erase(at);
    }
    return found;
  });
  return api ? std::move(api) : connect_(connection);
}

void Readers::give_back(model::FabricId fabric, Kept kept) {
  kept.since = around_.clock.steady();
  kept_.with([&](auto& all) { std::swap(all[fabric], kept); });
}

}  // namespace hedgerow::reconcile
