// The way to the cluster and what can go wrong on it: each fault named by its phase, in time, and
// nothing sent too early.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "kube_fixture.hpp"

namespace hedgerow::test {
namespace {

using base::Failure;
using base::Milliseconds;
using outbound::Evidence;
using outbound::Reply;
using outbound::Request;
using outbound::Session;
using testing::HasSubstr;
using testing::Not;

outbound::Peer peer_at(std::string_view server) {
  const auto connection = Cluster::shared().connection("admin", server);
  return {.target = connection.target(),
          .ca_pem = connection.fields().ca,
          .tls_name = {},
          .certificate_pem = {},
          .key_pem = {},
          .bearer = connection.fields().token.duplicate()};
}

std::unique_ptr<Session> session_at(std::string_view server) {
  return std::make_unique<Session>(peer_at(server), quick_settings().outbound, surroundings());
}

Request get(std::string path) {
  Request request;
  request.path = std::move(path);
  return request;
}

Reply asked(Session& session, std::string path = "/version") {
  return session.send(get(std::move(path)), {});
}

std::string code_of(const Reply& reply) {
  return reply.failure ? std::string{code_in(*reply.failure)} : fmt::format("{}", reply.status);
}

std::string detail_of(const Reply& reply) {
  return reply.failure ? reply.failure->detail() : std::string{};
}

// How long `work` took.
template <class Work>
Milliseconds timed(Work&& work) {
  const auto began = clock().steady();
  std::forward<Work>(work)();
  return std::chrono::duration_cast<Milliseconds>(clock().steady() - began);
}

TEST(Reach, TellsWhatIsWrongWithACertificateAndSendsNoToken) {
  const Gate gate;
  struct Row {
    std::string mode;
    std::string code;
    std::string words;
  };
  for (const Row& row : {
           Row{"expired", "tls_expired", "The cluster's certificate ended on 2020-02-02."},
           Row{"not-yet-valid", "tls_expired", "is good only from"},
           Row{"wrong-name", "tls_name",
               "The cluster's certificate is for 'somewhere.else.example', not '127.0.0.1'."},
           Row{"other-ca", "tls_untrusted", "not signed by the CA stored for it"},
           Row{"self-signed", "tls_untrusted", "not signed by the CA stored for it"},
       }) {
    SCOPED_TRACE(row.mode);
    gate.tls(row.mode);
    const auto session = session_at(gate.url());
    const Reply reply = asked(*session);
    EXPECT_EQ(code_of(reply), row.code);
    EXPECT_THAT(detail_of(reply), HasSubstr(row.words));
    EXPECT_EQ(reply.evidence.reached, outbound::Phase::Handshake);
    ASSERT_TRUE(reply.evidence.certificate) << "nothing to show";
    EXPECT_EQ(gate.requests(""), 0u) << "something was sent before the peer was proven";
    gate.tls("good");
    EXPECT_EQ(code_of(asked(*session)), "200") << "does not recover";
    gate.clear();
  }
}

TEST(Reach, TrustsTheGivenCaAloneAndNotTheSystems) {
  auto peer = peer_at(Cluster::shared().url());
  const std::string own = peer.ca_pem;
  peer.ca_pem = file_text(in_tree("tests/cluster/kube_other_ca.crt"));
  // Where OpenSSL looks for the system's CAs, the cluster's own one now stands.
  const std::string system = Cluster::shared().folder() + "/ca.crt";
  setenv("SSL_CERT_FILE", system.c_str(), 1);
  Session session{std::move(peer), quick_settings().outbound, surroundings()};
  EXPECT_EQ(code_of(asked(session)), "tls_untrusted");
  unsetenv("SSL_CERT_FILE");
  auto both = peer_at(Cluster::shared().url());
  both.ca_pem = file_text(in_tree("tests/cluster/kube_other_ca.crt")) + own;
  Session bundle{std::move(both), quick_settings().outbound, surroundings()};
  EXPECT_EQ(code_of(asked(bundle)), "200");
}

TEST(Reach, VerifiesTheGivenServerNameInsteadOfTheHost) {
  const Gate gate{{"--names", "kubernetes.test"}};
  EXPECT_EQ(code_of(asked(*session_at(gate.url()))), "tls_name");
  auto peer = peer_at(gate.url());
  peer.tls_name = "kubernetes.test";
  Session session{std::move(peer), quick_settings().outbound, surroundings()};
  const Reply reply = asked(session);
  EXPECT_EQ(code_of(reply), "200");
  EXPECT_THAT(reply.evidence.address, testing::StartsWith("127.0.0.1:"));
  EXPECT_THAT(gate.record(), HasSubstr(fmt::format(R"("Host":"127.0.0.1:{}")", gate.port())));
  peer = peer_at(gate.url());
  peer.tls_name = "other.test";
  Session other{std::move(peer), quick_settings().outbound, surroundings()};
  EXPECT_EQ(detail_of(asked(other)),
            "The cluster's certificate is for 'kubernetes.test', not 'other.test'.");
}

TEST(Reach, NamesWhatIsNotAnApiServer) {
  struct Row {
    std::string speech;
    std::string code;
    std::string words;
  };
  for (const Row& row : {
           Row{"ssh", "not_kubernetes", "something that is not TLS"},
           Row{"redis", "not_kubernetes", "something that is not TLS"},
           Row{"stalled", "tls_timeout", "did not finish the TLS handshake within 0.5 s"},
           Row{"hang-up", "not_kubernetes", "closed the connection before the TLS handshake"},
           Row{"reset-on-accept", "not_kubernetes", "closed the connection before the TLS"},
       }) {
    SCOPED_TRACE(row.speech);
    const Gate gate{{"--speak", row.speech}};
    Reply reply;
    const auto took = timed([&] { reply = asked(*session_at(gate.url())); });
    EXPECT_EQ(code_of(reply), row.code) << detail_of(reply);
    EXPECT_THAT(detail_of(reply), HasSubstr(row.words));
    EXPECT_LT(took, Milliseconds{700});
  }
}

// A listening socket that never accepts, with its queue full: the next SYN gets no answer.
class FullSocket {
 public:
  FullSocket() : listener_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    listen(listener_, 0);
    socklen_t length = sizeof at;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &length);
    port_ = ntohs(at.sin_port);
    for (int& filler : fillers_) {
      filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      connect(filler, reinterpret_cast<sockaddr*>(&at), sizeof at);
    }
  }
  ~FullSocket() {
    for (const int filler : fillers_) close(filler);
    close(listener_);
  }
  FullSocket(const FullSocket&) = delete;
  FullSocket& operator=(const FullSocket&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listener_;
  std::array<int, 4> fillers_{};
  std::uint16_t port_ = 0;
};

TEST(Reach, TellsARefusedConnectionFromAnUnansweredOne) {
  std::uint16_t free_port = 0;
  {
    const FullSocket full;
    free_port = full.port();
    Reply reply;
    const auto took = timed(
        [&] { reply = asked(*session_at(fmt::format("https://127.0.0.1:{}", full.port()))); });
    EXPECT_EQ(code_of(reply), "tcp_timeout");
    EXPECT_EQ(detail_of(reply),
              fmt::format("No answer from 127.0.0.1:{} within 0.5 s.", full.port()));
    EXPECT_GE(took, Milliseconds{450});
    EXPECT_LT(took, Milliseconds{700});
  }
  const Reply reply = asked(*session_at(fmt::format("https://127.0.0.1:{}", free_port)));
  EXPECT_EQ(code_of(reply), "tcp_refused");
  EXPECT_THAT(detail_of(reply), HasSubstr("is the API server running?"));
}

TEST(Reach, SaysThatANameDoesNotResolve) {
  const Reply reply = asked(*session_at("https://nowhere.invalid:6443"));
  EXPECT_EQ(code_of(reply), "dns_failed");
  EXPECT_THAT(detail_of(reply), HasSubstr("nowhere.invalid"));
}

// What a child gives back where it may not have a network of its own.
constexpr int kNoNameSpaces = 77;

sockaddr_in on_loopback(std::uint8_t last, std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(0x7f000000u + last);
  at.sin_port = htons(port);
  return at;
}

int bound(int type, const sockaddr_in& at) {
  const int made = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  return bind(made, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 ? made : -1;
}

// Runs `ask` in a child with a network and a resolv.conf of its own; it is given the socket of the
// name server there, and gives back which of its steps went wrong.
void in_own_network(const std::function<int(int)>& ask) {
  const std::string resolv_conf = Cluster::shared().folder() + "/resolv.conf";
  std::ofstream{resolv_conf} << "nameserver 127.0.0.1\n";
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0) _exit(kNoNameSpaces);
    ifreq loopback{};
    std::strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP;
    const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (ioctl(any, SIOCSIFFLAGS, &loopback) != 0 ||
        mount(resolv_conf.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) != 0)
      _exit(kNoNameSpaces);
    const int names = bound(SOCK_DGRAM, on_loopback(1, 53));
    _exit(names < 0 ? kNoNameSpaces : ask(names));
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == kNoNameSpaces) GTEST_SKIP() << "no name spaces here";
  EXPECT_EQ(status, 0) << "step " << WEXITSTATUS(status);
}

