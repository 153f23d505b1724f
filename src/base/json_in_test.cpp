#include "base/json_in.hpp"

#include <gtest/gtest.h>

namespace hedgerow::base {
namespace {

constexpr Length kName{1, 10};

// The notes of reading `body` with `read`, as "field: detail".
template <class Read>
std::vector<std::string> notes(std::string_view body, Read&& read) {
  try {
    JsonObject object{body};
    read(object);
    object.finish();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), Code::Invalid);
    std::vector<std::string> lines;
    for (const FieldError& error : failure.fields()) lines.push_back(error.field);
    if (lines.empty()) lines.push_back("body");
    return lines;
  }
  return {};
}

TEST(JsonObject, GivesWhatWasSent) {
  JsonObject object{
      R"({"name":"ä","on":true,"n":-7,"list":["a","b"],"inner":{"x":"y"},"none":null})"};
  EXPECT_EQ(object.required_text("name", kName), "ä");
  EXPECT_EQ(object.flag("on"), true);
  EXPECT_EQ(object.whole("n"), -7);
  EXPECT_EQ(object.texts("list", 5, kName), (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(object.text("none", kName));
  auto inner = object.object("inner");
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->text("x", kName), "y");
  inner->finish();
  object.finish();
}

TEST(JsonObject, SaysEverythingThatIsWrongAtOnce) {
  const auto found =
      notes(R"({"name":"","flag":"yes","inner":{"x":1,"y":2},"list":"a"})", [](JsonObject& object) {
        (void)object.required_text("name", kName);
        (void)object.required_text("gone", kName);
        (void)object.flag("flag");
        (void)object.texts("list", 2, kName);
        auto inner = object.object("inner");
        (void)inner->text("x", kName);
        inner->finish();
      });
  EXPECT_EQ(found,
            (std::vector<std::string>{"name", "gone", "flag", "list", "inner.x", "inner.y"}));
}

TEST(JsonObject, RefusesUnknownAndDoubledFields) {
  const auto read = [](JsonObject& object) { (void)object.text("a", kName); };
  EXPECT_EQ(notes(R"({"a":"1","b":2})", read), std::vector<std::string>{"b"});
  EXPECT_EQ(notes(R"({"a":"1","a":"2"})", read), std::vector<std::string>{"a"});
}

TEST(JsonObject, RefusesWhatIsNotOneObject) {
  const auto read = [](JsonObject&) {};
  std::string deep(10'000, '[');
  for (const std::string& body :
       {std::string{}, std::string{"[]"}, std::string{"{"}, deep, std::string{"{\"a\":\"\xff\"}"}})
    EXPECT_EQ(notes(body, read), std::vector<std::string>{"body"}) << body.substr(0, 20);
}

}  // namespace
}  // namespace hedgerow::base
