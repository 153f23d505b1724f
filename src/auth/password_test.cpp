#include "auth/password.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace hedgerow::auth {
namespace {

using base::SecretText;

const PasswordCost kCheap{.operations = 1, .memory_bytes = 8U << 20U};

TEST(Passwords, VerifyWhatTheyHashed) {
  const base::SystemClock clock;
  Passwords passwords{kCheap, clock};
  const std::string hash = passwords.hash(SecretText{"a long enough one"});
  EXPECT_TRUE(hash.starts_with("$argon2id$"));
  EXPECT_TRUE(passwords.verify(SecretText{"a long enough one"}, hash));
  EXPECT_FALSE(passwords.verify(SecretText{"a long enough onE"}, hash));
  EXPECT_FALSE(passwords.verify(SecretText{"nobody's password, never accepted"}, ""));
}

TEST(Passwords, SayWhenAHashIsOfOlderCosts) {
  const base::SystemClock clock;
  Passwords cheap{kCheap, clock};
  Passwords dear{{.operations = 2, .memory_bytes = 8U << 20U}, clock};
  const std::string hash = cheap.hash(SecretText{"a long enough one"});
  EXPECT_FALSE(cheap.outdated(hash));
  EXPECT_TRUE(dear.outdated(hash));
  EXPECT_TRUE(dear.verify(SecretText{"a long enough one"}, hash));
}

TEST(Passwords, OfManyAtOnceAreAllAnswered) {
  const base::SystemClock clock;
  Passwords passwords{kCheap, clock};
  const std::string hash = passwords.hash(SecretText{"a long enough one"});
  std::atomic<int> right = 0;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> people;
    for (int i = 0; i < 60; ++i) {
      people.emplace_back([&] {
        try {
          right += passwords.verify(SecretText{"a long enough one"}, hash);
        } catch (const base::Failure& failure) {
          refused += failure.code() == base::Code::Unavailable;
        }
      });
    }
  }
  EXPECT_EQ(right + refused, 60);
  EXPECT_GE(right, 34);  // Two hashing and 32 waiting at least.
}

TEST(Weakness, NamesWhatIsWrong) {
  EXPECT_EQ(Passwords::weakness(SecretText{"correct horse battery"}, "alice"), "");
  EXPECT_NE(Passwords::weakness(SecretText{"short"}, "alice"), "");
  EXPECT_NE(Passwords::weakness(SecretText{"aaaaaaaaaaaaaaaaaaaa"}, "alice"), "");
  EXPECT_NE(Passwords::weakness(SecretText{std::string(1025, 'x')}, "alice"), "");
  EXPECT_NE(Passwords::weakness(SecretText{std::string{"with\0zero bytes in it", 20}}, "alice"),
            "");
  EXPECT_NE(Passwords::weakness(SecretText{"alice of wonderland"}, "Alice of Wonderland"), "");
  EXPECT_EQ(Passwords::weakness(SecretText{"пятнадцать знаков"}, "alice"), "");
}

}  // namespace
}  // namespace hedgerow::auth
