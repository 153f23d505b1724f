#include "reconcile/conclusion.hpp"

namespace hedgerow::reconcile {

using base::Code;
using base::Failure;
using model::KindRead;
using model::LayerState;
using model::Outcome;
using model::Reach;

namespace {

Reach reach_of(Code code) noexcept {
  switch (code) {
    case Code::NotConfigured: return Reach::NotSetUp;
    case Code::TlsUntrusted:
    case Code::TlsName:
    case Code::TlsExpired: return Reach::Untrusted;
    case Code::ClusterUnauthorized:
    case Code::ClusterForbidden: return Reach::Refused;
    // It answered, so it was reached: what it answered is the run's business.
    case Code::ClusterInUse: return Reach::Reachable;
    case Code::ClusterTimeout: return Reach::Unreachable;
    default: break;
  }
  return facts_of(code).layer == kConnectionLayer ? Reach::Unreachable : Reach::Reachable;
}

void add(std::string& text, std::string_view part) {
  if (!text.empty()) text += ", ";
  text += part;
}

void add(std::string& text, std::string_view phase, std::optional<base::Milliseconds> took) {
  if (took) add(text, fmt::format("{} {} ms", phase, took->count()));
}

bool is_read(const KindRead& kind) noexcept { return kind.state == LayerState::Passed; }

}  // namespace

Reach reach_of(const Failure& failure) noexcept { return reach_of(failure.code()); }

model::ReachFact reach_after(const Failure& failure, base::WallTime as_of,
                             base::Milliseconds took) {
  const Reach state = reach_of(failure);
  if (state == Reach::Reachable)
    return {.state = state, .as_of = as_of, .code = {}, .detail = {}, .took = took};
  return {.state = state,
          .as_of = as_of,
          .code = failure.code(),
          .detail = failure.detail(),
          .took = took};
}

model::ReachFact reach_after(const model::ReachFact& first, std::span<const KindRead> kinds,
                             base::WallTime as_of) {
  const auto speaks = [&](const KindRead& kind) -> model::ReachFact {
    return {.state = reach_of(*kind.code),
            .as_of = as_of,
            .code = kind.code,
            .detail = kind.detail,
            .took = first.took};
  };
  const KindRead* unreached = nullptr;
  bool answered = false;
  for (const KindRead& kind : kinds) {
    // Credentials that are refused once are refused from now on.
    if (kind.code == Code::ClusterUnauthorized) return speaks(kind);
    // Where some namespaces are refused, the others have answered.
    const bool in_part = kind.code == Code::ClusterForbidden && kind.state == LayerState::Partly;
    if (kind.code && !in_part && reach_of(*kind.code) != Reach::Reachable)
      unreached = unreached == nullptr ? &kind : unreached;
    else
      answered = answered || kind.pages > 0;
  }
  return unreached == nullptr || answered ? first : speaks(*unreached);
}

std::string evidence_of(const kube::Version& version) {
  const outbound::Evidence& seen = version.evidence;
  std::string text;
  if (!seen.address.empty()) add(text, seen.address);
  if (seen.reused) add(text, "connection kept from before");
  add(text, "DNS", seen.dns);
  add(text, "TCP", seen.tcp);
  add(text, "TLS", seen.tls);
  add(text, "first byte", seen.first_byte);
  if (seen.tries > 1) add(text, fmt::format("{} tries", seen.tries));
  if (seen.certificate)
    add(text, "certificate until " + base::rfc3339(seen.certificate->ends).substr(0, 10));
  add(text, version.git_version);
  return text;
}

std::string evidence_of(std::span<const KindRead> kinds) {
  std::int64_t objects = 0;
  for (const KindRead& kind : kinds) objects += kind.listed;
  return fmt::format("{} of {} kinds, {} objects", std::ranges::count_if(kinds, is_read),
                     kinds.size(), objects);
}

model::Ending ending_of(std::span<const KindRead> kinds, std::span<const Failure> gaps) {
  for (const KindRead& kind : kinds) {
    if (kind.code != Code::ClusterUnauthorized) continue;
    return {.outcome = Outcome::Failed,
            .code = kind.code,
            .detail = kind.detail,
            .next = std::string{facts_of(*kind.code).next}};
  }
  if (kinds.empty() && !gaps.empty()) return model::ending_of(gaps.front());
  model::Ending ending = model::ending_of(kinds);
  const bool in_part = std::ranges::any_of(
      kinds, [](const KindRead& kind) { return kind.state == LayerState::Partly; });
  if (ending.outcome == Outcome::Failed && in_part) ending.outcome = Outcome::Partly;
  if (ending.outcome == Outcome::Succeeded && !gaps.empty()) {
    ending = model::ending_of(gaps.front());
    ending.outcome = Outcome::Partly;
  }
  return ending;
}

LayerState layer_state(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::Succeeded: return LayerState::Passed;
    case Outcome::Partly: return LayerState::Partly;
    default: return LayerState::Failed;
  }
}

}  // namespace hedgerow::reconcile
