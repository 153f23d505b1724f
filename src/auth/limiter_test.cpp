#include "auth/limiter.hpp"

#include <gtest/gtest.h>

namespace hedgerow::auth {
namespace {

using base::Milliseconds;
using std::chrono::seconds;

const base::SteadyTime kStart{std::chrono::hours{1'000}};
const base::WallTime kNow = base::wall_time(1'800'000'000'000);

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

TEST(Tries, LockAndAreForgottenAfterALongQuiet) {
  const LimiterSettings settings;
  store::Tries tries;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(left_of_lock(tries, kNow, settings), Milliseconds{0});
    tries = refused(reserved(tries, kNow, settings), kNow, settings);
  }
  EXPECT_EQ(left_of_lock(tries, kNow, settings), seconds{1});
  EXPECT_EQ(left_of_lock(tries, kNow + seconds{1}, settings), Milliseconds{0});
  EXPECT_EQ(reserved(tries, kNow + settings.longest_lock, settings).failures, 6);

  const auto later = kNow + settings.longest_lock + seconds{2};
  EXPECT_EQ(reserved(tries, later, settings).failures, 1);
}

TEST(Tries, OfOneDayAreNotThoseOfTheNext) {
  const LimiterSettings settings;
  store::Tries tries;
  for (int i = 0; i < 4; ++i) tries = refused(reserved(tries, kNow, settings), kNow, settings);
  EXPECT_EQ(reserved(tries, kNow + std::chrono::hours{24}, settings).failures, 1);
}

TEST(Tries, AreCountedBeforeTheyAreVerified) {
  const LimiterSettings settings;
  store::Tries tries;
  for (int i = 0; i < 5; ++i) tries = reserved(tries, kNow, settings);
  EXPECT_EQ(left_of_lock(tries, kNow, settings), settings.pending_lock + seconds{1});
  tries = given_back(tries, kNow, settings);
  EXPECT_EQ(left_of_lock(tries, kNow, settings), Milliseconds{0});
  tries = refused(reserved(tries, kNow, settings), kNow, settings);
  EXPECT_EQ(left_of_lock(tries, kNow, settings), seconds{1});
}

TEST(Tries, LockNobodyForLongerThanTheRuleSaysWhenTheClockIsSetBack) {
  const LimiterSettings settings;
  const store::Tries tries{.failures = 50, .locked_until = kNow + settings.longest_lock};
  EXPECT_EQ(left_of_lock(tries, kNow, settings), settings.longest_lock);
  EXPECT_EQ(left_of_lock(tries, kNow - std::chrono::hours{1}, settings), Milliseconds{0});
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