TEST(Reach, K02_a_silent_name_server_is_dns_failed_in_time) {
  in_own_network([](int) {
    Reply reply;
    const auto took = timed([&] { reply = asked(*session_at("https://silent.example")); });
    if (code_of(reply) != "dns_failed") return 1;
    if (detail_of(reply) != "No name server answered for silent.example within 0.5 s.") return 2;
    if (took < Milliseconds{450}) return 3;
    return took < Milliseconds{700} ? 0 : 4;
  });
}

// A name server that never lets its answers be kept. The name is 127.0.0.2 while `changed` is
// false, then this machine itself.
void answer(int names, const std::atomic<bool>& changed) {
  std::string packet(512, '\0');
  sockaddr_in from{};
  socklen_t length = sizeof from;
  const auto got =
      recvfrom(names, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
  if (got < 17) return;
  packet.resize(static_cast<std::size_t>(got));
  const std::size_t ends = packet.find('\0', 12);  // Of the name that is asked for.
  const bool v4 = packet.at(ends + 2) == 1;
  packet.resize(ends + 5);
  packet.replace(2, 10, std::string{"\x81\x80\0\1\0\0\0\0\0\0", 10});
  if (v4) {
    packet[7] = 1;
    packet += std::string{"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0", 15};
    packet += changed ? '\1' : '\2';
  }
  sendto(names, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
}

TEST(Reach, K04_a_name_that_moves_to_a_denied_address_is_blocked_without_a_connection) {
  in_own_network([](int names) {
    std::atomic<bool> changed = false;
    const timeval turn{.tv_sec = 0, .tv_usec = 100'000};
    setsockopt(names, SOL_SOCKET, SO_RCVTIMEO, &turn, sizeof turn);
    const std::jthread server{[&](const std::stop_token& stop) {
      while (!stop.stop_requested()) answer(names, changed);
    }};
    const int allowed = bound(SOCK_STREAM, on_loopback(2, 6443));
    const int denied = bound(SOCK_STREAM | SOCK_NONBLOCK, on_loopback(1, 6443));
    if (listen(allowed, 4) != 0 || listen(denied, 4) != 0) return 1;
    auto settings = quick_settings().outbound;
    settings.addresses = outbound::AddressRules{std::vector<std::string>{"127.0.0.2"}};
    Session session{peer_at("https://moving.example:6443"), settings, surroundings()};
    if (code_of(asked(session)) != "tls_timeout") return 2;  // Connected; nobody speaks there.
    changed = true;
    const Reply reply = asked(session);
    if (code_of(reply) != "address_blocked") return 3;
    if (detail_of(reply).find("127.0.0.1") == std::string::npos) return 4;
    return accept(denied, nullptr, nullptr) == -1 && errno == EAGAIN ? 0 : 5;
  });
}

TEST(Reach, K04_no_form_of_a_denied_address_is_connected_to) {
  const Gate gate;
  auto settings = quick_settings().outbound;
  settings.addresses = {};
  for (const std::string host :
       {"127.0.0.1", "127.1", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "2130706433", "localhost",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "0", "[::]",
        "[64:ff9b::7f00:1]", "169.254.169.254", "0xa9fea9fe", "[fe80::1]", "255.255.255.255"}) {
    SCOPED_TRACE(host);
    Session session{peer_at(fmt::format("https://{}:{}", host, gate.port())), settings,
                    surroundings()};
    const Reply reply = asked(session);
    EXPECT_EQ(code_of(reply), "address_blocked") << detail_of(reply);
    EXPECT_THAT(detail_of(reply), HasSubstr("Hedgerow does not connect to it"));
  }
  EXPECT_EQ(gate.counter("connections"), 0);
  settings.addresses =
      outbound::AddressRules{std::vector<std::string>{fmt::format("127.0.0.1:{}", gate.port())}};
  Session allowed{peer_at(gate.url()), settings, surroundings()};
  EXPECT_EQ(code_of(asked(allowed)), "200");
}

TEST(Reach, GivesUpOnAnswersThatDoNotCome) {
  const Gate gate;
  const auto session = session_at(gate.url());
  struct Row {
    std::string action;
    std::string words;
    int least;
    int most;
  };
  for (const Row& row : {
           Row{R"("black_hole":true)", "sent no answer within 1.5 s", 1'400, 1'800},
           Row{R"("body_delay_ms":9000)", "came to a halt: fewer than 1024 bytes in 1 s", 900,
               1'400},
           Row{R"("drip":300)", "came to a halt", 900, 2'400},
           Row{R"("cut":{"after":100,"how":"silent"})", "came to a halt", 900, 1'400},
           Row{R"("drip":3000)", "took longer than 3 s; stopped after", 2'900, 3'300},
       }) {
    SCOPED_TRACE(row.action);
    gate.clear();
    gate.rule(R"({"match":{"path":"/connections$"},"action":{)" + row.action + "}}");
    Reply reply;
    const auto took =
        timed([&] { reply = asked(*session, "/apis/wiring.githedgehog.com/v1beta1/connections"); });
    EXPECT_EQ(code_of(reply), "cluster_timeout");
    EXPECT_THAT(detail_of(reply), HasSubstr(row.words));
    EXPECT_GE(took, Milliseconds{row.least});
    EXPECT_LT(took, Milliseconds{row.most});
    gate.clear();
    EXPECT_EQ(code_of(asked(*session)), "200") << "does not recover";
  }
}

TEST(Reach, FollowsNoRedirectAndSaysWhereToItWent) {
  const Gate gate;
  const Gate elsewhere;
  for (const int status : {301, 302, 303, 307, 308}) {
    gate.clear();
    gate.rule(fmt::format(R"({{"action":{{"answer":{{"status":{},"headers":
              {{"Location":"{}/version?x=secret"}},"body":""}}}}}})",
                          status, elsewhere.url()));
    const Reply reply = asked(*session_at(gate.url()));
    EXPECT_EQ(code_of(reply), "redirect_refused");
    EXPECT_THAT(detail_of(reply), HasSubstr(fmt::format("127.0.0.1:{}", elsewhere.port())));
    EXPECT_THAT(detail_of(reply), Not(HasSubstr("secret")));
  }
  EXPECT_EQ(elsewhere.counter("connections"), 0);
}

