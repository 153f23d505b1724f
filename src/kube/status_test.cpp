#include "kube/status.hpp"

#include <gmock/gmock.h>

namespace hedgerow::kube {
namespace {

using base::Code;
using base::Failure;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const Kind kConnections{.group = "wiring.githedgehog.com",
                        .version = "v1beta1",
                        .kind = "Connection",
                        .plural = "connections",
                        .namespaced = true};

struct Refusal {
  std::optional<std::chrono::seconds> retry_after;
  unsigned tries = 1;
};

Failure said(int status, std::string body, const Refusal& refusal = {}) {
  outbound::Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  reply.retry_after = refusal.retry_after;
  reply.evidence.tries = refusal.tries;
  return failure_of(reply,
                    {.verb = "list", .what = kConnections.resource(), .kind = &kConnections});
}

std::string status_of(int code, std::string_view reason, std::string_view message,
                      std::string_view details = "{}") {
  return fmt::format(R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure",)"
                     R"("message":"{}","reason":"{}","details":{},"code":{}}})",
                     message, reason, details, code);
}

TEST(Status, IsReadWithCausesAndWaiting) {
  const auto status = read_status(status_of(
      504, "Timeout", "Too large resource version",
      R"({"retryAfterSeconds":3,"causes":[{"reason":"ResourceVersionTooLarge","message":"m"}]})"));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code, 504);
  EXPECT_EQ(status->reason, "Timeout");
  EXPECT_EQ(status->retry_after, std::chrono::seconds{3});
  ASSERT_EQ(status->causes.size(), 1u);
  EXPECT_EQ(status->causes[0].reason, "ResourceVersionTooLarge");
  for (const std::string_view other :
       {"", "{}", "[]", "<html>", R"({"kind":"Status"})", R"({"kind":"StatusList"})"})
    EXPECT_FALSE(read_status(other)) << other;
}

TEST(Status, BecomesTheCodeThatItMeans) {
  struct Row {
    int status;
    std::string body;
    Code code;
    std::string_view words;
  };
  const std::vector<Row> rows{
      {401, status_of(401, "Unauthorized", "Unauthorized"), Code::ClusterUnauthorized, "401"},
      {403, status_of(403, "Forbidden", "no"), Code::ClusterForbidden,
       "Missing: list connections.wiring.githedgehog.com"},
      {404, "404 page not found", Code::KindMissing, "Kind Connection"},
      {429, status_of(429, "TooManyRequests", "slow"), Code::ClusterThrottled, "429"},
      {500, status_of(500, "InternalError", "etcd is sad"), Code::ClusterError, "etcd is sad"},
      {503, "<html><title>Bad &lt;gateway</title>", Code::ClusterError, "'Bad &lt;gateway'"},
      {413, "", Code::ClusterError, "413"},
      {200, status_of(500, "InternalError", "later"), Code::ClusterError, "500"},
      {200, status_of(401, "Unauthorized", "x"), Code::ClusterUnauthorized, "401"},
      {200, R"({"kind":"Status","apiVersion":"v1","status":"Success"})", Code::Malformed,
       "not what was asked for"},
      {200, "{}", Code::Malformed, "not what was asked for"},
  };
  for (const Row& row : rows) {
    const Failure failure = said(row.status, row.body);
    EXPECT_EQ(base::facts_of(failure.code()).name, base::facts_of(row.code).name) << row.body;
    EXPECT_THAT(failure.detail(), HasSubstr(std::string{row.words}));
  }
}

TEST(Status, NamesWhatAServerStillWaitsFor) {
  EXPECT_EQ(checks_pending_in("[+]ping ok\n[-]etcd failed: reason withheld\n[+]log ok\n"
                              "[-]poststarthook/crd-informer-synced failed: reason withheld\n"
                              "readyz check failed\n"),
            "etcd, poststarthook/crd-informer-synced");
  EXPECT_EQ(checks_pending_in("ok"), "");
  EXPECT_EQ(checks_pending_in("<html>[-]none</html>"), "");
  EXPECT_EQ(checks_pending_in("[-]a\n[-]b\n[-]c\n[-]d\n[-]e\n[-]f\n"), "a, b, c, d, e");
}

TEST(Status, TellsHowLongToWaitAndWhichRuleIsMissing) {
  using std::chrono::seconds;
  const auto seven = said(429, "", {.retry_after = seconds{7}});
  EXPECT_EQ(seven.retry_after(), seconds{7});
  EXPECT_THAT(seven.detail(), HasSubstr("connections.wiring.githedgehog.com. It wants us to wait "
                                        "7 s."));
  EXPECT_THAT(said(503, "", {.retry_after = seconds{3'600}}).detail(), HasSubstr("hour or more"));
  EXPECT_FALSE(said(429, "").retry_after());
  EXPECT_EQ(said(200, status_of(429, "x", "y", R"({"retryAfterSeconds":2})")).retry_after(),
            seconds{2});
  EXPECT_THAT(said(403, "").next(), HasSubstr("- apiGroups: [\"wiring.githedgehog.com\"]\n"
                                              "  resources: [\"connections\"]\n"
                                              "  verbs: [\"get\", \"list\"]\n"));
}

TEST(Status, TellsHowOftenTheServerWasAsked) {
  for (const int code : {429, 500, 503}) {
    EXPECT_THAT(said(code, "", {.tries = 3}).detail(), EndsWith(" It was asked 3 times."));
    EXPECT_THAT(said(code, "", {.tries = 1}).detail(), Not(HasSubstr("times")));
  }
}

TEST(Status, ShowsTheServersWordsWithoutSecretsAndControls) {
  const auto failure =
      said(500, status_of(500, "x", "bad\\nline \\u001b[31m Bearer abcdefghijklmnop"));
  EXPECT_THAT(failure.detail(), Not(HasSubstr("abcdefghijklmnop")));
  EXPECT_THAT(failure.detail(), Not(HasSubstr("\n")));
  EXPECT_THAT(failure.detail(), Not(HasSubstr("\x1b")));
}

TEST(Status, SaysWhenTheCredentialHadEnded) {
  outbound::Reply reply;
  reply.status = 401;
  const auto failure =
      failure_of(reply, {.verb = "list",
                         .what = "x",
                         .credential_ended = base::parse_rfc3339("2026-11-20T10:00:00Z")});
  EXPECT_EQ(failure.detail(),
            "The cluster refused our credentials (401). They ended on 2026-11-20.");
}

}  // namespace
}  // namespace hedgerow::kube
