#include "base/digest.hpp"

#include <gtest/gtest.h>

namespace hedgerow::base {
namespace {

struct NumberCase {
  std::string_view token;
  std::string_view canonical;
};

TEST(CanonicalNumber, CountsByValueHoweverItIsSpelled) {
  const std::array cases{
      NumberCase{"0", "0"},
      NumberCase{"-0", "0"},
      NumberCase{"0.000", "0"},
      NumberCase{"1", "1"},
      NumberCase{"1.0", "1"},
      NumberCase{"10e-1", "1"},
      NumberCase{"1E+2", "100"},
      NumberCase{"-12.50", "-125e-1"},
      NumberCase{"1e20", "100000000000000000000"},
      NumberCase{"1e21", "1e21"},
      NumberCase{"9007199254740993", "9007199254740993"},
      NumberCase{"123456789012345678901234567890", "123456789012345678901234567890e0"},
  };
  for (const auto& [token, expected] : cases) {
    const auto number = canonical_number(token);
    ASSERT_TRUE(number) << token;
    // 30 digits end in a zero, which moves into the exponent and back.
    const std::string_view wanted =
        expected.ends_with("e0") ? expected.substr(0, expected.size() - 2) : expected;
    EXPECT_EQ(*number, wanted) << token;
  }
}

TEST(CanonicalNumber, RefusesWhatIsNoNumber) {
  for (const std::string_view token : {"", "-", "01", "1.", ".5", "+1", "1e", "1e+-2", "0x10", "1 ",
                                       "NaN", "1e99999999999", "--1"})
    EXPECT_FALSE(canonical_number(token)) << token;
}

TEST(CanonicalDigest, IsTheSameForTheSameDocument) {
  const auto one = canonical_digest(R"({"b":[1.0,{"y":null,"x":"\u00e4"}],"a":true})", {});
  const auto two =
      canonical_digest("{ \"a\" : true, \"b\":[10e-1, {\"x\":\"ä\",\n\"y\":null}] }", {});
  EXPECT_EQ(one, two);
}

TEST(CanonicalDigest, TellsNeighboursAbove64BitApart) {
  EXPECT_NE(canonical_digest(R"({"n":36893488147419103233})", {}),
            canonical_digest(R"({"n":36893488147419103232})", {}));
  EXPECT_NE(canonical_digest(R"({"n":9007199254740993})", {}),
            canonical_digest(R"({"n":9007199254740992})", {}));
}

TEST(CanonicalDigest, KeepsTheOrderOfListsAndTheTypeOfValues) {
  EXPECT_NE(canonical_digest("[1,2]", {}), canonical_digest("[2,1]", {}));
  EXPECT_NE(canonical_digest(R"({"a":"1"})", {}), canonical_digest(R"({"a":1})", {}));
  EXPECT_NE(canonical_digest(R"({"a":null})", {}), canonical_digest("{}", {}));
}

TEST(Canonical, RefusesWhatCannotBeOneDocument) {
  for (const std::string_view text : {R"({"a":1,"a":1})", R"({"x":{"k":1,"k":2}})", R"({"a":1}{)",
                                      R"({"a":)", "7", "", R"({"a":01})", R"({"a":nul})", "[1,]"}) {
    try {
      const auto out = canonical(text, {});
      FAIL() << text << " became " << out;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.code(), Code::Malformed) << text;
    }
  }
}

TEST(Canonical, RefusesNestingBeyondItsLimitWithoutEndingTheProcess) {
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "[";
  deep += "1";
  for (int i = 0; i < 500; ++i) deep += "]";
  EXPECT_THROW((void)canonical(deep, {}), Failure);
}

TEST(Canonical, EscapesOnlyWhatItMust) {
  EXPECT_EQ(canonical(R"({"k\n":"a\/\"\u0001é"})", {}), "{\"k\\u000a\":\"a/\\\"\\u0001é\"}");
}

}  // namespace
}  // namespace hedgerow::base