TEST(Reach, TakesNoMoreThanItAskedFor) {
  const auto session = session_at(Cluster::shared().url());
  Request request = get("/apis/wiring.githedgehog.com/v1beta1/connections");
  request.body_max = 10'000;
  EXPECT_EQ(code_of(session->send(std::move(request), {})), "reply_too_large");
  request = get("/apis/wiring.githedgehog.com/v1beta1/connections");
  std::string got;
  request.sink = [&](std::string_view piece) { got += piece; };
  const Reply reply = session->send(std::move(request), {});
  EXPECT_EQ(code_of(reply), "200");
  EXPECT_TRUE(reply.body.empty());
  EXPECT_EQ(got.size(), reply.evidence.received);
}

TEST(Reach, SendsAgainAtOnceWhenAKeptConnectionWasClosedMeanwhile) {
  const Gate gate;
  const auto session = session_at(gate.url());
  EXPECT_EQ(code_of(asked(*session)), "200");
  for (const std::string how : {"close", "reset"}) {
    gate.close_connections(how);
    EXPECT_EQ(code_of(asked(*session)), "200") << how;
  }
  // The request has arrived, and the connection breaks before the first byte of its answer.
  gate.rule(R"({"name":"once","times":1,"action":{"cut":{"before_headers":true,"how":"reset"}}})");
  EXPECT_EQ(code_of(asked(*session)), "200");
  gate.clear();
  gate.rule(R"({"action":{"cut":{"before_headers":true,"how":"reset"}}})");
  const Reply reply = asked(*session);
  EXPECT_EQ(code_of(reply), "reply_truncated");
  EXPECT_EQ(gate.requests(""), 3u) << "libcurl's own tries count as well";
  EXPECT_EQ(reply.evidence.tries, 3u);
  EXPECT_THAT(detail_of(reply), HasSubstr("without an answer. It was asked 3 times."));
  gate.clear();
  EXPECT_EQ(code_of(asked(*session)), "200");
}

