#include "base/yaml_out.hpp"

#include <gtest/gtest.h>

namespace hedgerow::base {
namespace {

TEST(YamlOf, WritesAnObjectAsKubectlWould) {
  EXPECT_EQ(yaml_of(R"({"kind":"Switch","metadata":{"name":"leaf-01","labels":{}},)"
                    R"("spec":{"groups":["a","b"],"links":[{"x":1,"w":[]},{"z":{"q":null}}]}})"),
            "kind: Switch\n"
            "metadata:\n"
            "  name: leaf-01\n"
            "  labels: {}\n"
            "spec:\n"
            "  groups:\n"
            "  - a\n"
            "  - b\n"
            "  links:\n"
            "  - x: 1\n"
            "    w: []\n"
            "  - z:\n"
            "      q: null\n");
}

TEST(YamlOf, QuotesWhatYamlWouldReadAsSomethingElse) {
  EXPECT_EQ(
      yaml_of(
          R"({"a":"no","b":"1.0","c":"0x1f","d":"x: y","e":"","f":"- z","g":"12:30","h":"a\nb"})"),
      "a: \"no\"\nb: \"1.0\"\nc: \"0x1f\"\nd: \"x: y\"\ne: \"\"\nf: \"- z\"\ng: \"12:30\"\n"
      "h: \"a\\nb\"\n");
}

TEST(YamlOf, QuotesTimesAndLeavesIdsAlone) {
  EXPECT_EQ(yaml_of(R"({"t":"2026-11-21T11:17:03Z","u":"c6f5a8da-1244-47a0","v":"10.0.0.0/16",)"
                    R"("w":"v1.32.13","p":"E1/5","i":"-1e5","d":"-"})"),
            "t: \"2026-11-21T11:17:03Z\"\nu: c6f5a8da-1244-47a0\nv: 10.0.0.0/16\nw: v1.32.13\n"
            "p: E1/5\ni: \"-1e5\"\nd: \"-\"\n");
}

TEST(YamlOf, KeepsNumbersExactly) {
  EXPECT_EQ(yaml_of(R"({"k":123456789012345678901234567890,"m":1.50})"),
            "k: 123456789012345678901234567890\nm: 1.50\n");
}

TEST(YamlOf, RefusesWhatIsNoDocument) { EXPECT_THROW((void)yaml_of("[}"), Failure); }

}  // namespace
}  // namespace hedgerow::base
