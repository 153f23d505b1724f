#include "http/head.hpp"

#include <gmock/gmock.h>

#include "base/failure.hpp"

namespace hedgerow::http {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Headers, are_found_without_regard_to_case_and_counted_when_doubled) {
  Headers headers;
  headers.add("X-One", "a");
  headers.add("x-oNE", "b");
  EXPECT_EQ(headers.find("X-ONE"), "a");
  EXPECT_EQ(headers.count("x-one"), 2U);
  headers.set("X-one", *headers.find("x-one"));
  EXPECT_THAT(headers.all(), ElementsAre(Pair{"X-one", "a"}));
  headers.set_if_absent("x-ONE", "c");
  headers.set_if_absent("X-Two", "d");
  EXPECT_THAT(headers.all(), ElementsAre(Pair{"X-one", "a"}, Pair{"X-Two", "d"}));
  headers.remove("x-two");
  EXPECT_EQ(headers.find("X-Two"), std::nullopt);
}

TEST(Target, is_split_and_decoded) {
  const Target target = read_target("/path/a%20b+c/%c3%a9?q=a+b%26c&q=2&empty=&bare&=v&&x=%0a");
  EXPECT_EQ(target.path, "/path/a b+c/é");
  EXPECT_THAT(target.query, ElementsAre(Pair{"q", "a b&c"}, Pair{"q", "2"}, Pair{"empty", ""},
                                        Pair{"bare", ""}, Pair{"", "v"}, Pair{"x", "\n"}));
}

TEST(Target, keeps_the_last_slash_and_the_root) {
  EXPECT_EQ(read_target("/").path, "/");
  EXPECT_EQ(read_target("/a/").path, "/a/");
  EXPECT_EQ(read_target("/a").path, "/a");
  EXPECT_THAT(read_target("/?").query, IsEmpty());
  EXPECT_EQ(read_target("/a/...").path, "/a/...");
}

TEST(Cookies, are_read_as_they_came_doubled_ones_included) {
  Headers headers;
  headers.add("Cookie", "a=1; b=x=y;a=2; broken; c=");
  headers.add("cookie", "d=\"q\"");
  EXPECT_THAT(read_cookies(headers), ElementsAre(Pair{"a", "1"}, Pair{"b", "x=y"}, Pair{"a", "2"},
                                                 Pair{"c", ""}, Pair{"d", "\"q\""}));
}

TEST(RequestId, is_taken_only_when_sound) {
  EXPECT_TRUE(sound_request_id("req_A.b-9"));
  EXPECT_TRUE(sound_request_id(std::string(64, 'a')));
  EXPECT_FALSE(sound_request_id(std::string(65, 'a')));
  EXPECT_FALSE(sound_request_id(""));
  EXPECT_FALSE(sound_request_id("a b"));
  EXPECT_FALSE(sound_request_id("a/b"));
  EXPECT_FALSE(sound_request_id("é"));
}

TEST(KeepAlive, ends_with_close_in_any_spelling_and_with_1_0) {
  Head head;
  EXPECT_TRUE(wants_keep_alive(head));
  head.headers.add("Connection", "upgrade, Close");
  EXPECT_FALSE(wants_keep_alive(head));
  Head old;
  old.http_1_0 = true;
  old.headers.add("Connection", "keep-alive");
  EXPECT_FALSE(wants_keep_alive(old));
}

}  // namespace

}  // namespace hedgerow::http
