#include "kube/item.hpp"

#include <gmock/gmock.h>
#include <simdjson.h>

namespace hedgerow::kube {
namespace {

using base::Code;
using base::content_digest;
using base::Failure;
using testing::AllOf;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

const ListRequest kWidgets{.kind = {.group = "g.example",
                                    .version = "v1",
                                    .kind = "Widget",
                                    .plural = "widgets",
                                    .namespaced = true},
                           .space = "lab"};

auto malformed(std::string_view words) {
  return Throws<Failure>(AllOf(Property(&Failure::code, Code::Malformed),
                               Property(&Failure::detail, HasSubstr(std::string{words}))));
}

// Holds what the views of an item point to.
struct Read {
  ItemReader reader;
  std::string bytes;
  Item item;

  explicit Read(std::string_view text, const ListRequest& request = kWidgets) : bytes{text} {
    bytes.reserve(bytes.size() + simdjson::SIMDJSON_PADDING);
    item = reader.read(bytes, request);
  }
};

constexpr std::string_view kMetadata =
    R"("name":"w","namespace":"lab","uid":"u-1","resourceVersion":"42")";

std::string widget(std::string_view metadata, std::string_view rest = R"("spec":{})") {
  return fmt::format(R"({{"apiVersion":"g.example/v1","kind":"Widget","metadata":{{{}}},{}}})",
                     metadata, rest);
}

TEST(Item, TellsWhoItIsAndWhenItCame) {
  const Read read{
      widget(R"("creationTimestamp":"2026-10-01T12:00:00Z","generation":7,"name":"w\u00fc",)"
             R"("namespace":"lab","resourceVersion":"18446744073709551617","uid":"u-1")")};
  EXPECT_EQ(read.item.uid, "u-1");
  EXPECT_EQ(read.item.resource_version, "18446744073709551617");
  EXPECT_EQ(read.item.space, "lab");
  EXPECT_EQ(read.item.name, "wü");
  EXPECT_EQ(read.item.generation, 7);
  EXPECT_EQ(base::rfc3339(read.item.created), "2026-10-01T12:00:00.000Z");
  EXPECT_FALSE(read.item.deleted);
  EXPECT_EQ(read.item.document, read.bytes);
  EXPECT_EQ(read.item.quick_hash, base::quick_hash(read.bytes));
}

TEST(Item, SaysThatItIsBeingDeleted) {
  const Read read{widget(std::string{kMetadata} +
                         R"(,"deletionTimestamp":"2026-11-20T01:02:03Z","finalizers":["f"])")};
  ASSERT_TRUE(read.item.deleted);
  EXPECT_EQ(base::rfc3339(*read.item.deleted), "2026-11-20T01:02:03.000Z");
}

TEST(Item, CutsManagedFieldsAndKeepsEveryOtherByte) {
  constexpr std::string_view kManaged =
      R"("managedFields":[{"fieldsV1":{"f:spec":{",":{}}},"manager":"a \"b\" }]"}])";
  const std::string spec =
      R"("spec":{"zebra":1.0,"big":123456789012345678901234567890,"exact":9007199254740993,)"
      R"("e":1e+2,"null":null,"text":"\u00e4\/é","managedFields":[1],"a":{ "x" :[ ] }})";
  const auto with = [&](std::string_view before, std::string_view after) {
    return Read{widget(fmt::format("{}{}{}", before, kManaged, after), spec)};
  };
  const std::string metadata{kMetadata};
  const std::string wanted = widget(metadata, spec);
  EXPECT_EQ(with("", "," + metadata).item.document, wanted);
  EXPECT_EQ(with(metadata + ",", "").item.document, wanted);
  EXPECT_EQ(with(metadata + ",\n ", "").item.document, wanted);
  EXPECT_EQ(with(R"("name":"w","namespace":"lab",)", R"(,"uid":"u-1","resourceVersion":"42")")
                .item.document,
            wanted);
  // The hash is of what came: whoever moved a field's manager changed the object's bytes.
  const auto read = with("", "," + metadata);
  EXPECT_EQ(read.item.quick_hash, base::quick_hash(read.bytes));
}

TEST(Item, L35_MasksWhatKubectlLastApplied) {
  const std::string metadata{kMetadata};
  const auto annotated = [&](std::string_view value) {
    return fmt::format(R"("annotations":{{"a":"\"",)"
                       R"("kubectl.kubernetes.io/last-applied-configuration" : {},"z":"1"}})",
                       value);
  };
  const std::string secret = annotated(R"("{\"password\":\"canary\"}")");
  const std::string wanted = widget(metadata + "," + annotated("\"(masked)\""));
  const std::string managed = R"("managedFields":[{"m":"kubectl"}])";
  for (const auto& members : {metadata + "," + secret, managed + "," + metadata + "," + secret,
                              metadata + "," + secret + "," + managed})
    EXPECT_EQ(Read{widget(members)}.item.document, wanted);
  // What is not kubectl's, and what no API server would send.
  const std::string other = widget(metadata + R"(,"annotations":{"password":"mine"})");
  EXPECT_EQ(Read{other}.item.document, other);
  EXPECT_EQ(Read{widget(metadata + "," + annotated(R"({"password":["canary"]})"))}.item.document,
            wanted);
  EXPECT_NO_THROW(Read{widget(metadata + R"(,"annotations":null)")});
}

