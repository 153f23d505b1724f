#include "reconcile/reading.hpp"

#include "reconcile/attempt.hpp"
#include "reconcile/compare.hpp"
#include "reconcile/conclusion.hpp"

namespace hedgerow::reconcile {

using base::Cause;
using base::Code;
using base::Failure;
using model::Coverage;
using model::LayerState;

namespace {

Failure doubled(const kube::Kind& kind, const kube::Item& item) {
  return {Code::Malformed, Cause::Refused,
          fmt::format("The cluster's list of {} holds {}/{} twice.", kind.resource(), item.space,
                      item.name)};
}

bool is_refusal(const std::optional<Failure>& broken) {
  return broken && broken->code() == Code::ClusterForbidden;
}

model::KindRead row_of(const kube::Kind& kind) {
  model::KindRead row;
  row.group = kind.group;
  row.kind = kind.kind;
  return row;
}

}  // namespace

Reading::Reading(store::Database& database, const base::Clock& clock, const Settings& settings,
                 Journal& journal, Plan plan)
    : database_{database},
      clock_{clock},
      settings_{settings},
      journal_{journal},
      plan_{std::move(plan)} {
  plan_lists();
  recall();
}

void Reading::plan_lists() {
  work_.resize(plan_.kinds.size());
  for (std::size_t i = 0; i < plan_.kinds.size(); ++i) {
    const kube::Kind& kind = plan_.kinds[i];
    table_.push_back(row_of(kind));
    if (!kind.namespaced) add_list(i, nullptr);
    for (const Place& place : plan_.places)
      if (kind.namespaced && place.listable) add_list(i, &place);
  }
  table_.insert(table_.end(), plan_.frozen.begin(), plan_.frozen.end());
}

void Reading::add_list(std::size_t kind, const Place* place) {
  List list;
  list.kind = kind;
  list.place = place;
  work_[kind].lists.push_back(lists_.size());
  ++work_[kind].open;
  lists_.push_back(std::move(list));
  requests_.push_back({plan_.kinds[kind], place == nullptr ? std::string{} : place->space});
}

// Of each kind: at which version it was proven, and whether it is frozen from before.
void Reading::recall() {
  std::map<store::KindName, const model::KindState*> known;
  for (const model::KindState& state : plan_.known)
    known.emplace(store::KindName{state.kind.group, state.kind.kind}, &state);
  for (std::size_t i = 0; i < plan_.kinds.size(); ++i) {
    const auto found = known.find(kind_name(plan_.kinds[i]));
    if (found == known.end()) continue;
    work_[i].proven_at = found->second->resource_version;
    if (found->second->rewound)
      work_[i].rewound = rewound_before(plan_.kinds[i], *found->second->rewound);
  }
}

void Reading::run(kube::Api& api, const std::stop_token& stop) {
  for (std::size_t i = 0; i < work_.size(); ++i)
    if (work_[i].open == 0) settle(i);
  asked_ = clock_.wall();
  asked_tick_ = clock_.since_boot();
  list(api, stop);
  list_by_namespace(api, stop);
  settle_lacking();
}

void Reading::list(kube::Api& api, const std::stop_token& stop) {
  for (std::size_t i = 0; i < settings_.lists_at_once; ++i) mark_running();
  tell();
  const auto requests = std::span{requests_}.subspan(first_);
  if (!requests.empty())
    static_cast<void>(api.list_kinds(requests, settings_.lists_at_once, *this, stop));
}

std::vector<std::size_t> Reading::withheld_kinds() {
  std::vector<std::size_t> kinds;
  for (std::size_t kind = 0; kind < work_.size(); ++kind)
    if (work_[kind].withheld) kinds.push_back(kind);
  return kinds;
}

// The account may have its rights by namespace. Those that the cluster shows exist, so what their
// lists lack is gone; of any other namespace nothing is known.
void Reading::list_by_namespace(kube::Api& api, const std::stop_token& stop) {
  const auto kinds = withheld_kinds();
  if (kinds.empty()) return;
  const base::Doing doing{"asking for the namespaces"};
  const auto spaces = attempt([&] { return api.namespaces(stop); });
  std::optional<Failure> why;
  if (!spaces)
    why = spaces.error();
  else if (spaces->size() > settings_.kube.namespaces_max)
    why = too_many_namespaces(spaces->size(), settings_.kube.namespaces_max);
  if (why) {
    for (const std::size_t kind : kinds) {
      lists_[work_[kind].lists.front()].broken = nowhere_to_ask(*work_[kind].withheld, *why);
      settle(kind);
    }
    return tell();
  }
  for (const std::string& space : *spaces)
    visible_.push_back({.space = space, .unproven = {}, .listable = true});
  first_ = lists_.size();
  for (const std::size_t kind : kinds) {
    work_[kind].lists.clear();
    for (const Place& place : visible_) add_list(kind, &place);
    work_[kind].astray = find_astray(kind);
  }
  list(api, stop);
}

// What the record has of the kind in namespaces that the cluster does not show.
std::optional<Failure> Reading::find_astray(std::size_t kind) const {
  std::set<std::string_view> asked;
  for (const Place& place : visible_) asked.insert(place.space);
  std::map<std::string, std::size_t> astray;
  database_.read([&](const store::Snapshot& seen) {
    astray.clear();
    const auto count = [&](const store::Known& known) {
      const bool present = !known.removed && !known.out_of_scope;
      if (present && !asked.contains(known.name_space)) ++astray[std::string{known.name_space}];
    };
    seen.objects().known(plan_.fabric, kind_name(plan_.kinds[kind]), {}, count);
  });
  if (astray.empty()) return std::nullopt;
  return namespace_gone(plan_.kinds[kind], astray.begin()->first, astray.begin()->second);
}

// A kind of which something seems to be gone waits for all the others: one that shows that the
// cluster went back speaks for all of them.
bool Reading::lacks_some(std::size_t kind) const {
  return std::ranges::any_of(work_[kind].lists,
                             [this](std::size_t list) { return !lists_[list].gone.empty(); });
}

void Reading::settle_lacking() {
  const bool went_back =
      model::rewound_since(plan_.known).has_value() ||
      std::ranges::any_of(work_, [](const KindWork& work) { return work.rewound.has_value(); });
  for (std::size_t kind = 0; kind < work_.size(); ++kind) {
    if (!lacks_some(kind)) continue;
    if (went_back && !work_[kind].rewound) work_[kind].rewound = rewound_beside(plan_.kinds[kind]);
    settle(kind);
  }
  tell();
}

void Reading::item(std::size_t request, const kube::Item& item) {
  request += first_;
  List& list = lists_.at(request);
  if (list.broken) return;
  ++list.items;
  ++table_[list.kind].listed;
  // Of a kind that went back nothing is compared, but how much there is can be said.
  if (work_[list.kind].rewound) return;
  if (!list.memory) remember(request);
  take(list, item);
  if (clock_.steady() - told_ >= settings_.progress_each) tell();
}

void Reading::restarted(std::size_t request) {
  request += first_;
  List& list = lists_.at(request);
  table_[list.kind].listed -= list.items;
  list.items = 0;
  list.unchanged = 0;
  list.held.clear();
  list.held_bytes = 0;
  list.fresh.clear();
  list.broken.reset();
  if (!list.passed_on.empty()) journal_.drain();
  remember(request);
}

void Reading::ended(std::size_t request, const kube::ListResult& result) {
  request += first_;
  List& list = lists_.at(request);
  model::KindRead& row = table_[list.kind];
  row.pages += static_cast<int>(result.pages);
  row.tries = std::max(row.tries, static_cast<int>(result.tries));
  row.took = std::max(row.took, result.took);
  if (!list.broken) list.broken = result.failure;
  KindWork& work = work_[list.kind];
  if (!list.broken && !work.rewound)
    work.rewound = rewound_list(plan_.kinds[list.kind], result.resource_version, work.proven_at);
  if (list.broken || work.rewound) {
    list.unchanged = 0;
  } else {
    // An empty list has brought no item.
    if (!list.memory) remember(request);
    list.resource_version = result.resource_version;
    pass_on(list);
    find_unseen(list);
  }
  list.held = {};
  list.memory.reset();
  list.fresh = {};
  list.passed_on = {};
  const bool withheld =
      list.place != nullptr && list.place->space.empty() && is_refusal(list.broken);
  if (withheld) work.withheld = list.broken;
  if (--work.open == 0 && !withheld && !lacks_some(list.kind)) settle(list.kind);
  mark_running();
  tell();
}

// Requests are sent in their order.
void Reading::mark_running() {
  if (begun_ == lists_.size()) return;
  model::KindRead& row = table_[lists_[begun_++].kind];
  if (row.state == LayerState::NotReached) row.state = LayerState::Running;
}

void Reading::remember(std::size_t request) {
  List& list = lists_.at(request);
  const std::string& space = requests_[request].space;
  database_.read([&](const store::Snapshot& seen) {
    list.memory.emplace();
    seen.objects().known(plan_.fabric, kind_name(plan_.kinds[list.kind]), space,
                         [&](const store::Known& known) { list.memory->add(known); });
  });
  list.memory->seal();
}

void Reading::take(List& list, const kube::Item& item) {
  const std::size_t place = list.memory->find(item.space, item.name);
  if (place == Memory::kNone) {
    if (list.fresh.insert(name_hash(item)).second)
      take_other(list, item, nullptr);
    else
      list.broken = doubled(plan_.kinds[list.kind], item);
    return;
  }
  if (!list.memory->see(place)) {
    list.broken = doubled(plan_.kinds[list.kind], item);
    return;
  }
  const store::Known before = list.memory->at(place);
  if (!is_same(before, item)) return take_other(list, item, &before);
  list.unchanged += !is_ours(list, item);
}

// After a restart the record may have it from this very run, which counted it then.
bool Reading::is_ours(const List& list, const kube::Item& item) {
  return !list.passed_on.empty() && list.passed_on.contains(name_hash(item));
}

void Reading::take_other(List& list, const kube::Item& item, const store::Known* before) {
  const auto digest = attempt([&] { return base::content_digest(item.document); });
  if (!digest) {
    // Freezes this kind alone.
    list.broken = digest.error();
    return;
  }
  const Became became = compare(before, item, *digest);
  if (became == Became::Older) {
    work_[list.kind].rewound = rewound_object(plan_.kinds[list.kind], *before, item);
    return;
  }
  if (became == Became::Touched || became == Became::Unchanged)
    list.unchanged += !is_ours(list, item);
  if (became == Became::Unchanged) return;
  const model::ObjectId id = before == nullptr ? model::ObjectId{} : before->id;
  hold(list, write_of(became, plan_.kinds[list.kind], item, *digest, id));
}

std::uint64_t Reading::name_hash(const kube::Item& item) {
  scratch_.assign(item.space).append(1, '/').append(item.name);
  return base::quick_hash(scratch_);
}

void Reading::hold(List& list, store::ObjectWrite write) {
  list.held_bytes += write.observed.document.size();
  list.held.push_back(std::move(write));
  if (!journal_.is_worth_it(list.held.size(), list.held_bytes)) return;
  for (const store::ObjectWrite& held : list.held) {
    // What is only touched counts as unchanged, and a restart counts those anew.
    if (held.act == store::Act::Touched) continue;
    const model::Identity& identity = held.identity;
    list.passed_on.insert(base::quick_hash(identity.name_space + "/" + identity.name));
  }
  pass_on(list);
}

void Reading::pass_on(List& list) {
  journal_.add(std::exchange(list.held, {}));
  list.held_bytes = 0;
}

// Another list of the kind may still show that the cluster went back: then nothing is removed.
void Reading::find_unseen(List& list) {
  if (!plan_.identity_proven || (list.place != nullptr && list.place->unproven)) return;
  list.memory->each_unseen([&](const store::Known& gone) {
    list.gone.push_back(tombstone(plan_.kinds[list.kind], gone));
  });
}

void Reading::settle(std::size_t kind) {
  const bool rewound = work_[kind].rewound.has_value();
  close_lists(kind, rewound);
  model::KindRead& row = table_[kind];
  Mark mark{.kind = kind_name(plan_.kinds[kind]), .coverage = {}, .proof = {}, .rewound = {}};
  if (rewound) mark.rewound = clock_.wall();
  const Spaces spaces = spaces_of(kind);
  if (const auto problem = problem_of(kind, spaces)) {
    const bool any = std::ranges::any_of(work_[kind].lists,
                                         [this](std::size_t list) { return !lists_[list].broken; });
    row.state = any && !rewound ? LayerState::Partly : LayerState::Failed;
    row.code = problem->code();
    row.detail = problem->detail();
    if (problem->code() == Code::ClusterForbidden) row.remedy = rule_for(plan_.kinds[kind], spaces);
    mark.coverage = {Coverage::NotReadable, row.code, row.detail, row.remedy};
  } else {
    row.state = LayerState::Passed;
    mark.coverage.coverage = Coverage::Readable;
    if (work_[kind].withheld) mark.coverage.detail = read_by_namespace(spaces.read);
    if (plan_.identity_proven) mark.proof = proof_of(kind);
  }
  journal_.add(std::move(mark));
}

// What the lists lack is removed, and what they have unchanged counts; of a kind whose cluster went
// back neither.
void Reading::close_lists(std::size_t kind, bool rewound) {
  for (const std::size_t each : work_[kind].lists) {
    List& list = lists_[each];
    if (rewound) list.unchanged = 0;
    auto gone = std::exchange(list.gone, {});
    if (!rewound) journal_.add(std::move(gone));
  }
}

Spaces Reading::spaces_of(std::size_t kind) const {
  Spaces spaces;
  for (const std::size_t each : work_[kind].lists) {
    const List& list = lists_[each];
    if (list.place == nullptr || list.place->space.empty()) continue;
    if (!list.broken) spaces.read.push_back(list.place->space);
    if (is_refusal(list.broken)) spaces.refused.push_back(list.place->space);
  }
  return spaces;
}

// Why the kind was not read completely.
std::optional<Failure> Reading::problem_of(std::size_t kind, const Spaces& spaces) const {
  const KindWork& work = work_[kind];
  const List* broken = nullptr;
  for (const std::size_t list : work.lists) {
    // A refusal says least: the others may say that the credentials have ended.
    if (lists_[list].broken && (broken == nullptr || is_refusal(broken->broken)))
      broken = &lists_[list];
  }
  if (broken != nullptr && is_refusal(broken->broken) && !spaces.refused.empty())
    return work.withheld && spaces.read.empty() ? work.withheld
                                                : refused_in(plan_.kinds[kind], spaces);
  if (broken != nullptr) return broken->broken;
  if (work.rewound) return work.rewound;
  if (work.astray) return work.astray;
  if (!plan_.kinds[kind].namespaced) return std::nullopt;
  for (const Place& place : plan_.places)
    if (place.unproven) return place.unproven;
  return std::nullopt;
}

// Lists of several namespaces are of several moments: the kind is proven at the earliest.
store::KindProof Reading::proof_of(std::size_t kind) const {
  store::KindProof proof{
      .by = plan_.run, .as_of = asked_, .tick = asked_tick_, .resource_version = {}};
  for (const std::size_t list : work_[kind].lists) {
    const std::string& version = lists_[list].resource_version;
    if (proof.resource_version.empty() || model::is_older(version, proof.resource_version))
      proof.resource_version = version;
  }
  return proof;
}

void Reading::tell() {
  told_ = clock_.steady();
  std::int64_t unchanged = 0;
  for (const List& list : lists_) unchanged += list.unchanged;
  journal_.show([&](store::Progress& progress) {
    progress.kinds = table_;
    progress.counts.unchanged = unchanged;
    progress.trace.at(kKubernetesLayer).evidence = evidence_of(table_);
  });
}

}  // namespace hedgerow::reconcile
