#include "reconcile/pull.hpp"

#include "reconcile/conclusion.hpp"

namespace hedgerow::reconcile {

using base::Cause;
using base::Code;
using base::Failure;
using model::LayerState;

namespace {

// The cluster refuses us or is not there: asking on is of no use.
bool ends_everything(const Failure& failure) noexcept {
  return failure.layer() == kConnectionLayer || failure.code() == Code::ClusterUnauthorized;
}

void begin(model::TraceLayer& layer, base::WallTime now) {
  layer.state = LayerState::Running;
  layer.started = now;
}

void finish(model::TraceLayer& layer, LayerState state, base::WallTime now, std::string evidence) {
  layer.state = state;
  if (layer.started) layer.took = std::max(now - *layer.started, base::Milliseconds{0});
  layer.evidence = std::move(evidence);
}

Failure namespace_missing(std::string_view space) {
  return {Code::NamespaceMissing, Cause::Missing,
          fmt::format("Namespace '{}' does not exist in the cluster, so an empty list from it "
                      "proves nothing.",
                      space)};
}

Failure namespace_unseen(std::string_view space, const Failure& why) {
  return {why.code(), why.cause(),
          fmt::format("Whether namespace '{}' exists could not be seen, so nothing of it is "
                      "removed. {}",
                      space, why.detail())};
}

Failure identity_unseen(const Failure& why) {
  return {why.code(), why.cause(),
          fmt::format("Which cluster answered could not be seen, so nothing was removed. {}",
                      why.detail())};
}

}  // namespace

Result failed(model::Run run, const Failure& why, std::function<void(store::Txn&)> also) {
  return {.run = std::move(run), .ending = model::ending_of(why), .also = std::move(also)};
}

std::function<void(store::Txn&)> writing(const model::Fabric& fabric,
                                         const model::ReachFact& reach) {
  const auto generation = fabric.cluster ? std::optional{fabric.cluster->generation} : std::nullopt;
  return [id = fabric.id, generation, reach](store::Txn& txn) {
    if (generation) txn.require_generation(id, *generation);
    txn.fabrics().set_reach(id, reach);
  };
}

std::optional<Failure> wrong_cluster(const model::Fabric& fabric, std::string_view identity) {
  if (!fabric.identity || identity.empty() || *fabric.identity == identity) return std::nullopt;
  return Failure{Code::WrongCluster, Cause::Refused,
                 fmt::format("Another cluster answers for {} (identity {}) than the one it was set "
                             "up with ({}).",
                             fabric.name, identity, *fabric.identity)};
}

Pull::Pull(store::Database& database, const base::Clock& clock, const Settings& settings,
           Subject subject, kube::Api& api)
    : database_{database},
      clock_{clock},
      settings_{settings},
      subject_{std::move(subject)},
      api_{api},
      began_{clock.steady()},
      journal_{database, clock, settings, subject_.run,
               subject_.fabric.cluster.value().generation} {}

Result Pull::run(const std::stop_token& stop) {
  std::stop_source halt;
  const std::stop_callback pass_on{stop, [&halt] { halt.request_stop(); }};
  journal_.start(halt);
  std::optional<Result> result;
  const auto hindrance = thrown_by([&] { result = work(halt.get_token()); });
  // The journal stops all when it cannot write: then that is the reason.
  if (hindrance && !stop.stop_requested()) journal_.rethrow_if_broken();
  if (hindrance) std::rethrow_exception(hindrance);
  return std::move(*result);
}

Result Pull::work(const std::stop_token& stop) {
  Hindrance why = reach(stop);
  if (!why) why = identify(stop);
  if (!why) why = find_places(stop);
  if (!why) why = find_kinds(stop);
  if (why) return stopped(*why);
  note_findings();
  read(stop);
  // What the function in the result holds is freed with it.
  return concluded();  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)
}

Pull::Hindrance Pull::reach(const std::stop_token& stop) {
  const base::Doing doing{"reaching the cluster"};
  journal_.show(
      [this](store::Progress& now) { begin(now.trace.at(kConnectionLayer), clock_.wall()); });
  const auto version = attempt([&] { return api_.version(stop); });
  if (!version) return version.error();
  version_ = version->git_version;
  sent_again_before_ = api_.sent_again();
  reached_ = model::ReachFact{.state = model::Reach::Reachable,
                              .as_of = clock_.wall(),
                              .code = {},
                              .detail = {},
                              .took = version->evidence.total};
  journal_.show([&](store::Progress& now) {
    finish(now.trace.at(kConnectionLayer), LayerState::Passed, clock_.wall(),
           evidence_of(*version));
    begin(now.trace.at(kKubernetesLayer), clock_.wall());
  });
  return std::nullopt;
}

// As attempt(); an answer, whatever it says, is progress.
template <class Call>
auto Pull::asked(Call&& call) -> decltype(attempt(call)) {
  auto answer = attempt(call);
  journal_.note_progress();
  return answer;
}

