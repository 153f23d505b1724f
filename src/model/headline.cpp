#include "model/headline.hpp"

namespace hedgerow::model {

namespace {

// What a clock that is corrected bit by bit may go back by.
constexpr base::Milliseconds kClockSteps{5'000};

std::string objects(std::int64_t count) {
  return fmt::format("{} object{}", count, count == 1 ? "" : "s");
}

bool unreached(Reach state) noexcept {
  return state == Reach::Unreachable || state == Reach::Refused || state == Reach::Untrusted;
}

std::string_view reach_words(Reach state) noexcept {
  switch (state) {
    case Reach::Unreachable: return "the cluster does not answer";
    case Reach::Refused: return "the cluster refuses our credentials";
    case Reach::Untrusted: return "the cluster's certificate is not trusted";
    default: return "";
  }
}

// What the record held when everything was last read or compared: the last good result.
std::string last_good(const Facts& facts) {
  if (facts.match.state == Match::Matches) return " Last good result: in sync.";
  if (facts.match.state == Match::Differs)
    return fmt::format(" Last result: {} of {} differed.", facts.match.differing,
                       facts.match.compared);
  if (facts.reading.as_of) return fmt::format(" Last read: {}.", objects(facts.reading.objects));
  return " Nothing was ever read.";
}

std::optional<base::WallTime> good_time(const Facts& facts) {
  return facts.match.as_of ? facts.match.as_of : facts.reading.as_of;
}

// The run that ended badly after the last comparison, if one did. By the order of runs: after the
// clock was set back, what ended later may bear the earlier time (I23).
const Run* failing_run(const Facts& facts) {
  if (!facts.last_run || !facts.last_run->ending) return nullptr;
  const Outcome outcome = facts.last_run->ending->outcome;
  if (outcome != Outcome::Failed && outcome != Outcome::Lost) return nullptr;
  const auto compared_by = facts.reading.read_by;
  return compared_by && *compared_by > facts.last_run->id ? nullptr : &*facts.last_run;
}

Headline not_set_up() {
  return {
      .state = HeadlineState::NotSetUp,
      .text = "Neither a cluster nor a repository is set up for this fabric.",
      .as_of = {},
      .next = {.text = "Set up the cluster connection.", .operation = {}, .run = {}, .edit = true},
      .valid_until = {}};
}

Headline paused(const Pause& pause, const std::optional<Run>& last_run) {
  const std::string by = pause.by.empty() ? "" : fmt::format(" by {}", pause.by);
  const std::string_view next =
      pause.code ? facts_of(*pause.code).next : "Nothing runs until somebody resumes it.";
  return {.state = HeadlineState::Paused,
          .text = fmt::format("Paused{}: {}", by, pause.reason),
          .as_of = pause.since,
          .next = {.text = std::string{next},
                   .operation = {},
                   .run = pause.code && last_run ? std::optional{last_run->id} : std::nullopt,
                   .edit = false,
                   .resume = true},
          .valid_until = {}};
}

Headline cannot_reach(const Facts& facts) {
  const std::string why = facts.reach.detail.empty() ? "" : " " + facts.reach.detail;
  const std::string next =
      facts.reach.code ? std::string{facts_of(*facts.reach.code).next} : "Test the connection.";
  return {.state = HeadlineState::CannotTell,
          .text = fmt::format("Cannot tell: {}.{}{}", reach_words(facts.reach.state), why,
                              last_good(facts)),
          .as_of = good_time(facts),
          .next = {.text = next, .operation = Operation::Test, .run = {}, .edit = false},
          .valid_until = {}};
}

Headline failing(const Run& run) {
  const int layer = run.ending->code ? facts_of(*run.ending->code).layer : kLayers;
  const std::string how =
      run.ending->outcome == Outcome::Lost ? "was lost" : fmt::format("failed on layer {}", layer);
  return {
      .state = HeadlineState::Failing,
      .text = fmt::format("{} {} ({}). {}", title_of(run.operation), how, layer_name(layer),
                          run.ending->detail),
      .as_of = run.ended,
      .next = {.text = run.ending->next, .operation = run.operation, .run = run.id, .edit = false},
      .valid_until = {}};
}

Headline incomplete(const Facts& facts) {
  const Reading& reading = facts.reading;
  return {.state = HeadlineState::CannotTell,
          .text = fmt::format("Cannot tell: {} of {} kinds could be read.{}", reading.complete,
                              reading.kinds, last_good(facts)),
          .as_of = good_time(facts),
          .next = {.text = "Look at what could not be read, then sync again.",
                   .operation = Operation::Pull,
                   .run = facts.last_run ? std::optional{facts.last_run->id} : std::nullopt,
                   .edit = false},
          .valid_until = {}};
}

Headline too_old(const Facts& facts, std::string_view why) {
  return {.state = HeadlineState::CannotTell,
          .text = fmt::format("Cannot tell: {}.{}", why, last_good(facts)),
          .as_of = good_time(facts),
          .next = {.text = "Read the cluster again.",
                   .operation = Operation::Pull,
                   .run = {},
                   .edit = false},
          .valid_until = {}};
}

Headline compared(const Facts& facts, base::WallTime until) {
  const MatchFact& match = facts.match;
  if (match.state == Match::Differs) {
    return {.state = HeadlineState::Differs,
            .text = fmt::format("{} of {} differ between desired and cluster.", match.differing,
                                objects(match.compared)),
            .as_of = match.as_of,
            .next = {.text = "Look at the differences, or read the cluster again.",
                     .operation = Operation::Pull,
                     .run = {},
                     .edit = false},
            .valid_until = until};
  }
  return {.state = HeadlineState::InSync,
          .text = fmt::format("In sync: {} match.", objects(match.compared)),
          .as_of = match.as_of,
          .next = {.text = "Nothing to do.", .operation = {}, .run = {}, .edit = false},
          .valid_until = until};
}

Headline declared_only() {
  return {
      .state = HeadlineState::DeclaredOnly,
      .text = "Declared only: no cluster is set up to compare with.",
      .as_of = {},
      .next = {.text = "Set up the cluster connection.", .operation = {}, .run = {}, .edit = true},
      .valid_until = {}};
}

Headline read(const Facts& facts, base::WallTime until) {
  return {
      .state = HeadlineState::Read,
      .text = fmt::format("{} read. Nothing declares them yet.", objects(facts.reading.objects)),
      .as_of = facts.reading.as_of,
      .next = {.text = "Read the cluster again whenever you need to be sure.",
               .operation = Operation::Pull,
               .run = {},
               .edit = false},
      .valid_until = until};
}

Headline not_measured() {
  return {.state = HeadlineState::NotMeasured,
          .text = "Not measured: this fabric has not been read yet.",
          .as_of = {},
          .next = {.text = "Read the cluster for the first time.",
                   .operation = Operation::Pull,
                   .run = {},
                   .edit = false},
          .valid_until = {}};
}

}  // namespace

Reading reading_of(std::span<const KindState> kinds) {
  Reading reading;
  bool never = false;
  bool unknown = false;
  for (const KindState& kind : kinds) {
    if (kind.coverage == Coverage::OutOfScope) continue;
    ++reading.kinds;
    reading.objects += kind.objects;
    reading.complete += kind.coverage == Coverage::Readable && kind.as_of.has_value();
    if (!kind.as_of)
      never = true;
    else
      reading.as_of = std::min(reading.as_of.value_or(*kind.as_of), *kind.as_of);
    if (!kind.read_by)
      unknown = true;
    else
      reading.read_by = std::min(reading.read_by.value_or(*kind.read_by), *kind.read_by);
  }
  if (never) reading.as_of.reset();
  if (unknown) reading.read_by.reset();
  return reading;
}

MatchFact match_of(const Reading& reading, bool declared) noexcept {
  if (reading.kinds == 0) return {};
  if (!reading.whole()) return {.state = Match::CannotCompare, .as_of = reading.as_of};
  if (!declared) return {.state = Match::NothingToCompare, .as_of = reading.as_of};
  return {};
}

Headline headline(const Facts& facts, base::WallTime now) {
  if (!facts.has_cluster && !facts.has_repository) return not_set_up();
  if (facts.pause) return paused(*facts.pause, facts.last_run);
  if (unreached(facts.reach.state)) return cannot_reach(facts);
  if (const Run* run = failing_run(facts)) return failing(*run);

  const auto measured = good_time(facts);
  if (facts.reading.kinds > 0 && !facts.reading.whole()) return incomplete(facts);
  if (measured && now - *measured >= facts.fresh_for)
    return too_old(facts, "the last complete reading is too old");
  // The clock was set back while the machine was off: nobody knows how long ago that was.
  if (measured && *measured - now > kClockSteps)
    return too_old(facts, "the last complete reading bears a time that is yet to come");
  const bool is_compared =
      facts.match.state == Match::Differs || facts.match.state == Match::Matches;
  if (is_compared && measured) return compared(facts, *measured + facts.fresh_for);
  if (!facts.has_cluster) return declared_only();
  if (facts.reading.whole() && measured) return read(facts, *measured + facts.fresh_for);
  return not_measured();
}

}  // namespace hedgerow::model