TEST(Item, IsOfTheKindAndNamespaceAskedFor) {
  const std::string metadata{kMetadata};
  EXPECT_THAT(
      [&] {
        Read{R"({"apiVersion":"g.example/v2","kind":"Widget","metadata":{)" + metadata + "}}"};
      },
      malformed("not a Widget of g.example/v1"));
  EXPECT_THAT(
      [&] {
        Read{R"({"apiVersion":"g.example/v1","kind":"Gadget","metadata":{)" + metadata + "}}"};
      },
      malformed("it is a 'Gadget'"));
  EXPECT_THAT([&] { Read{"{\"metadata\":{" + metadata + "}}"}; }, malformed("it is a ''"));
  EXPECT_THAT(
      [] { Read{widget(R"("name":"w","namespace":"other","uid":"u","resourceVersion":"1")")}; },
      malformed("of namespace 'other', not of 'lab'"));
  ListRequest everywhere = kWidgets;
  everywhere.space.clear();
  EXPECT_EQ(
      Read(widget(R"("name":"w","namespace":"other","uid":"u","resourceVersion":"1")"), everywhere)
          .item.space,
      "other");
  EXPECT_THAT([&] { Read(widget(R"("name":"w","uid":"u","resourceVersion":"1")"), everywhere); },
              malformed("'w' has no namespace"));
  ListRequest cluster = everywhere;
  cluster.kind.namespaced = false;
  EXPECT_THAT([&] { Read(widget(metadata), cluster); }, malformed("'w' has a namespace"));
}

TEST(Item, IsRefusedWithoutWhatTellsItFromOthers) {
  for (const auto& [metadata, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"("namespace":"lab","uid":"u","resourceVersion":"1")", "it has no name"},
           {R"("name":"w","namespace":"lab","resourceVersion":"1")", "'w' has no uid"},
           {R"("name":"w","namespace":"lab","uid":"","resourceVersion":"1")", "no uid"},
           {R"("name":"w","namespace":"lab","uid":"u")", "'w' has no resourceVersion"},
           {R"("name":7,"namespace":"lab","uid":"u","resourceVersion":"1")", "malformed"},
           {R"("name":"w","namespace":"lab","uid":"u","resourceVersion":1)", "malformed"},
           {R"("name":"w","namespace":"lab","uid":"u","resourceVersion":"1","generation":"x")",
            "malformed"},
           {R"("name":"w","namespace":"lab","uid":"u","resourceVersion":"1",)"
            R"("creationTimestamp":"yesterday")",
            "a timestamp is not one"},
           {R"("name":"w","name":"v","namespace":"lab","uid":"u","resourceVersion":"1")",
            "the key \"name\" stands twice"},
           {R"("name":"w","n\u0061me":"v","namespace":"lab","uid":"u","resourceVersion":"1")",
            "the key \"name\" stands twice"},
       })
    EXPECT_THAT([&] { Read{widget(metadata)}; }, malformed(words)) << metadata;
  EXPECT_THAT([] { Read{R"({"apiVersion":"g.example/v1","kind":"Widget","metadata":[]})"}; },
              malformed(""));
  EXPECT_THAT([] { Read{widget(kMetadata, R"("metadata":{})")}; },
              malformed("the key \"metadata\" stands twice"));
}

TEST(ContentDigest, ForgetsVersionAndManagersAndNothingElse) {
  const std::string spec = R"("spec":{"n":9007199254740993,"l":[1,2]})";
  const auto digest = content_digest(widget(R"("name":"w","uid":"u","resourceVersion":"1")", spec));
  EXPECT_EQ(digest, content_digest(widget(
                        R"("resourceVersion":"2","managedFields":[{"m":1}],"uid":"u","name":"w")",
                        R"( "spec" : {"l":[1,2],"n":9007199254740993})")));
  EXPECT_EQ(digest, content_digest(widget(
                        R"("name":"w","managedFields":[],"uid":"u","resourceVersion":"")", spec)));
  EXPECT_EQ(digest, content_digest(widget(R"("name":"w","uid":"u")", spec)));
  EXPECT_NE(digest, content_digest(widget(R"("name":"w","uid":"u")",
                                          R"("spec":{"n":9007199254740992,"l":[1,2]})")));
  EXPECT_NE(digest, content_digest(widget(R"("name":"w","uid":"v")", spec)));
  EXPECT_NE(digest, content_digest(widget(R"("name":"w","uid":"u","labels":{"a":"b"})", spec)));
  EXPECT_NE(content_digest(widget(R"("name":"w")", R"("spec":{"resourceVersion":"1"})")),
            content_digest(widget(R"("name":"w")", R"("spec":{"resourceVersion":"2"})")));
}

TEST(ContentDigest, RefusesAKeyThatStandsTwiceAnywhere) {
  EXPECT_THAT(
      [] {
        std::ignore = content_digest(widget(kMetadata, R"("spec":{"a":{"b":1,"c":2,"b":1}})"));
      },
      malformed("\"b\""));
  EXPECT_THAT([] { std::ignore = content_digest(widget(kMetadata, R"("spec":{},"spec":{})")); },
              malformed("\"spec\""));
  EXPECT_THAT(
      [] {
        std::ignore =
            content_digest(widget(R"("name":"w","resourceVersion":"1","resourceVersion":"2")"));
      },
      malformed("\"resourceVersion\""));
  EXPECT_THAT(
      [] {
        std::ignore = content_digest(widget(kMetadata, R"("metadata":{"resourceVersion":"1"})"));
      },
      malformed("\"metadata\""));
  EXPECT_THAT([] { std::ignore = content_digest(widget(kMetadata, R"("spec":{"a":tru})")); },
              malformed(""));
  EXPECT_THAT([] { std::ignore = content_digest(widget(kMetadata, R"("spec":{"a":[1}})")); },
              malformed(""));
}

}  // namespace
}  // namespace hedgerow::kube
