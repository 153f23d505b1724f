#include "reconcile/ladder.hpp"

#include "model/kind.hpp"

namespace hedgerow::reconcile {

namespace {

std::vector<store::MeasuredRung> all_rungs() {
  std::vector<store::MeasuredRung> rungs;
  for (std::size_t i = 0; i < kube::kRungCount; ++i)
    rungs.push_back({.rung = rung_of(static_cast<kube::RungName>(i)),
                     .state = model::RungState::NotReached,
                     .took = {},
                     .evidence = {},
                     .code = {},
                     .detail = {},
                     .next = {},
                     .remedy = {}});
  return rungs;
}

model::RungState state_of(kube::RungState state) noexcept {
  switch (state) {
    case kube::RungState::Passed: return model::RungState::Passed;
    case kube::RungState::Failed: return model::RungState::Failed;
    case kube::RungState::NotReached: return model::RungState::NotReached;
  }
  return model::RungState::NotReached;
}

}  // namespace

model::Rung rung_of(kube::RungName name) noexcept {
  switch (name) {
    case kube::RungName::Address: return model::Rung::Address;
    case kube::RungName::Tcp: return model::Rung::Tcp;
    case kube::RungName::Tls: return model::Rung::Tls;
    case kube::RungName::Http: return model::Rung::Http;
    case kube::RungName::Kubernetes: return model::Rung::Kubernetes;
    case kube::RungName::Credentials: return model::Rung::Credentials;
    case kube::RungName::Identity: return model::Rung::Identity;
    case kube::RungName::Kinds: return model::Rung::Kinds;
    case kube::RungName::Rights: return model::Rung::Rights;
  }
  return model::Rung::Address;
}

store::MeasuredRung measured(const kube::Rung& rung) {
  store::MeasuredRung row{.rung = rung_of(rung.name),
                          .state = state_of(rung.state),
                          .took = {},
                          .evidence = rung.evidence,
                          .code = {},
                          .detail = {},
                          .next = {},
                          .remedy = {}};
  if (rung.state != kube::RungState::NotReached) row.took = rung.took;
  if (!rung.failure) return row;
  row.code = rung.failure->code();
  row.detail = rung.failure->detail();
  row.next = rung.failure->next();
  return row;
}

model::Ending ending_of(const kube::Climb& climb) {
  const base::Failure* failure = climb.failure();
  if (failure == nullptr) return {};
  model::Ending ending = model::ending_of(*failure);
  const bool some_readable = !climb.unreadable.empty() &&
                             (climb.unreadable.size() < climb.kinds.size() || climb.in_part > 0);
  if (some_readable && ending.outcome == model::Outcome::Failed)
    ending.outcome = model::Outcome::Partly;
  return ending;
}

Climbed climb(const kube::Connection& connection, const Ladder& ladder, const OnRungs& on_rungs,
              const std::stop_token& stop) {
  Climbed climbed;
  auto& rungs = climbed.rungs = all_rungs();
  const auto tell = [&](const kube::Rung& rung) {
    const auto place = static_cast<std::size_t>(rung.name);
    rungs.at(place) = measured(rung);
    const bool goes_on = rung.state == kube::RungState::Passed && place + 1 < rungs.size();
    if (goes_on) rungs[place + 1].state = model::RungState::Running;
    if (on_rungs) on_rungs(rungs);
  };
  rungs.front().state = model::RungState::Running;
  if (on_rungs) on_rungs(rungs);
  const auto reads = [](const kube::Kind& kind) {
    return model::never_mirrored(kind.group, kind.kind).empty();
  };
  const kube::ClimbPlan plan{
      .wanted = model::is_hedgehog, .reads = reads, .spaces = ladder.namespaces, .on_rung = tell};
  climbed.climb = kube::climb(connection, ladder.settings, ladder.around, plan, stop);
  if (!climbed.climb.unreadable.empty())
    rungs.back().remedy = kube::rbac_rule(climbed.climb.unreadable);
  climbed.ending = ending_of(climbed.climb);
  return climbed;
}

}  // namespace hedgerow::reconcile
