#include "base/yaml.hpp"

#include <gmock/gmock.h>

namespace hedgerow::base::yaml {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

auto fails(Code code, std::string_view words) {
  return Throws<Failure>(AllOf(Property(&Failure::code, code),
                               Property(&Failure::detail, HasSubstr(std::string{words}))));
}

std::vector<Node> parsed(std::string_view text) { return parse(text, Rules{}); }
std::vector<Node> bounded(const std::string& text) {
  return parse(text, Rules{.bytes = 4000, .documents = 3, .depth = 5, .nodes = 50});
}

TEST(Yaml, MayBeginWithAByteOrderMark) {
  const auto documents = parsed(
      "\xEF\xBB\xBF"
      "a: 1\n");
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_EQ(documents.front().find("a")->text(), "1");
}

TEST(Yaml, KeepsOrderLinesAndHowScalarsWereWritten) {
  const auto documents = parsed("# comment\nb: 010\na:\n  - 'no'\n  - no\n  - |\n    text\n");
  ASSERT_EQ(documents.size(), 1u);
  const Node& root = documents[0];
  ASSERT_TRUE(root.is_mapping());
  ASSERT_EQ(root.members().size(), 2u);
  EXPECT_EQ(root.members()[0].key, "b");
  EXPECT_EQ(root.find("b")->text(), "010");
  EXPECT_TRUE(root.find("b")->is_plain());
  const Node* list = root.find("a");
  ASSERT_TRUE(list->is_sequence());
  EXPECT_EQ(list->line(), 4u);
  EXPECT_EQ(list->items()[0].text(), "no");
  EXPECT_FALSE(list->items()[0].is_plain());
  EXPECT_TRUE(list->items()[1].is_plain());
  EXPECT_EQ(list->items()[2].text(), "text\n");
  EXPECT_FALSE(list->items()[2].is_plain());
  EXPECT_EQ(root.find("c"), nullptr);
}

TEST(Yaml, ReadsJsonAndSeveralDocumentsAndSkipsEmptyOnes) {
  const auto documents = parsed("{\"a\": [1, {\"b\": null}]}\n---\n---\n# nothing\n---\nc: ~\n");
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_TRUE(documents[0].find("a")->items()[1].find("b")->is_null());
  EXPECT_TRUE(documents[1].find("c")->is_null());
  EXPECT_FALSE(parsed("c: '~'")[0].find("c")->is_null());
  EXPECT_TRUE(parsed("").empty());
  EXPECT_TRUE(parsed("# only a comment\n").empty());
}

TEST(Yaml, NamesTheLineOfWhatIsNotYaml) {
  EXPECT_THAT([] { parsed("a: 1\nb: [1,\nc\n"); }, fails(Code::YamlInvalid, "Line 4: "));
  EXPECT_THAT([] { parsed("a: 1\n\tb: 2\n"); }, fails(Code::YamlInvalid, "Line 2: "));
  EXPECT_THAT([] { parsed("a: 1\nb: \x80\xff\n"); }, fails(Code::YamlInvalid, "Line "));
  EXPECT_THAT([] { parsed(std::string_view{"a: \0b\n", 6}); }, fails(Code::YamlInvalid, "Line "));
  EXPECT_THAT(
      [] {
        parsed(
            std::string_view{"\xff\xfe"
                             "a\0:\0 \0b\0",
                             10});
      },
      fails(Code::YamlInvalid, "Line "));
}

TEST(Yaml, RefusesWhatMakesFilesMeanMoreThanTheySay) {
  EXPECT_THAT([] { parsed("a: 1\nb: 2\na: 3\n"); },
              fails(Code::YamlRefused, "Line 3: the key 'a' stands twice"));
  EXPECT_THAT([] { parsed("x:\n  - {'k': 1, \"k\": 2}\n"); },
              fails(Code::YamlRefused, "Line 2: the key 'k' stands twice"));
  EXPECT_THAT([] { parsed("a: &x 1\nb: *x\n"); }, fails(Code::YamlRefused, "Line 2: aliases"));
  EXPECT_THAT([] { parsed("a: !!binary aGk=\n"); }, fails(Code::YamlRefused, "Line 1: tags"));
  EXPECT_THAT([] { parsed("a: !own {b: 1}\n"); }, fails(Code::YamlRefused, "Line 1: tags"));
  EXPECT_THAT([] { parsed("a: !!seq [1]\n"); }, fails(Code::YamlRefused, "Line 1: tags"));
  EXPECT_THAT([] { parsed("a:\n  <<: {b: 1}\n"); }, fails(Code::YamlRefused, "Line 2: merge"));
  EXPECT_THAT([] { parsed("? [1, 2]\n: 3\n"); }, fails(Code::YamlRefused, "Line 1: a key"));
}

std::string repeated(std::string_view what, std::size_t times) {
  std::string text;
  while (times-- > 0) text += what;
  return text;
}

TEST(Yaml, StopsAtEachLimitAndTakesWhatIsJustWithin) {
  EXPECT_EQ(bounded("[[[[1]]]]").size(), 1u);
  EXPECT_THAT([] { bounded("[[[[[1]]]]]"); }, fails(Code::YamlRefused, "deeper than 5"));
  EXPECT_EQ(bounded(repeated("- 1\n", 49))[0].items().size(), 49u);
  EXPECT_THAT([] { bounded(repeated("- 1\n", 50)); },
              fails(Code::YamlRefused, "Line 50: more than 50 values"));
  EXPECT_EQ(bounded(repeated("--- 1\n", 3)).size(), 3u);
  EXPECT_THAT([] { bounded(repeated("--- 1\n", 4)); },
              fails(Code::YamlRefused, "more than 3 documents"));
  EXPECT_EQ(bounded("'" + repeated("x", 3998) + "'").size(), 1u);
  EXPECT_THAT([] { bounded("'" + repeated("x", 3999) + "'"); },
              fails(Code::YamlRefused, "at most 4000"));
}

TEST(Yaml, SpeaksOfItsSubjectWithTheCodesOfTheCaller) {
  const Rules rules{
      .invalid = Code::KubeconfigInvalid, .refused = Code::BadPath, .subject = "The kubeconfig"};
  EXPECT_THAT([&] { std::ignore = parse("a: ]", rules); },
              fails(Code::KubeconfigInvalid, "The kubeconfig, line 1: this is not YAML: "));
  EXPECT_THAT([&] { std::ignore = parse("a: *b", rules); },
              fails(Code::BadPath, "The kubeconfig, line 1: aliases"));
}

TEST(Yaml, GivesUpSoonOnBombs) {
  const auto before = std::chrono::steady_clock::now();
  EXPECT_THAT([] { parsed(repeated("[", 1'000'000)); }, fails(Code::YamlRefused, "deeper"));
  EXPECT_THAT([] { parsed(repeated("{a: ", 200'000)); }, fails(Code::YamlRefused, "deeper"));
  EXPECT_THAT([] { parsed(repeated("- ", 500'000)); }, fails(Code::YamlRefused, "deeper"));
  EXPECT_THAT([] { parsed("a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n"); },
              fails(Code::YamlRefused, "aliases"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds{1});
}

}  // namespace
}  // namespace hedgerow::base::yaml
