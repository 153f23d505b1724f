#include "auth/limiter.hpp"

#include <gtest/gtest.h>

namespace hedgerow::auth {
namespace {

using base::Milliseconds;
using std::chrono::seconds;

const base::SteadyTime kStart{std::chrono::hours{1'000}};

TEST(LockAfter, IsFreeAtFirstThenDoublesToItsLimit) {
  const LimiterSettings settings;
  EXPECT_EQ(lock_after(4, settings), Milliseconds{0});
  EXPECT_EQ(lock_after(5, settings), seconds{1});
  EXPECT_EQ(lock_after(6, settings), seconds{2});
  EXPECT_EQ(lock_after(8, settings), seconds{8});
  EXPECT_EQ(lock_after(50, settings), settings.longest_lock);
  EXPECT_EQ(lock_after(1'000'000, settings), settings.longest_lock);
}

TEST(LockPending, LastsWhileTheTryIsVerifiedAndItsLockAfterIt) {
  const LimiterSettings settings;
  EXPECT_EQ(lock_pending(4, settings), Milliseconds{0});
  EXPECT_EQ(lock_pending(5, settings), settings.pending_lock + seconds{1});
}

TEST(Strangers, AreLockedLikeUsersAndForgottenAfterALongQuiet) {
  const LimiterSettings settings;
  StrangerCounters counters;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(counters.reserve("Mallory", kStart, settings), Milliseconds{0});
    counters.refuse("Mallory", kStart, settings);
  }
  EXPECT_EQ(counters.locked_for("mallory", kStart), seconds{1});
  EXPECT_EQ(counters.locked_for("mallory", kStart + seconds{1}), Milliseconds{0});
  EXPECT_EQ(counters.locked_for("somebody else", kStart), Milliseconds{0});

  const auto later = kStart + settings.longest_lock + seconds{2};
  EXPECT_EQ(counters.reserve("mallory", later, settings), Milliseconds{0});
  counters.refuse("mallory", later, settings);
  EXPECT_EQ(counters.locked_for("mallory", later), Milliseconds{0});
}

TEST(Strangers, HaveTheirTriesCountedBeforeTheyAreVerified) {
  const LimiterSettings settings;
  StrangerCounters counters;
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(counters.reserve("mallory", kStart, settings), Milliseconds{0});
  for (int i = 0; i < 35; ++i)
    EXPECT_EQ(counters.reserve("mallory", kStart, settings), settings.pending_lock + seconds{1});
  counters.give_back("mallory", kStart, settings);
  EXPECT_EQ(counters.reserve("mallory", kStart, settings), Milliseconds{0});
  counters.refuse("mallory", kStart, settings);
  EXPECT_EQ(counters.reserve("mallory", kStart, settings), seconds{1});
}

TEST(Addresses, HaveABurstThatRefills) {
  LimiterSettings settings;
  settings.address_burst = 3;
  AddressBuckets buckets;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(buckets.refuse("10.0.0.1", kStart, settings));
  const auto wait = buckets.refuse("10.0.0.1", kStart, settings);
  ASSERT_TRUE(wait);
  EXPECT_LE(*wait, settings.address_refill + Milliseconds{1});
  EXPECT_FALSE(buckets.refuse("10.0.0.2", kStart, settings));
  EXPECT_FALSE(buckets.refuse("10.0.0.1", kStart + *wait, settings));
}

TEST(Addresses, OfOneIpv6NetworkShareABucket) {
  LimiterSettings settings;
  settings.address_burst = 1;
  AddressBuckets buckets;
  EXPECT_FALSE(buckets.refuse("2001:db8:1:2::1", kStart, settings));
  EXPECT_TRUE(buckets.refuse("2001:db8:1:2:ffff::9", kStart, settings));
  EXPECT_FALSE(buckets.refuse("2001:db8:1:3::1", kStart, settings));
}

}  // namespace
}  // namespace hedgerow::auth
