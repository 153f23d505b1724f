#include "model/run.hpp"

#include "base/check.hpp"

namespace hedgerow::model {

namespace {

std::string plural(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string counted(const Counts& counts) {
  std::string text = fmt::format("{} created, {} changed, {} unchanged, {} removed", counts.created,
                                 counts.changed, counts.unchanged, counts.removed);
  if (counts.skipped > 0) text += fmt::format(", {} skipped", counts.skipped);
  if (counts.failed > 0) text += fmt::format(", {} failed", counts.failed);
  return text;
}

// What stands in the record after a run that did not read everything.
std::string left_behind(const Run& run) {
  if (run.ending->code == base::Code::FabricDeleted)
    return "What was recorded of it went with it; its cluster was not changed.";
  std::int64_t complete = 0;
  for (const KindRead& kind : run.kinds) complete += kind.state == LayerState::Passed;
  if (complete == 0 && run.counts == Counts{})
    return "Nothing in the record was changed; what it shows is as of the last complete reading.";
  return fmt::format(
      "{} read completely; the others are as before or in part, and nothing of them "
      "was removed.",
      plural(complete, "kind"));
}

}  // namespace

Counts& Counts::operator+=(const Counts& more) noexcept {
  created += more.created;
  changed += more.changed;
  unchanged += more.unchanged;
  removed += more.removed;
  skipped += more.skipped;
  failed += more.failed;
  return *this;
}

std::string_view layer_name(int layer) noexcept {
  constexpr std::array<std::string_view, kLayers> kNames{
      "Script",     "Transport", "Session length",           "CSRF", "Authentication", "Permission",
      "Connection", "State",     "Kubernetes, Git, database"};
  CHECK(layer >= 1 && layer <= kLayers);
  return kNames[static_cast<std::size_t>(layer - 1)];
}

LastRun last_run_state(const Run& run) noexcept {
  if (run.state == RunState::Queued) return LastRun::Queued;
  if (run.state == RunState::Running) return LastRun::Running;
  CHECK(run.ending);
  switch (run.ending->outcome) {
    case Outcome::Succeeded: return LastRun::Succeeded;
    case Outcome::Partly: return LastRun::Partly;
    case Outcome::Failed: return LastRun::Failed;
    case Outcome::Cancelled: return LastRun::Cancelled;
    case Outcome::Lost: return LastRun::Lost;
  }
  return LastRun::Failed;
}

bool only_reads(Operation operation) noexcept {
  return operation != Operation::Push && operation != Operation::GitPush;
}

Ending ending_of(const base::Failure& failure) {
  // A code that stops only a part has stopped the whole run when it arrives here.
  const auto outcome = named<Outcome>(facts_of(failure.code()).run);
  const bool whole = outcome == Outcome::Cancelled || outcome == Outcome::Lost;
  return {.outcome = whole ? *outcome : Outcome::Failed,
          .code = failure.code(),
          .detail = failure.detail(),
          .next = failure.next()};
}

Ending ending_of(std::span<const KindRead> kinds) {
  const auto broken = std::find_if(kinds.begin(), kinds.end(), [](const KindRead& kind) {
    return kind.state != LayerState::Passed;
  });
  if (kinds.empty()) {
    return ending_of(base::Failure{base::Code::NoKinds, base::Cause::Missing});
  }
  if (broken == kinds.end()) return {};
  const auto read = std::count_if(kinds.begin(), kinds.end(), [](const KindRead& kind) {
    return kind.state == LayerState::Passed;
  });
  const base::Code code = broken->code.value_or(base::Code::InternalFault);
  return {.outcome = read > 0 ? Outcome::Partly : Outcome::Failed,
          .code = code,
          .detail =
              fmt::format("{} of {} could be read. {}", read,
                          plural(static_cast<std::int64_t>(kinds.size()), "kind"), broken->detail),
          .next = std::string{facts_of(code).next}};
}

std::string summary_of(const Run& run) {
  if (run.state == RunState::Queued) return fmt::format("{} waits.", title_of(run.operation));
  if (run.state == RunState::Running) return fmt::format("{} is running.", title_of(run.operation));
  CHECK(run.ending);
  if (run.operation == Operation::Test) {
    return run.ending->outcome == Outcome::Succeeded ? "Every rung of the connection answers."
                                                     : run.ending->detail;
  }
  if (run.ending->outcome == Outcome::Succeeded) {
    const auto kinds = static_cast<std::int64_t>(run.kinds.size());
    return fmt::format("{} read completely: {}.", plural(kinds, "kind"), counted(run.counts));
  }
  if (run.ending->outcome == Outcome::Partly)
    return fmt::format("{} {}.", run.ending->detail, counted(run.counts));
  return fmt::format("{} {}", run.ending->detail, left_behind(run));
}

std::string_view title_of(Operation operation) noexcept {
  switch (operation) {
    case Operation::Pull: return "Sync from Fabric";
    case Operation::Push: return "Sync to Kubernetes";
    case Operation::GitPull: return "Sync from Git";
    case Operation::GitPush: return "Commit to Git";
    case Operation::Compare: return "Compare";
    case Operation::Test: return "Test connection";
  }
  return "";
}

}  // namespace hedgerow::model
