#include <gmock/gmock.h>

#include "backend.hpp"

namespace hedgerow::conformance {

namespace {

using base::Deadline;
using base::Milliseconds;
using model::Topic;
using store::Changed;
using store::Subject;
using store::Txn;

class FeedOfChanges : public DatabaseTest {
 protected:
  std::int64_t announce(Topic topic, std::int64_t id) {
    return write([&](Txn& txn) { return txn.changes().append(topic, id); });
  }
  store::Feed follow(const store::Position& from, Milliseconds wait) {
    return database_->follow(from, Deadline::in(clock_, wait), {});
  }
};
INSTANTIATE_TEST_SUITE_P(Store, FeedOfChanges, kBackends, name_of_backend);

TEST_P(FeedOfChanges, says_what_changed_and_its_revision) {
  const auto fabric = make_fabric();
  const auto run = make_running(fabric);
  const auto test = write([](Txn& txn) { return txn.connection_tests().create({1}, "h", {}); });
  const auto from = database_->feed_end();
  write([&](Txn& txn) {
    EXPECT_EQ(txn.changes().append(Topic::Fabric, fabric), 2);
    EXPECT_EQ(txn.changes().append(Topic::Run, run), 2);
    EXPECT_EQ(txn.changes().append(Topic::Fabrics, 0), 1);
    EXPECT_EQ(txn.changes().append(Topic::ConnectionTest, test), 2);
  });
  const auto feed = follow(from, Milliseconds{5'000});
  EXPECT_FALSE(feed.gap);
  ASSERT_EQ(feed.changes.size(), 4U);
  EXPECT_EQ(feed.changes[0].subject, (Subject{Topic::Fabric, fabric.value}));
  EXPECT_EQ(feed.changes[0].revision, 2);
  EXPECT_EQ(feed.changes[1].subject, (Subject{Topic::Run, run.value}));
  EXPECT_EQ(feed.changes[2].subject, (Subject{Topic::Fabrics, 0}));
  EXPECT_EQ(feed.changes[3].subject, (Subject{Topic::ConnectionTest, test.value}));
  EXPECT_EQ(read([&](const auto& s) { return s.fabrics().get(fabric); }).revision, 2);
  EXPECT_EQ(read([&](const auto& s) { return s.runs().get(run); }).revision, 2);

  const std::array asked{Subject{Topic::Run, run.value}, Subject{Topic::Fabrics, 0},
                         Subject{Topic::Fabric, 99}};
  const auto revisions = read([&](const auto& s) { return s.changes().revisions(asked); });
  ASSERT_EQ(revisions.size(), 3U);
  EXPECT_EQ(revisions[0].revision, 2);
  EXPECT_EQ(revisions[1].revision, 1);
  EXPECT_EQ(revisions[2].revision, 0);
}

TEST_P(FeedOfChanges, an_announcement_is_undone_with_its_transaction) {
  const auto fabric = make_fabric();
  const auto from = database_->feed_end();
  EXPECT_THROW(write([&](Txn& txn) {
                 txn.changes().append(Topic::Fabric, fabric);
                 throw std::runtime_error{"no"};
               }),
               std::runtime_error);
  EXPECT_TRUE(follow(from, Milliseconds{0}).changes.empty());
  EXPECT_EQ(read([&](const auto& s) { return s.fabrics().get(fabric); }).revision, 1);
}

TEST_P(FeedOfChanges, wakes_who_waits) {
  const auto fabric = make_fabric();
  const auto from = database_->feed_end();
  store::Feed feed;
  std::jthread follower{[&] { feed = follow(from, Milliseconds{20'000}); }};
  const auto begin = clock_.steady();
  announce(Topic::Fabric, fabric.value);
  follower.join();
  EXPECT_EQ(feed.changes.size(), 1U);
  EXPECT_LT(clock_.steady() - begin, Milliseconds{10'000});
}

TEST_P(FeedOfChanges, gives_nothing_at_the_deadline_or_a_stop) {
  const auto from = database_->feed_end();
  EXPECT_TRUE(follow(from, Milliseconds{20}).changes.empty());
  std::stop_source stop;
  std::jthread stopper{[&] { stop.request_stop(); }};
  const auto feed =
      database_->follow(from, Deadline::in(clock_, Milliseconds{20'000}), stop.get_token());
  EXPECT_TRUE(feed.changes.empty());
}

TEST_P(FeedOfChanges, loses_nothing_under_eight_writers_and_four_followers) {
  constexpr int kWriters = 8;
  constexpr int kEach = 150;
  std::vector<model::FabricId> fabrics;
  for (int i = 0; i < kWriters; ++i) fabrics.push_back(make_fabric(fmt::format("f{}", i)));
  const auto from = database_->feed_end();
  const auto follow_all = [&] {
    std::map<std::int64_t, std::int64_t> latest;
    auto position = from;
    int seen = 0;
    while (seen < kWriters * kEach) {
      const auto feed = follow(position, Milliseconds{20'000});
      EXPECT_FALSE(feed.gap);
      if (feed.changes.empty()) break;
      for (const Changed& changed : feed.changes) {
        auto& revision = latest[changed.subject.id];
        EXPECT_EQ(changed.revision, (revision == 0 ? 1 : revision) + 1);
        revision = changed.revision;
        ++seen;
      }
      position = feed.next;
    }
    EXPECT_EQ(seen, kWriters * kEach);
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(follow_all);
  for (const auto fabric : fabrics)
    threads.emplace_back([&, fabric] {
      for (int i = 0; i < kEach; ++i) announce(Topic::Fabric, fabric.value);
    });
}

TEST_P(FeedOfChanges, comes_in_pages_of_a_thousand) {
  const auto from = database_->feed_end();
  write([](Txn& txn) {
    for (int i = 0; i < 1'500; ++i) txn.changes().append(Topic::Fabrics, 0);
  });
  const auto first = follow(from, Milliseconds{0});
  EXPECT_EQ(first.changes.size(), 1'000U);
  const auto second = follow(first.next, Milliseconds{0});
  EXPECT_EQ(second.changes.size(), 500U);
  EXPECT_EQ(second.changes.back().revision, 1'500);
}

TEST_P(FeedOfChanges, says_that_there_is_a_gap_when_it_was_swept) {
  const auto from = database_->feed_end();
  for (int i = 0; i < 10; ++i) announce(Topic::Fabrics, 0);
  const auto middle = follow(from, Milliseconds{0}).next;
  for (int i = 0; i < 10; ++i) announce(Topic::Fabrics, 0);
  EXPECT_EQ(write([](Txn& txn) { return txn.changes().sweep(base::wall_time(0), 15); }), 5);
  EXPECT_TRUE(follow(from, Milliseconds{0}).gap);
  const auto feed = follow(middle, Milliseconds{0});
  EXPECT_FALSE(feed.gap);
  EXPECT_EQ(feed.changes.size(), 10U);
  clock_.advance(Milliseconds{1'000});
  EXPECT_EQ(write([](Txn& txn) { return txn.changes().sweep(txn.now(), 1'000); }), 15);
  const auto gap = follow(middle, Milliseconds{0});
  EXPECT_TRUE(gap.gap);
  EXPECT_TRUE(gap.changes.empty());
  announce(Topic::Fabrics, 0);
  EXPECT_EQ(follow(gap.next, Milliseconds{5'000}).changes.size(), 1U);
}

TEST_P(FeedOfChanges, goes_on_where_it_was_after_a_restart) {
  announce(Topic::Fabrics, 0);
  const auto from = database_->feed_end();
  announce(Topic::Fabrics, 0);
  open_again();
  EXPECT_EQ(follow(from, Milliseconds{5'000}).changes.size(), 1U);
  EXPECT_TRUE(follow(database_->feed_end(), Milliseconds{20}).changes.empty());
}

}  // namespace
}  // namespace hedgerow::conformance