// Asked once in a run: it is ready, or does not say.
Pull::Hindrance Pull::await_ready(const std::stop_token& stop) {
  const auto ready = asked([&] {
    api_.await_ready(stop);
    return true;
  });
  is_ready_ = ready.has_value();
  return ready ? Hindrance{} : Hindrance{ready.error()};
}

// As asked(), but that we may not see something is believed only of a server that is ready.
template <class Call>
auto Pull::believed(Call&& call, const std::stop_token& stop) -> decltype(attempt(call)) {
  auto answer = asked(call);
  if (answer || is_ready_ || answer.error().code() != Code::ClusterForbidden) return answer;
  if (auto why = await_ready(stop)) return std::unexpected(std::move(*why));
  return asked(call);
}

Pull::Hindrance Pull::identify(const std::stop_token& stop) {
  const base::Doing doing{"reading the cluster's identity"};
  const auto identity = believed([&] { return api_.identity(stop); }, stop);
  if (!identity) {
    if (identity.error().code() != Code::ClusterForbidden) return identity.error();
    gaps_.push_back(identity_unseen(identity.error()));
    return std::nullopt;
  }
  identity_ = *identity;
  if (auto wrong = wrong_cluster(subject_.fabric, identity_)) return wrong;
  return database_.read([this](const store::Snapshot& seen) { return in_use(seen); });
}

// Who has this cluster already, when it is seen for the first time.
Pull::Hindrance Pull::in_use(const store::Snapshot& seen) const {
  const model::Fabric& fabric = subject_.fabric;
  if (fabric.identity || identity_.empty() || fabric.shares_cluster) return std::nullopt;
  for (const model::Fabric& other : seen.fabrics().of_identity(identity_)) {
    if (other.id == fabric.id) continue;
    return Failure{
        Code::ClusterInUse, Cause::Refused,
        fmt::format("{} already uses this cluster (identity {}).", other.name, identity_)};
  }
  return std::nullopt;
}

Pull::Hindrance Pull::find_places(const std::stop_token& stop) {
  const base::Doing doing{"looking for the namespaces"};
  const auto& spaces = subject_.fabric.cluster->namespaces;
  if (spaces.empty()) places_.push_back({.space = {}, .unproven = {}, .listable = true});
  for (const std::string& space : spaces) {
    const auto exists = believed([&] { return api_.namespace_exists(space, stop); }, stop);
    Place place{.space = space, .unproven = {}, .listable = true};
    if (!exists) {
      if (ends_everything(exists.error())) return exists.error();
      place.unproven = namespace_unseen(space, exists.error());
    } else if (!*exists) {
      place.unproven = namespace_missing(space);
      place.listable = false;
    }
    if (place.unproven) gaps_.push_back(*place.unproven);
    places_.push_back(std::move(place));
  }
  return std::nullopt;
}

// That a kind is gone is believed only of a server that is ready and says so itself: discovery is
// the last to know the kinds of a server that has only just started. What is to be read follows.
std::expected<kube::Discovery, Failure> Pull::discover(const std::stop_token& stop) {
  const auto look = [&] {
    auto found = asked([&] { return api_.discover(model::is_hedgehog, stop); });
    if (found) scope_ = scope_of(*found, subject_.known);
    return found;
  };
  auto found = look();
  if (!found || scope_.unseen.empty()) return found;
  if (!is_ready_) {
    if (auto why = await_ready(stop)) return std::unexpected(std::move(*why));
    found = look();
    if (!found) return found;
  }
  const auto& space = places_.front().space;
  for (const kube::Kind& kind : scope_.unseen) {
    const auto known = asked([&] { return api_.knows(kind, space, stop); });
    if (!known) return std::unexpected(known.error());
    if (*known) found->kinds.push_back(kind);
  }
  scope_ = scope_of(*found, subject_.known);
  return found;
}

Pull::Hindrance Pull::find_kinds(const std::stop_token& stop) {
  const base::Doing doing{"finding the kinds"};
  const auto discovery = discover(stop);
  if (!discovery) return discovery.error();
  for (const Failure& unknown : scope_.unknown) gaps_.push_back(unknown);
  if (!scope_.to_read.empty()) return std::nullopt;
  // Unknown is not absent: then the reason is that of the first group.
  if (!discovery->unknown.empty()) return discovery->unknown.front().why;
  return no_kinds(subject_.fabric.name, subject_.known.size());
}

void Pull::note_findings() {
  for (const Unread& frozen : scope_.frozen) {
    model::KindRead row;
    row.group = frozen.kind.group;
    row.kind = frozen.kind.kind;
    row.state = LayerState::Failed;
    row.code = frozen.coverage.code;
    row.detail = frozen.coverage.detail;
    kinds_.push_back(std::move(row));
  }
  journal_.add([this](store::Txn& txn) { write_findings(txn); });
}