TEST(Reach, KeepsOneConnectionForManyRequests) {
  const Gate gate;
  const auto session = session_at(gate.url());
  std::vector<Request> requests;
  for (int i = 0; i < 40; ++i) requests.push_back(get("/version"));
  int good = 0;
  int reused = 0;
  session->run(std::move(requests), 10,
               [&](std::size_t, const Reply& reply) -> std::optional<Request> {
                 good += code_of(reply) == "200" && reply.evidence.http_version == "2";
                 reused += reply.evidence.reused;
                 return std::nullopt;
               },
               {});
  EXPECT_EQ(good, 40);
  EXPECT_EQ(reused, 39);
  EXPECT_EQ(gate.counter("connections"), 1);
  const Reply later = asked(*session);
  EXPECT_TRUE(later.evidence.reused);
  EXPECT_TRUE(later.evidence.certificate);
  EXPECT_FALSE(later.evidence.dns || later.evidence.tcp || later.evidence.tls);
  EXPECT_TRUE(later.evidence.first_byte);
}

TEST(Reach, DoesNotCountTheCallersTimeAgainstTheCluster) {
  auto settings = quick_settings().outbound;
  settings.deadlines.total = Milliseconds{400};
  const auto session =
      std::make_unique<Session>(peer_at(Cluster::shared().url()), settings, surroundings());
  Request request = get("/apis/wiring.githedgehog.com/v1beta1/connections");
  request.sink = [](std::string_view) { std::this_thread::sleep_for(Milliseconds{600}); };
  EXPECT_EQ(code_of(session->send(std::move(request), {})), "200");
}

