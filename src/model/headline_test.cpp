// tidy: a table of data (the rules of the headline, row by row)
#include "model/headline.hpp"

#include <gtest/gtest.h>

namespace hedgerow::model {
namespace {

using base::Code;
using base::WallTime;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kNow = base::wall_time(1'800'000'000'000);

// A fabric that was read completely a minute ago and that nothing declares.
Facts facts_read() {
  Facts facts;
  facts.has_cluster = true;
  facts.fresh_for = minutes{10};
  facts.reach = {.state = Reach::Reachable, .as_of = kNow - minutes{1}};
  facts.reading = {
      .kinds = 21, .complete = 21, .objects = 48, .as_of = kNow - minutes{1}, .read_by = RunId{11}};
  facts.match = match_of(facts.reading, false);
  return facts;
}

Facts facts_compared(Match state, std::int64_t differing) {
  Facts facts = facts_read();
  facts.declared = true;
  facts.match = {
      .state = state, .as_of = kNow - minutes{1}, .differing = differing, .compared = 48};
  return facts;
}

Run ended(Outcome outcome, Code code, WallTime at) {
  Run run;
  run.id = {12};
  run.state = RunState::Ended;
  run.ended = at;
  run.ending =
      Ending{.outcome = outcome, .code = code, .detail = "It happened.", .next = "Do this."};
  return run;
}

struct Row {
  std::string_view claim;
  std::function<Facts()> facts;
  HeadlineState state;
  std::string_view says;
};

std::vector<Row> rows_in_order() {
  const auto with = [](Facts facts, const std::function<void(Facts&)>& change) {
    change(facts);
    return facts;
  };
  return {
      {"nothing set up", [] { return Facts{}; }, HeadlineState::NotSetUp, "Neither"},
      {"paused wins over a dead cluster",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.pause = Pause{.reason = "move of rack 4", .by = "bob", .since = kNow, .code = {}};
           f.reach.state = Reach::Unreachable;
         });
       },
       HeadlineState::Paused, "Paused by bob: move of rack 4"},
      {"not set up wins over paused",
       [] {
         Facts facts;
         facts.pause = Pause{.reason = "move of rack 4", .by = "bob", .since = kNow, .code = {}};
         return facts;
       },
       HeadlineState::NotSetUp, "Neither"},
      {"quarantined says what to do",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.pause = Pause{.reason = "2 runs in a row lost their worker.",
                           .by = "Hedgerow",
                           .since = kNow,
                           .code = base::Code::Quarantined};
         });
       },
       HeadlineState::Paused, "Paused by Hedgerow: 2 runs"},
      {"no answer",
       [&] { return with(facts_read(), [](Facts& f) { f.reach.state = Reach::Unreachable; }); },
       HeadlineState::CannotTell, "Last read: 48 objects"},
      {"refused",
       [&] { return with(facts_read(), [](Facts& f) { f.reach.state = Reach::Refused; }); },
       HeadlineState::CannotTell, "refuses our credentials"},
      {"untrusted",
       [&] { return with(facts_read(), [](Facts& f) { f.reach.state = Reach::Untrusted; }); },
       HeadlineState::CannotTell, "certificate is not trusted"},
      {"unreachable wins over failing",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.reach.state = Reach::Unreachable;
           f.last_run = ended(Outcome::Failed, Code::TcpRefused, kNow);
         });
       },
       HeadlineState::CannotTell, "does not answer"},
      {"a run failed after the last reading",
       [&] {
         return with(facts_read(),
                     [](Facts& f) { f.last_run = ended(Outcome::Failed, Code::NoKinds, kNow); });
       },
       HeadlineState::Failing, "failed on layer 9"},
      {"a run was lost",
       [&] {
         return with(facts_read(),
                     [](Facts& f) { f.last_run = ended(Outcome::Lost, Code::Lost, kNow); });
       },
       HeadlineState::Failing, "was lost"},
      {"failing wins over an incomplete reading",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.last_run = ended(Outcome::Failed, Code::NoKinds, kNow);
           f.reading.complete = 20;
         });
       },
       HeadlineState::Failing, "failed on layer 9"},
      {"failing wins over a reading that is too old",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.last_run = ended(Outcome::Failed, Code::NoKinds, kNow);
           f.reading.as_of = kNow - minutes{10};
           f.match = match_of(f.reading, false);
         });
       },
       HeadlineState::Failing, "failed on layer 9"},
      {"an incomplete reading wins over one that is too old",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.reading.as_of = kNow - minutes{10};
           f.reading.complete = 20;
         });
       },
       HeadlineState::CannotTell, "20 of 21 kinds"},
      {"a run failed before the last reading, whatever the clock said of it",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.last_run = ended(Outcome::Failed, Code::NoKinds, kNow);
           f.reading.read_by = RunId{13};
         });
       },
       HeadlineState::Read, "48 objects read"},
      {"a run failed after the last reading, and the clock was set back before",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.last_run = ended(Outcome::Failed, Code::NoKinds, kNow - minutes{30});
         });
       },
       HeadlineState::Failing, "failed on layer 9"},
      {"read at a time that is yet to come",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.reading.as_of = kNow + minutes{1};
           f.match = match_of(f.reading, false);
         });
       },
       HeadlineState::CannotTell, "yet to come"},
      {"a cancelled run is no failure",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.last_run = ended(Outcome::Cancelled, Code::Cancelled, kNow);
         });
       },
       HeadlineState::Read, "48 objects read"},
      {"a kind could not be read",
       [&] { return with(facts_read(), [](Facts& f) { f.reading.complete = 20; }); },
       HeadlineState::CannotTell, "20 of 21 kinds"},
      {"an incomplete reading wins over differs",
       [&] {
         return with(facts_compared(Match::Differs, 3), [](Facts& f) { f.reading.complete = 20; });
       },
       HeadlineState::CannotTell, "20 of 21 kinds"},
      {"read too long ago",
       [&] {
         return with(facts_read(), [](Facts& f) {
           f.reading.as_of = kNow - minutes{10};
           f.match = match_of(f.reading, false);
         });
       },
       HeadlineState::CannotTell, "too old"},
      {"compared too long ago",
       [&] {
         return with(facts_compared(Match::Matches, 0),
                     [](Facts& f) { f.match.as_of = kNow - minutes{11}; });
       },
       HeadlineState::CannotTell, "too old"},
      {"differs", [] { return facts_compared(Match::Differs, 3); }, HeadlineState::Differs,
       "3 of 48 objects differ"},
      {"in sync", [] { return facts_compared(Match::Matches, 0); }, HeadlineState::InSync,
       "48 objects match"},
      {"declared only",
       [] {
         Facts facts;
         facts.has_repository = true;
         return facts;
       },
       HeadlineState::DeclaredOnly, "Declared only"},
      {"read", [] { return facts_read(); }, HeadlineState::Read, "48 objects read"},
      {"never measured",
       [] {
         Facts facts;
         facts.has_cluster = true;
         return facts;
       },
       HeadlineState::NotMeasured, "has not been read yet"},
  };
}

