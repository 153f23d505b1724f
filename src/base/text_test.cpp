#include "base/text.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace hedgerow::base {
namespace {

TEST(Shown, LetsNobodyForgeALineOrTurnItsOrder) {
  EXPECT_EQ(shown("a\r\nb\x1b[31m"), "a\\x0d\\x0ab\\x1b[31m");
  EXPECT_EQ(shown("x\u202Ey\u2028z"), "x\\u202ey\\u2028z");
  EXPECT_EQ(shown("\xff\xfeok"), "\xef\xbf\xbd\xef\xbf\xbdok");
  EXPECT_EQ(shown("ünï→"), "ünï→");
}

TEST(Shown, IsBounded) { EXPECT_EQ(shown("abcdef", 3), "abc…"); }

TEST(HasUnseen, KnowsCharactersThatLeaveNoTrace) {
  for (const std::string_view unseen : {"\u00ad", "\u200b", "\u200f", "\u202a", "\u202e", "\u2060",
                                        "\u2064", "\u2066", "\u2069", "\ufeff"})
    EXPECT_TRUE(has_unseen(fmt::format("lab{}-1", unseen))) << unseen;
  for (const std::string_view seen :
       {"", "lab-1", "ünï→", "\u00ac", "\u00ae", "\u200a", "\u2010", "\u2029", "\u202f", "\u205f",
        "\u2065", "\u206a", "\ufefe", "\U0001f33f"})
    EXPECT_FALSE(has_unseen(fmt::format("lab{}-1", seen))) << seen;
}

TEST(Scrubbed, RemovesWhatLooksLikeACredential) {
  for (const std::string_view secret : {
           "Bearer abcdefghijklmnop",
           "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
           "hgr_key.secretsecret",
           "https://user:pass@host/",
           "password=hunter22",
           "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----",
       }) {
    const std::string line = scrubbed(fmt::format("before {} after", secret));
    EXPECT_NE(line.find("[removed]"), std::string::npos) << line;
    for (const std::string_view part :
         {"abcdefgh", "c2ln", "secretsecret", "pass@", "hunter22", "MHcCAQEE"})
      EXPECT_EQ(line.find(part), std::string::npos) << line;
  }
  EXPECT_EQ(scrubbed("connections is forbidden"), "connections is forbidden");
}

TEST(Base64, IsStrictAboutWhatItReads) {
  EXPECT_EQ(from_base64("aGVs\nbG8="), "hello");
  EXPECT_FALSE(from_base64("aGVsbG8"));
  EXPECT_FALSE(from_base64("a*b="));
  const auto bytes = from_base64url("_-8");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(base64url(*bytes), "_-8");
}

TEST(SameSecret, ComparesWhole) {
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "ab"));
}

// By no clock: what stopped at the first difference would not come to the end, which cannot be
// read.
TEST(SameSecretDeathTest, D04_two_secrets_are_compared_to_their_end_wherever_they_differ) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::string expected(2 * page, 'a');
  void* const map =
      mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(map, MAP_FAILED);
  const std::span<char> given{static_cast<char*>(map), 2 * page};
  std::ranges::fill(given, 'a');
  const std::string_view text{given.data(), given.size()};
  EXPECT_TRUE(same_secret(text, expected));
  given.front() = 'b';
  EXPECT_FALSE(same_secret(text, expected));
  ASSERT_EQ(mprotect(given.data() + page, page, PROT_NONE), 0);
  EXPECT_DEATH((void)same_secret(text, expected), "");
  munmap(map, 2 * page);
}

}  // namespace
}  // namespace hedgerow::base
