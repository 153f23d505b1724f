// The ladder of a connection test: every rung measured, the broken one named, the rest not reached.
#include <gmock/gmock.h>

#include "base/guarded.hpp"
#include "kube_fixture.hpp"

namespace hedgerow::test {
namespace {

using kube::Climb;
using kube::ClimbPlan;
using kube::Rung;
using kube::RungName;
using kube::RungState;
using testing::HasSubstr;

struct Climbed {
  Climb climb;
  std::vector<Rung> told;
};

Climbed climbed(const kube::Connection& connection, ClimbPlan plan,
                const kube::Settings& settings = quick_settings()) {
  Climbed seen;
  plan.on_rung = [&](const Rung& rung) { seen.told.push_back(rung); };
  seen.climb = kube::climb(connection, settings, surroundings(), plan, {});
  return seen;
}

bool is_read(const kube::Kind& kind) { return kind.kind != "Agent"; }

ClimbPlan hedgehog() {
  return {.wanted = is_hedgehog, .reads = is_read, .spaces = {}, .on_rung = {}};
}

// "address+ tcp+ tls- http …": passed, failed, not reached.
std::string picture(const Climb& climb) {
  std::string text;
  for (const Rung& rung : climb.rungs) {
    text += name_of(rung.name);
    text += rung.state == RungState::Passed ? "+ " : rung.state == RungState::Failed ? "- " : " ";
    EXPECT_EQ(rung.state == RungState::Failed, rung.failure.has_value());
  }
  text.pop_back();
  return text;
}

// What each rung that failed says of it.
std::string why(const Climb& climb) {
  std::string text;
  for (const Rung& rung : climb.rungs)
    if (rung.failure)
      text += fmt::format("{} after {} ms: {}\n", name_of(rung.name), rung.took.count(),
                          rung.failure->what());
  return text;
}

const Rung& at(const Climb& climb, RungName name) {
  return climb.rungs[static_cast<std::size_t>(name)];
}

void expect_told_in_order(const Climbed& seen) {
  ASSERT_EQ(seen.told.size(), kube::kRungCount);
  for (std::size_t i = 0; i < kube::kRungCount; ++i) {
    EXPECT_EQ(seen.told[i].name, seen.climb.rungs[i].name);
    EXPECT_EQ(seen.told[i].state, seen.climb.rungs[i].state);
  }
}

TEST(Ladder, IsClimbedToItsTopAndShowsWhatItSaw) {
  const auto seen = climbed(Cluster::shared().connection("reader"), hedgehog());
  expect_told_in_order(seen);
  const Climb& climb = seen.climb;
  EXPECT_EQ(picture(climb),
            "address+ tcp+ tls+ http+ kubernetes+ credentials+ identity+ kinds+ rights+");
  EXPECT_TRUE(climb.passed());
  EXPECT_EQ(climb.failure(), nullptr);
  EXPECT_EQ(climb.user, "system:serviceaccount:hedgerow:hedgerow-reader");
  EXPECT_EQ(climb.identity, api_at("admin")->identity({}));
  EXPECT_EQ(climb.server_version, at(climb, RungName::Kubernetes).evidence);
  EXPECT_EQ(climb.kinds.size(), 21u);
  EXPECT_TRUE(climb.unreadable.empty());
  ASSERT_TRUE(climb.certificate_ends && climb.credential_ends);
  EXPECT_GT(*climb.credential_ends, clock().wall());
  EXPECT_THAT(at(climb, RungName::Tls).evidence, HasSubstr("certificate for "));
  EXPECT_EQ(at(climb, RungName::Http).evidence, "HTTP/2");
  EXPECT_EQ(at(climb, RungName::Kinds).evidence, "22 kinds in 6 groups, 21 of them to be read");
  EXPECT_EQ(at(climb, RungName::Rights).evidence, "may list 21 of 21 kinds");
}

TEST(Ladder, StopsAtTheRungThatBreaks) {
  const Cluster& cluster = Cluster::shared();
  const Gate other_ca{{"--tls-mode", "other-ca"}};
  const Gate ssh{{"--speak", "ssh"}};
  const Gate stalled{{"--speak", "stalled"}};
  const Gate gate;
  struct Row {
    std::string server;
    std::string rule;
    std::string picture;
    std::string code;
  };
  const std::vector<Row> rows{
      {"https://nowhere.invalid", "",
       "address- tcp tls http kubernetes credentials identity kinds rights", "dns_failed"},
      {"https://169.254.169.254", "",
       "address- tcp tls http kubernetes credentials identity kinds rights", "address_blocked"},
      {"https://127.0.0.1:9", "",
       "address+ tcp- tls http kubernetes credentials identity kinds rights", "tcp_refused"},
      {other_ca.url(), "", "address+ tcp+ tls- http kubernetes credentials identity kinds rights",
       "tls_untrusted"},
      {ssh.url(), "", "address+ tcp+ tls- http kubernetes credentials identity kinds rights",
       "not_kubernetes"},
      {stalled.url(), "", "address+ tcp+ tls- http kubernetes credentials identity kinds rights",
       "tls_timeout"},
      {gate.url(), R"({"action":{"black_hole":true}})",
       "address+ tcp+ tls+ http- kubernetes credentials identity kinds rights", "cluster_timeout"},
      {gate.url(), R"({"action":{"answer":{"status":302,"headers":{"Location":"https://x/"}}}})",
       "address+ tcp+ tls+ http- kubernetes credentials identity kinds rights", "redirect_refused"},
      {gate.url(), R"({"action":{"answer":{"status":200,"headers":{"Content-Type":"text/html"},
                     "body":"<html>hello</html>"}}})",
       "address+ tcp+ tls+ http+ kubernetes- credentials identity kinds rights", "not_kubernetes"},
      {gate.url(), R"({"action":{"answer":{"status":404,"body":"not here"}}})",
       "address+ tcp+ tls+ http+ kubernetes- credentials identity kinds rights", "not_kubernetes"},
      {gate.url(), R"({"action":{"answer":{"status":200,"body":"{\"major\":\"1\"}"}}})",
       "address+ tcp+ tls+ http+ kubernetes- credentials identity kinds rights", "not_kubernetes"},
      {gate.url(), R"({"action":{"answer":{"status":503,"body":"busy"}}})",
       "address+ tcp+ tls+ http+ kubernetes- credentials identity kinds rights", "cluster_error"},
      {gate.url(), R"({"action":{"request_headers":{"Authorization":"Bearer revoked"}}})",
       "address+ tcp+ tls+ http+ kubernetes+ credentials- identity kinds rights",
       "cluster_unauthorized"},
      {gate.url(), R"({"match":{"path":"kube-system"},"action":{"answer":{"status":403}}})",
       "address+ tcp+ tls+ http+ kubernetes+ credentials+ identity- kinds+ rights+",
       "cluster_forbidden"},
      {gate.url(), R"({"match":{"path":"^/apis$"},"action":{"answer":{"status":500}}})",
       "address+ tcp+ tls+ http+ kubernetes+ credentials+ identity+ kinds- rights",
       "cluster_error"},
      {gate.url(), R"({"match":{"path":"accessreviews"},"action":{"answer":{"status":500}}})",
       "address+ tcp+ tls+ http+ kubernetes+ credentials+ identity+ kinds+ rights+", ""},
      {gate.url(), R"({"match":{"path":"accessreviews"},"action":{"cut":{"before_headers":true}}})",
       "address+ tcp+ tls+ http+ kubernetes+ credentials+ identity+ kinds+ rights-",
       "reply_truncated"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.server + " " + row.rule);
    gate.clear();
    if (!row.rule.empty()) gate.rule(row.rule);
    const auto seen = climbed(cluster.connection("reader", row.server), hedgehog());
    EXPECT_EQ(picture(seen.climb), row.picture) << why(seen.climb);
    EXPECT_EQ(seen.climb.passed() ? "" : code_in(*seen.climb.failure()), row.code);
    expect_told_in_order(seen);
  }
  gate.clear();
  EXPECT_TRUE(climbed(cluster.connection("reader", gate.url()), hedgehog()).climb.passed());
}