TEST(Headline, FollowsTheOrderOfItsRules) {
  for (const Row& row : rows_in_order()) {
    const Headline line = headline(row.facts(), kNow);
    EXPECT_EQ(name_of(line.state), name_of(row.state)) << row.claim;
    EXPECT_NE(line.text.find(row.says), std::string::npos) << row.claim << ": " << line.text;
    EXPECT_FALSE(line.next.text.empty()) << row.claim;
  }
}

TEST(Headline, HoldsUntilItsFactsAreTooOld) {
  for (const Facts& facts : {facts_read(), facts_compared(Match::Matches, 0)}) {
    const Headline line = headline(facts, kNow);
    ASSERT_TRUE(line.valid_until);
    EXPECT_EQ(headline(facts, *line.valid_until - base::Milliseconds{1}).state, line.state);
    EXPECT_EQ(headline(facts, *line.valid_until).state, HeadlineState::CannotTell);
  }
}

TEST(Reading, IsAsOldAsItsOldestKindAndKnowsNothingWhileOneIsUnread) {
  KindState one;
  one.coverage = Coverage::Readable;
  one.as_of = kNow - seconds{10};
  one.objects = 3;
  KindState two = one;
  two.as_of = kNow - seconds{30};
  KindState apart;
  apart.coverage = Coverage::OutOfScope;
  const std::vector<KindState> all{one, two, apart};
  const Reading reading = reading_of(all);
  EXPECT_EQ(reading.kinds, 2);
  EXPECT_EQ(reading.objects, 6);
  EXPECT_TRUE(reading.whole());
  EXPECT_EQ(reading.as_of, kNow - seconds{30});
  EXPECT_FALSE(reading.read_by) << "of one of them it is not known";

  KindState unread;
  unread.coverage = Coverage::NotReadable;
  const std::vector<KindState> partly{one, unread};
  EXPECT_FALSE(reading_of(partly).whole());
  EXPECT_FALSE(reading_of(partly).as_of);
  EXPECT_EQ(match_of(reading_of(partly), false).state, Match::CannotCompare);
  EXPECT_EQ(match_of(reading, false).state, Match::NothingToCompare);
  EXPECT_EQ(match_of({}, false).state, Match::NotMeasured);
}

}  // namespace
}  // namespace hedgerow::model
