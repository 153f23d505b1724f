#include "outbound/retries.hpp"

#include <gtest/gtest.h>

#include <random>

namespace hedgerow::outbound {
namespace {

using base::Milliseconds;
using std::chrono::hours;
using std::chrono::seconds;

// The same numbers at every run.
class Dice final : public base::Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine_());
  }

 private:
  std::mt19937 engine_{7};
};

const Retries kRetries{.tries = 3, .pause = Milliseconds{500}};
constexpr Milliseconds kPlenty{30'000};

std::optional<Milliseconds> rest(const Tried& tried, Milliseconds left = kPlenty) {
  Dice dice;
  return rest_after(tried, kRetries, left, dice);
}

TEST(Retries, AreForWhatMayPassAndForNothingElse) {
  for (const int status : {429, 500, 502, 503, 504}) EXPECT_TRUE(rest({.status = status}));
  for (const int status : {0, 200, 204, 301, 302, 400, 401, 403, 404, 405, 409, 410, 413, 422, 501})
    EXPECT_FALSE(rest({.status = status})) << status;
  EXPECT_TRUE(rest({.broke = true}));
}

TEST(Retries, EndWithTheLastTry) {
  for (const Tried& tried :
       {Tried{.status = 503}, Tried{.broke = true}, Tried{.broke = true, .kept = true}}) {
    Tried now = tried;
    now.tries = 2;
    EXPECT_TRUE(rest(now));
    now.tries = 3;
    EXPECT_FALSE(rest(now));
  }
  Dice dice;
  EXPECT_FALSE(rest_after({.status = 503}, {.tries = 1}, kPlenty, dice));
  EXPECT_FALSE(rest_after({.status = 503}, {.tries = 0}, kPlenty, dice));
  EXPECT_TRUE(rest_after({.tries = 99, .status = 503}, {.tries = 100, .pause = Milliseconds{1}},
                         kPlenty, dice));
}

TEST(Retries, ComeAtOnceWhenAKeptConnectionWasDead) {
  EXPECT_EQ(rest({.broke = true, .kept = true}), Milliseconds{0});
  EXPECT_GT(rest({.broke = true, .kept = false}), Milliseconds{0});
  EXPECT_GT(rest({.status = 503, .kept = true}), Milliseconds{0});
}

TEST(Retries, RestLongerEachTimeAndNeverAllAlike) {
  struct Row {
    Tried tried;
    Milliseconds least;
    Milliseconds most;
  };
  Dice dice;
  for (const Row& row : {
           Row{{.tries = 1, .status = 500}, Milliseconds{500}, Milliseconds{1'000}},
           Row{{.tries = 2, .status = 500}, Milliseconds{1'000}, Milliseconds{2'000}},
           Row{{.tries = 1, .status = 429, .retry_after = seconds{0}},
               Milliseconds{500},
               Milliseconds{1'000}},
           Row{{.tries = 1, .status = 429, .retry_after = seconds{7}},
               Milliseconds{7'000},
               Milliseconds{7'500}},
       }) {
    std::set<Milliseconds> seen;
    for (int i = 0; i < 200; ++i) {
      const auto rest = rest_after(row.tried, kRetries, kPlenty, dice);
      ASSERT_TRUE(rest);
      EXPECT_GE(*rest, row.least);
      EXPECT_LE(*rest, row.most);
      seen.insert(*rest);
    }
    EXPECT_GT(seen.size(), 50u);
  }
}

TEST(Retries, AreGivenUpWhereNoTimeRemainsForTheAnswer) {
  const Tried wanted{.status = 429, .retry_after = seconds{7}};
  EXPECT_FALSE(rest(wanted, Milliseconds{7'499}));
  EXPECT_EQ(rest(wanted, Milliseconds{7'500}), seconds{7}) << "less by chance, never less";
  EXPECT_FALSE(rest({.status = 429, .retry_after = seconds{30}}));
  EXPECT_FALSE(rest({.status = 503}, Milliseconds{999}));
  EXPECT_FALSE(rest({.status = 503}, Milliseconds{-1}));
  EXPECT_FALSE(rest({.broke = true, .kept = true}, Milliseconds{0})) << "not even at once";
  Dice dice;
  const Retries slow{.tries = 3, .pause = Milliseconds{std::numeric_limits<std::int64_t>::max()}};
  EXPECT_FALSE(rest_after({.status = 503}, slow, kPlenty, dice));
}

TEST(RetryAfter, IsSecondsOrADate) {
  const auto sent = base::parse_rfc3339("2026-11-21T16:00:00Z").value();
  const auto said = [&](std::string_view header) { return retry_after_in(header, sent); };
  EXPECT_EQ(said("7"), seconds{7});
  EXPECT_EQ(said("0"), seconds{0});
  EXPECT_EQ(said("999999999"), hours{1});
  EXPECT_EQ(said("99999999999999999999999"), hours{1});
  EXPECT_EQ(said("Sat, 21 Nov 2026 16:00:20 GMT"), seconds{20});
  EXPECT_EQ(said("Saturday, 21-Nov-26 16:00:20 GMT"), seconds{20});
  EXPECT_EQ(said("Sat Nov 21 16:00:20 2026"), seconds{20});
  EXPECT_EQ(said("Sat, 21 Nov 2026 15:59:00 GMT"), seconds{0});
  EXPECT_EQ(said("Wed, 01 Jan 2098 00:00:00 GMT"), hours{1});
  EXPECT_EQ(said("Fri, 31 Dec 9999 23:59:59 GMT"), hours{1});
  EXPECT_FALSE(said("Sat, 01 Jan 2000000000 00:00:00 GMT"));
  for (const std::string_view odd : {"", "-7", "7 s", "7.5", "soon", "Sat,", "+7"})
    EXPECT_FALSE(said(odd)) << odd;
}

TEST(RetryAfter, IsToldInWordsOnlyWhenItWasMoreThanOnce) {
  EXPECT_EQ(times_asked(0), "");
  EXPECT_EQ(times_asked(1), "");
  EXPECT_EQ(times_asked(3), " It was asked 3 times.");
}

}  // namespace
}  // namespace hedgerow::outbound