TEST(Ladder, TellsOfEachRungWhileTheNextIsStillMeasured) {
  const Gate gate;
  gate.rule(R"({"name":"held","match":{"path":"^/version$"},"action":{"hold":true}})");
  base::Guarded<std::vector<RungName>> told;
  std::stop_source stop;
  std::jthread climber{[&] {
    ClimbPlan plan = hedgehog();
    plan.on_rung = [&](const Rung& rung) {
      told.change([&](auto& names) { names.push_back(rung.name); });
    };
    failure_in([&] {
      std::ignore = kube::climb(Cluster::shared().connection("reader", gate.url()),
                                quick_settings(), surroundings(), plan, stop.get_token());
    });
  }};
  const auto three = [](const std::vector<RungName>& names) { return names.size() == 3; };
  EXPECT_TRUE(told.wait({}, clock().steady() + std::chrono::milliseconds{900}, three));
  EXPECT_EQ(told.with([](auto& names) { return names; }),
            (std::vector{RungName::Address, RungName::Tcp, RungName::Tls}));
  stop.request_stop();
}

TEST(Ladder, NamesTheKindsThatMayNotBeRead) {
  ClimbPlan plan = hedgehog();
  plan.wanted = [](std::string_view group) {
    return is_hedgehog(group) || group == "one.hedgerow.test";
  };
  const auto& climb = climbed(Cluster::shared().connection("reader"), plan).climb;
  EXPECT_EQ(climb.kinds.size(), 23u);
  EXPECT_EQ(climb.unreadable.size(), 2u);
  ASSERT_NE(climb.failure(), nullptr);
  EXPECT_EQ(code_in(*climb.failure()), "cluster_forbidden");
  EXPECT_EQ(climb.failure()->detail(),
            "The cluster lets us read 21 of 23 kinds. Missing: list racks.one.hedgerow.test, "
            "widgets.one.hedgerow.test.");
  EXPECT_THAT(climb.failure()->next(), HasSubstr("- apiGroups: [\"one.hedgerow.test\"]\n"
                                                 "  resources: [\"racks\", \"widgets\"]\n"));
}

