// The one computed status of a fabric: facts and the present instant in, one sentence and its next
// step out. Never stored; a snapshot says until when it holds.
#pragma once

#include "model/fabric.hpp"
#include "model/kind.hpp"
#include "model/run.hpp"

namespace hedgerow::model {

struct MatchFact {
  Match state = Match::NotMeasured;
  std::optional<base::WallTime> as_of;
  std::int64_t differing = 0;
  std::int64_t compared = 0;
};

// What the kinds' markers prove together.
struct Reading {
  std::int64_t kinds = 0;     // In scope.
  std::int64_t complete = 0;  // Of these, read to the end at the last try.
  std::int64_t objects = 0;   // Present in the record.
  std::optional<base::WallTime>
      as_of;  // The oldest of the complete lists; nothing while one was never read.
  // The first of the runs that read them; runs of a fabric follow each other.
  std::optional<RunId> read_by;

  [[nodiscard]] bool whole() const noexcept { return kinds > 0 && complete == kinds; }
};

[[nodiscard]] Reading reading_of(std::span<const KindState> kinds);

struct Facts {
  bool has_cluster = false;
  bool has_repository = false;
  std::optional<Pause> pause;
  ReachFact reach;
  MatchFact match;
  Reading reading;
  bool declared = false;            // Some side other than the cluster's states anything.
  std::optional<Run> last_run;      // The latest ended run that is no test.
  base::Milliseconds fresh_for{0};  // Two intervals of the schedule, or the limit without one.
};

struct Next {
  std::string text;
  std::optional<Operation> operation;
  std::optional<RunId> run;
  bool edit = false;
  bool resume = false;  // The pause is to be ended.
};

struct Headline {
  HeadlineState state = HeadlineState::NotMeasured;
  std::string text;
  std::optional<base::WallTime> as_of;
  Next next;
  std::optional<base::WallTime> valid_until;
};

// The first rule that applies, in the order of the design: not set up, paused, cannot tell (reach),
// failing, cannot tell (old or incomplete), differs, in sync, declared only, read, not measured.
[[nodiscard]] Headline headline(const Facts& facts, base::WallTime now);

// What "Does it match?" says while nothing declares anything, or when it cannot be told.
[[nodiscard]] MatchFact match_of(const Reading& reading, bool declared) noexcept;

}  // namespace hedgerow::model