TEST(Reach, CountsADeadlineOfTheCallerFromTheBeginningEvenInLine) {
  const Gate gate;
  gate.rule(R"({"action":{"black_hole":true}})");
  const auto session = session_at(gate.url());
  std::vector<Request> requests;
  for (int i = 0; i < 9; ++i) {
    requests.push_back(get("/version"));
    requests.back().deadline = base::Deadline::in(clock(), Milliseconds{600});
  }
  int late = 0;
  const auto took = timed([&] {
    session->run(std::move(requests), 2,
                 [&](std::size_t, const Reply& reply) -> std::optional<Request> {
                   late += code_of(reply) == "cluster_timeout";
                   return std::nullopt;
                 },
                 {});
  });
  EXPECT_EQ(late, 9);
  EXPECT_LT(took, Milliseconds{800});
}

TEST(Reach, HeedsNoProxyOfTheEnvironment) {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
    setenv(name, "http://127.0.0.1:9", 1);
  EXPECT_EQ(code_of(asked(*session_at(Cluster::shared().url()))), "200");
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) unsetenv(name);
}

TEST(Reach, PutsThePathBehindThePrefixAndNamesItself) {
  const Gate gate;
  const Reply reply = asked(*session_at(gate.url() + "/clusters/a/"));
  EXPECT_EQ(code_of(reply), "404");
  EXPECT_EQ(gate.requests("^/clusters/a/version$"), 1u);
  EXPECT_THAT(gate.record(), HasSubstr(R"("User-Agent":"hedgerow/)"));
}

TEST(Reach, SpeaksToIpv6Addresses) {
  const Gate gate{{"--listen", "[::1]:0", "--names", "::1"}};
  const Reply reply = asked(*session_at(gate.url()));
  EXPECT_EQ(code_of(reply), "200") << detail_of(reply);
  EXPECT_EQ(reply.evidence.address, fmt::format("[::1]:{}", gate.port()));
}

TEST(Reach, StopsWithin100MillisecondsInEachPhase) {
  const FullSocket full;
  const Gate stalled{{"--speak", "stalled"}};
  const Gate silent;
  silent.rule(R"({"action":{"black_hole":true}})");
  for (const std::string& server :
       {fmt::format("https://127.0.0.1:{}", full.port()), stalled.url(), silent.url()}) {
    std::stop_source stop;
    base::SteadyTime stopped;
    std::jthread stopper{[&] {
      std::this_thread::sleep_for(Milliseconds{200});
      stopped = clock().steady();
      stop.request_stop();
    }};
    const auto session = session_at(server);
    const Reply reply = session->send(get("/version"), stop.get_token());
    EXPECT_EQ(code_of(reply), "cancelled");
    EXPECT_LT(clock().steady() - stopped, Milliseconds{100});
  }
}

TEST(Reach, HasTheDeadlinesThatPeopleAreTold) {
  const outbound::Deadlines deadlines;
  EXPECT_EQ(deadlines.dns, std::chrono::seconds{5});
  EXPECT_EQ(deadlines.connect, std::chrono::seconds{5});
  EXPECT_EQ(deadlines.tls, std::chrono::seconds{5});
  EXPECT_EQ(deadlines.first_byte, std::chrono::seconds{15});
  EXPECT_EQ(deadlines.floor_span, std::chrono::seconds{10});
  EXPECT_EQ(deadlines.floor_bytes, 10u * 1024);
  EXPECT_EQ(deadlines.total, std::chrono::seconds{30});
  EXPECT_EQ(kube::Settings{}.ladder_total, std::chrono::seconds{10});
  EXPECT_EQ(outbound::Retries{}.tries, 3u);
  EXPECT_EQ(outbound::Retries{}.pause, Milliseconds{500});
}

}  // namespace
}  // namespace hedgerow::test