TEST(Ladder, LooksIntoTheNamespacesOfThePlan) {
  const auto connection = Cluster::shared().connection("reader");
  ClimbPlan plan = hedgehog();
  plan.spaces = {"default"};
  EXPECT_TRUE(climbed(connection, plan).climb.passed());
  plan.spaces = {"default", "no-such-namespace"};
  const auto& climb = climbed(connection, plan).climb;
  EXPECT_EQ(picture(climb),
            "address+ tcp+ tls+ http+ kubernetes+ credentials+ identity+ kinds+ rights-");
  EXPECT_EQ(code_in(*climb.failure()), "namespace_missing");
}

TEST(Ladder, SaysThatThereIsNothingToRead) {
  ClimbPlan plan = hedgehog();
  plan.wanted = [](std::string_view) { return false; };
  const auto& climb = climbed(Cluster::shared().connection("reader"), plan).climb;
  EXPECT_EQ(picture(climb),
            "address+ tcp+ tls+ http+ kubernetes+ credentials+ identity+ kinds- rights");
  EXPECT_EQ(code_in(*climb.failure()), "no_kinds");
}

TEST(Ladder, EndsWithinItsLimitWhereverItHangs) {
  const Gate gate;
  kube::Settings limited = quick_settings();
  limited.ladder_total = std::chrono::milliseconds{1'000};
  for (const std::string path :
       {"^/version$", "selfsubjectreviews", "kube-system", "^/apis$", "selfsubjectaccessreviews"}) {
    SCOPED_TRACE(path);
    gate.clear();
    gate.rule(fmt::format(R"({{"match":{{"path":"{}"}},"action":{{"black_hole":true}}}})", path));
    const auto began = clock().steady();
    const auto& climb =
        climbed(Cluster::shared().connection("reader", gate.url()), hedgehog(), limited).climb;
    EXPECT_LT(clock().steady() - began, std::chrono::milliseconds{1'300});
    ASSERT_FALSE(climb.passed());
    EXPECT_EQ(code_in(*climb.failure()), "cluster_timeout");
  }
}

TEST(Ladder, TakesAClientCertificateAndSaysWhoItIs) {
  const auto& climb = climbed(Cluster::shared().connection("admin"), hedgehog()).climb;
  EXPECT_TRUE(climb.passed());
  EXPECT_EQ(climb.user, "admin");
  EXPECT_TRUE(climb.credential_ends);
}

}  // namespace
}  // namespace hedgerow::test