// Before any object: which cluster this is, so that no object is ever taken from another one. What
// was measured stands in the record from here on, however the run ends. Called by the journal.
void Pull::write_findings(store::Txn& txn) const {
  const model::Fabric& fabric = subject_.fabric;
  if (auto taken = in_use(txn)) throw std::move(*taken);
  txn.fabrics().set_reach(fabric.id, reached_.value());
  if (!identity_.empty() && !fabric.identity) txn.fabrics().set_identity(fabric.id, identity_);
  if (!identity_.empty() && fabric.identity && fabric.new_identity)
    txn.fabrics().set_new_identity(fabric.id, std::nullopt);
  if (fabric.cluster_version != version_) txn.fabrics().set_cluster_version(fabric.id, version_);

  std::vector<model::Kind> kinds;
  for (const kube::Kind& kind : scope_.to_read) kinds.push_back(record_of(kind));
  for (const Unread& unread : scope_.out_of_scope) kinds.push_back(unread.kind);
  txn.kinds().discovered(fabric.id, kinds);
  for (const auto& list : {scope_.out_of_scope, scope_.frozen})
    for (const Unread& unread : list)
      txn.kinds().set_coverage(fabric.id, {unread.kind.group, unread.kind.kind}, unread.coverage);
}

void Pull::read(const std::stop_token& stop) {
  const base::Doing doing{fmt::format("reading {} kinds", scope_.to_read.size())};
  Reading reading{database_,
                  clock_,
                  settings_,
                  journal_,
                  {.run = subject_.run.id,
                   .fabric = subject_.fabric.id,
                   .kinds = scope_.to_read,
                   .known = subject_.known,
                   .places = places_,
                   .identity_proven = !identity_.empty(),
                   .frozen = kinds_}};
  reading.run(api_, stop);
  marks_ = journal_.finish();
  kinds_ = reading.kinds();
}

model::Run Pull::run_so_far() const {
  model::Run run = subject_.run;
  store::Progress now = journal_.progress();
  run.counts = now.counts;
  run.kinds = std::move(now.kinds);
  run.trace = std::move(now.trace);
  return run;
}

// What had to be asked for more than once is no fault, but it explains the time.
std::string Pull::evidence_of_reading() const {
  const std::uint64_t again = api_.sent_again() - sent_again_before_;
  if (again == 0) return evidence_of(kinds_);
  return fmt::format("{}, {} sent again", evidence_of(kinds_),
                     again == 1 ? "1 request" : fmt::format("{} requests", again));
}

// Nothing of the cluster's objects was read.
Result Pull::stopped(const Failure& why) {
  model::Run run = run_so_far();
  model::TraceLayer& connection = run.trace.at(kConnectionLayer);
  const base::WallTime now = clock_.wall();
  if (why.layer() == kConnectionLayer) {
    finish(connection, LayerState::Failed, now, why.detail());
    run.trace.at(kKubernetesLayer) = {};
  } else {
    if (connection.state == LayerState::Running)
      finish(connection, LayerState::Passed, now, "The connection stands.");
    model::TraceLayer& kubernetes = run.trace.at(kKubernetesLayer);
    if (!kubernetes.started) begin(kubernetes, now);
    finish(kubernetes, LayerState::Failed, now, why.detail());
  }
  const auto took = std::chrono::duration_cast<base::Milliseconds>(clock_.steady() - began_);
  auto reach = writing(subject_.fabric, reach_after(why, now, reached_ ? reached_->took : took));
  if (why.code() != Code::WrongCluster) return failed(std::move(run), why, std::move(reach));
  return failed(
      std::move(run), why,
      [reach = std::move(reach), id = subject_.fabric.id, identity = identity_](store::Txn& txn) {
        reach(txn);
        txn.fabrics().set_new_identity(id, identity);
      });
}

Result Pull::concluded() {
  model::Run run = run_so_far();
  run.kinds = kinds_;
  const model::Ending ending = ending_of(kinds_, gaps_);
  const base::WallTime now = clock_.wall();
  const bool ours = !ending.code || facts_of(*ending.code).layer == kKubernetesLayer;
  const bool any = std::ranges::any_of(
      kinds_, [](const model::KindRead& kind) { return kind.state == LayerState::Passed; });
  const LayerState state = ours  ? layer_state(ending.outcome)
                           : any ? LayerState::Partly
                                 : LayerState::NotReached;
  std::string evidence = evidence_of_reading();
  if (ours && !ending.detail.empty()) evidence += ". " + ending.detail;
  finish(run.trace.at(kKubernetesLayer), state, now, std::move(evidence));
  return {.run = std::move(run),
          .ending = ending,
          .also = [reach = writing(subject_.fabric, reach_after(reached_.value(), kinds_, now)),
                   fabric = subject_.fabric.id, marks = std::move(marks_)](store::Txn& txn) {
            reach(txn);
            write(txn, fabric, marks);
          }};
}

}  // namespace hedgerow::reconcile
