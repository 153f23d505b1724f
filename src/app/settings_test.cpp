#include "app/settings.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/values.hpp"

namespace hedgerow::app {
namespace {

class SettingsTest : public testing::Test {
 protected:
  SettingsTest() : file_{testing::TempDir() + fmt::format("settings-{}.toml", ::getpid())} {}
  ~SettingsTest() override { std::filesystem::remove(file_); }

  [[nodiscard]] LoadedSettings load(std::string_view toml,
                                    const std::vector<std::string>& environment = {}) const {
    std::ofstream{file_} << toml;
    return load_settings(file_, environment);
  }
  [[nodiscard]] std::string refusal(std::string_view toml,
                                    const std::vector<std::string>& environment = {}) const {
    try {
      (void)load(toml, environment);
    } catch (const base::Failure& failure) {
      EXPECT_EQ(failure.code(), base::Code::Invalid);
      return failure.detail();
    }
    return "accepted";
  }
  [[nodiscard]] static SettingLine line(const LoadedSettings& loaded, std::string_view name) {
    for (const SettingLine& each : loaded.lines)
      if (each.name == name) return each;
    ADD_FAILURE() << name << " is not there";
    return {};
  }

  std::string file_;
};

TEST_F(SettingsTest, DefaultIsLessThanFileIsLessThanEnvironment) {
  const auto plain = load("");
  EXPECT_EQ(line(plain, "runs.no_progress").value, "1m");
  EXPECT_EQ(line(plain, "runs.no_progress").source, "default");

  const auto loaded = load("[runs]\nno_progress = \"6s\"\nlease = \"2s\"\n",
                           {"HEDGEROW_RUNS_LEASE=12500ms", "OTHER=1"});
  EXPECT_EQ(loaded.settings.jobs.no_progress, base::Milliseconds{6'000});
  EXPECT_TRUE(line(loaded, "runs.no_progress").source.ends_with(".toml:2"));
  EXPECT_EQ(loaded.settings.jobs.lease, base::Milliseconds{12'500});
  EXPECT_EQ(line(loaded, "runs.lease").source, "environment");
}

TEST_F(SettingsTest, ReadsListsFlagsAndNumbers) {
  const auto loaded = load(
      "[http]\nport = 8123\nallow_plain = true\n[outbound]\nallow = [\"127.0.0.1:6443\", "
      "\"::1\"]\n");
  EXPECT_EQ(loaded.settings.http.port, 8123);
  EXPECT_TRUE(loaded.settings.allow_plain);
  EXPECT_EQ(loaded.settings.outbound_allow, (std::vector<std::string>{"127.0.0.1:6443", "::1"}));
}

TEST_F(SettingsTest, RefusesAnUnknownKeyWithItsLineAndTheNearestName) {
  const std::string said = refusal("[runs]\n\nworkerz = 3\n");
  EXPECT_NE(said.find(".toml:3"), std::string::npos) << said;
  EXPECT_NE(said.find("the nearest is runs.workers"), std::string::npos) << said;
}

TEST_F(SettingsTest, RefusesAVariableOfASectionOrAlmostOfASettingAndLetsOthersBe) {
  for (const std::string_view name : {"HEDGEROW_HTTP_BIND", "HEDGEROW_RUNS_LEASE_TIME",
                                      "HEDGEROW_HTP_PORT", "HEDGEROW_HTTP_DEADLINES_NONE"})
    EXPECT_NE(refusal("", {fmt::format("{}=1", name)}).find("the nearest is HEDGEROW_"),
              std::string::npos)
        << name;
  EXPECT_EQ(refusal("", {"HEDGEROW_BACKUP_HOST=x", "HTTP_PROXY=x", "HEDGEROWS=3"}), "accepted");
}

TEST_F(SettingsTest, RefusesValuesThatDoNotFit) {
  for (const std::string_view toml :
       {"[http]\nport = 70000\n", "[http]\nport = \"x\"\n", "[http]\nallow_plain = \"perhaps\"\n",
        "[runs]\nlease = 15\n", "[runs]\nlease = \"15 s\"\n", "[http]\nport = 1.5\n", "[http\n",
        "[outbound]\nallow = [\"not an address\"]\n", "[http]\norigins = [1]\n"})
    EXPECT_NE(refusal(toml), "accepted") << toml;
  EXPECT_NE(refusal("", {"HEDGEROW_HTTP_PORT=-1"}), "accepted");
}

TEST(Span, IsReadAndWritten) {
  EXPECT_EQ(parse_span("500ms"), base::Milliseconds{500});
  EXPECT_EQ(parse_span("24h"), base::Milliseconds{86'400'000});
  for (const std::string_view text : {"", "5", "s", "-5s", "5 s", "5sec", "99999999999s"})
    EXPECT_FALSE(parse_span(text)) << text;
  for (const std::string_view text : {"0ms", "500ms", "5s", "90s", "15m", "1d"})
    EXPECT_EQ(span_text(*parse_span(text)), text);
}

}  // namespace
}  // namespace hedgerow::app
