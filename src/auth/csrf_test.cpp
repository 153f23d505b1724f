#include "auth/csrf.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace hedgerow::auth {
namespace {

bool accepted(const Provenance& from, const std::vector<std::string>& origins = {}) {
  try {
    require_same_origin(from, origins);
    return true;
  } catch (const base::Failure& failure) {
    EXPECT_EQ(failure.code(), base::Code::OriginRefused);
    return false;
  }
}

TEST(Origin, IsOurOwnPageOrNobody) {
  const std::string host = "fab.example:8080";
  EXPECT_TRUE(accepted({.sec_fetch_site = "same-origin", .host = host}));
  for (const char* site : {"same-site", "cross-site", "none", ""})
    EXPECT_FALSE(accepted({.sec_fetch_site = site, .origin = "http://" + host, .host = host}));
  EXPECT_TRUE(accepted({.origin = "http://fab.example:8080", .host = host}));
  EXPECT_FALSE(accepted({.origin = "http://fab.example", .host = host}));
  EXPECT_FALSE(accepted({.origin = "https://fab.example:8080", .host = host}));
  EXPECT_FALSE(accepted({.origin = "null", .host = host}));
  EXPECT_FALSE(accepted({.host = host}));
}

TEST(Origin, IsOneOfTheConfiguredOnesWhereThereAreAny) {
  const std::vector<std::string> origins{"https://hedgerow.example"};
  EXPECT_TRUE(accepted({.origin = "https://hedgerow.example", .host = "inside:8080"}, origins));
  EXPECT_FALSE(accepted({.origin = "http://inside:8080", .host = "inside:8080"}, origins));
}

TEST(CsrfToken, BelongsToOneSessionAndOneKey) {
  const auto one = base::digest_of("session one");
  const auto two = base::digest_of("session two");
  const auto key = base::bytes_of("0123456789abcdef0123456789abcdef");
  const auto other = base::bytes_of("1123456789abcdef0123456789abcdef");
  EXPECT_EQ(csrf_token(key, one), csrf_token(key, one));
  EXPECT_NE(csrf_token(key, one), csrf_token(key, two));
  EXPECT_NE(csrf_token(key, one), csrf_token(other, one));
  EXPECT_EQ(csrf_token(key, one).size(), 43U);
}

}  // namespace
}  // namespace hedgerow::auth
