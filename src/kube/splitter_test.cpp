#include "kube/splitter.hpp"

#include <gmock/gmock.h>

namespace hedgerow::kube {
namespace {

using base::Code;
using base::Failure;
using testing::ElementsAre;
using testing::IsEmpty;

struct Cut {
  std::vector<std::string> items;
  std::expected<ListHead, Failure> head = std::unexpected(Failure{Code::InternalFault, {}});
};

Cut cut(std::initializer_list<std::string_view> pieces) {
  Cut seen;
  Splitter splitter{4096, [&](std::string_view item) { seen.items.emplace_back(item); }};
  for (const auto piece : pieces) splitter.feed(piece);
  seen.head = splitter.finish();
  return seen;
}

// As kube-apiserver writes lists of custom resources: what proves the list stands behind the items.
constexpr std::string_view kList =
    R"({"apiVersion":"a/v1","items":[{"a":"}]\"{\\","b":[{"items":[1,2]}]},)"
    R"({"metadata":{"name":"ü","n":36893488147419103233}}],"kind":"XList",)"
    R"("metadata":{"continue":"tok/en==","resourceVersion":"338"}})"
    "\n";
constexpr std::string_view kFirst = R"({"a":"}]\"{\\","b":[{"items":[1,2]}]})";
constexpr std::string_view kSecond = R"({"metadata":{"name":"ü","n":36893488147419103233}})";

void expect_whole(const Cut& seen) {
  EXPECT_THAT(seen.items, ElementsAre(kFirst, kSecond));
  ASSERT_TRUE(seen.head) << seen.head.error().detail();
  EXPECT_EQ(seen.head->kind, "XList");
  EXPECT_EQ(seen.head->api_version, "a/v1");
  EXPECT_EQ(seen.head->resource_version, "338");
  EXPECT_EQ(seen.head->proceed, "tok/en==");
}

TEST(Splitter, CutsTheSameItemsWhereverTheBodyIsTorn) {
  for (std::size_t at = 0; at <= kList.size(); ++at)
    for (std::size_t then = at; then <= kList.size(); ++then)
      expect_whole(cut({kList.substr(0, at), kList.substr(at, then - at), kList.substr(then)}));
}

// What the blocks of a long item say together is what its bytes say one by one.
TEST(Splitter, FindsTheEndOfALongItemAtAnyDistance) {
  for (const std::string_view text : {R"(\"}]{[)", R"(\\)", R"(\\\"})", R"(\u0022}])", "}{"}) {
    for (std::size_t before = 0; before <= 130; ++before) {
      const auto item = fmt::format(R"({{"a{}":"{}{}","b":[{{}},["]"]]}})",
                                    std::string(before, 'x'), text, std::string(130 - before, '}'));
      const auto body = fmt::format(R"({{"items":[{0},{0}],"metadata":{{}}}})", item);
      EXPECT_THAT(cut({body}).items, ElementsAre(item, item)) << body;
      Cut slowly;
      Splitter splitter{4096, [&](std::string_view one) { slowly.items.emplace_back(one); }};
      for (const char& byte : body) splitter.feed({&byte, 1});
      EXPECT_THAT(slowly.items, ElementsAre(item, item)) << body;
    }
  }
}

TEST(Splitter, TakesTheMembersInAnyOrderAndAnyWhiteSpace) {
  const Cut seen =
      cut({" {\n\"metadata\" : { \"resourceVersion\":\"7\" },\r\n\t\"kind\":\"YList\","
           "\"apiVersion\":\"v1\", \"items\" : [ {} , { \"a\" : 1 }\n] }\n"});
  EXPECT_THAT(seen.items, ElementsAre("{}", "{ \"a\" : 1 }"));
  ASSERT_TRUE(seen.head);
  EXPECT_EQ(seen.head->resource_version, "7");
}

TEST(Splitter, KnowsAnEmptyListInBothSpellings) {
  for (const std::string_view empty : {"[]", "[ \n]", "null"}) {
    const auto body =
        fmt::format(R"({{"items":{},"kind":"XList","metadata":{{"resourceVersion":"1"}}}})", empty);
    const Cut seen = cut({body});
    EXPECT_THAT(seen.items, IsEmpty());
    EXPECT_TRUE(seen.head) << empty;
  }
}

Code code_of(std::string_view body) {
  Cut seen;
  try {
    seen = cut({body});
  } catch (const Failure& failure) {
    return failure.code();
  }
  return seen.head ? Code::Cancelled : seen.head.error().code();
}

TEST(Splitter, NeverTakesACutBodyForAWholeOne) {
  // The closing newline alone may be missing.
  for (std::size_t length = 0; length + 2 <= kList.size(); ++length)
    EXPECT_EQ(code_of(kList.substr(0, length)), Code::ReplyTruncated) << length;
}

TEST(Splitter, RefusesWhatIsNoListOfObjects) {
  for (const std::string_view body : {
           R"([])",
           R"("items")",
           R"(<html><body>sign in</body></html>)",
           R"({"kind":"Status","apiVersion":"v1","metadata":{},"code":410})",
           R"({"kind":"XList","metadata":{}})",
           R"({"kind":"XList","items":{},"metadata":{}})",
           R"({"kind":"XList","items":[],"metadata":{}} more)",
           R"({"kind":"XList","items":[],"items":[],"metadata":{}})",
           R"({"kind":"XList","items":[],"metadata":{},"metadata":{"resourceVersion":"1"}})",
           R"({"items":[],"metadata":{"resourceVersion":"1","resourceVersion":"2"}})",
           R"({"items":[],"kind":"XList"})",
           R"({"items":[{},],"metadata":{}})",
           R"({"items":[,{}],"metadata":{}})",
           R"({"items":[{} {}],"metadata":{}})",
           R"({"items":[1],"metadata":{}})",
           R"({"items":[null],"metadata":{}})",
           R"({"items":[[{}]],"metadata":{}})",
           R"({"items":[]]"metadata":{}})",
           R"({"items":[],"\u0069tems":[{"hidden":1}],"metadata":{}})",
           R"(}{)",
       })
    EXPECT_EQ(code_of(body), Code::Malformed) << body;
}

TEST(Splitter, StopsAtItsLimits) {
  const auto list = [](std::string_view item) {
    return fmt::format(R"({{"items":[{}],"metadata":{{}}}})", item);
  };
  const auto nested = [](std::size_t levels) {
    return fmt::format("{{\"a\":{}{}}}", std::string(levels - 1, '['),
                       std::string(levels - 1, ']'));
  };
  EXPECT_EQ(code_of(list(nested(128))), Code::Cancelled);
  EXPECT_EQ(code_of(list(nested(129))), Code::Malformed);
  EXPECT_EQ(code_of(std::string(100'000, '{')), Code::Malformed);
  EXPECT_EQ(code_of(list("{\"a\":\"" + std::string(4088, 'x') + "\"}")), Code::Cancelled);
  EXPECT_EQ(code_of(list("{\"a\":\"" + std::string(4089, 'x') + "\"}")), Code::ReplyTooLarge);
  EXPECT_EQ(code_of("{\"a\":\"" + std::string(1024 * 1024, 'x')), Code::ReplyTooLarge);
}

}  // namespace
}  // namespace hedgerow::kube
