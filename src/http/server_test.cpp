// The server as a client meets it: connections, order, identity, errors, overload, stopping.
#include <fcntl.h>
#include <sys/resource.h>

#include "http/server_fixture.test.hpp"

namespace hedgerow::http::testing {

namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kHello = "GET /hello/ HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kWait = "GET /wait/ HTTP/1.1\r\nHost: h\r\n\r\n";

using ServesTest = ServerTest;

TEST_F(ServesTest, many_requests_on_one_connection) {
  start();
  RawClient asking = client();
  for (int i = 0; i < 1000; ++i) {
    asking.send(kHello);
    const Answer answer = asking.read_answer();
    ASSERT_EQ(answer.status, 200);
    ASSERT_EQ(answer.header("Connection"), "keep-alive");
  }
  EXPECT_EQ(server_->load().connections, 1U);
}

TEST_F(ServesTest, requests_sent_at_once_in_their_order) {
  start();
  RawClient asking = client();
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += fmt::format("GET /path/n{}/ HTTP/1.1\r\nHost: h\r\n\r\n", i) +
           fmt::format("POST /echo/ HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n{:03}", i) +
           fmt::format(
               "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\n{:03}\r\n0\r\n\r\n",
               i);
  asking.send(all);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(asking.read_answer().body, fmt::format("n{}", i));
    EXPECT_EQ(asking.read_answer().body, fmt::format("{:03}", i));
    EXPECT_EQ(asking.read_answer().body, fmt::format("{:03}", i));
  }
}

TEST_F(ServesTest, a_request_that_comes_byte_by_byte) {
  start();
  RawClient asking = client();
  for (const char c : std::string_view{"POST /echo/ HTTP/1.1\r\nHost: h\r\n"
                                       "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"})
    asking.send({&c, 1});
  EXPECT_EQ(asking.read_answer().body, "abc");
}

TEST_F(ServesTest, closes_when_the_client_wants_it) {
  start();
  RawClient asking = client();
  asking.send("GET /hello/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(asking.read_answer().header("Connection"), "close");
  EXPECT_TRUE(asking.is_cut());
  RawClient old = client();
  old.send("GET /hello/ HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.read_answer().status, 200);
  EXPECT_TRUE(old.is_cut());
}

TEST_F(ServesTest, a_client_that_sent_all_and_only_listens) {
  start();
  RawClient asking = client();
  asking.send(kHello);
  asking.end_sending();
  EXPECT_EQ(asking.read_answer().status, 200);
}

TEST_F(ServesTest, head_without_a_body_but_with_its_length) {
  start();
  RawClient asking = client();
  asking.send("HEAD /hello/ HTTP/1.1\r\nHost: h\r\n\r\n");
  const Answer head = asking.read_answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "11");
  asking.send(kHello);
  EXPECT_EQ(asking.read_answer().body, R"({"hello":1})");
}

TEST_F(ServesTest, asks_for_the_body_of_a_client_that_waits) {
  start();
  RawClient asking = client();
  asking.send(
      "POST /echo/ HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(asking.read_answer().status, 100);
  asking.send("hello");
  EXPECT_EQ(asking.read_answer().body, "hello");
  // A refusal comes instead of the invitation.
  asking.send(
      "POST /echo/ HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(asking.read_answer().status, 413);
}

TEST_F(ServesTest, takes_a_sound_request_id_and_makes_one_otherwise) {
  start();
  const auto id_for = [&](std::string_view headers) {
    return ask(fmt::format("GET /hello/ HTTP/1.1\r\nHost: h\r\n{}\r\n", headers))
        .header("X-Request-ID");
  };
  EXPECT_EQ(id_for("X-Request-ID: my.id_1-2\r\n"), "my.id_1-2");
  EXPECT_THAT(id_for("X-Request-ID: a b\r\n"), ::testing::StartsWith("req_"));
  EXPECT_THAT(id_for("X-Request-ID: a\r\nX-Request-ID: b\r\n"), ::testing::StartsWith("req_"));
  EXPECT_NE(id_for(""), id_for(""));
}

TEST_F(ServesTest, what_the_handler_needs_to_know_of_the_request) {
  std::optional<Request> seen;
  router_.add("POST", "/look/{what}/", [&](Request& request) {
    seen = request;
    return Response::nothing();
  });
  start();
  EXPECT_EQ(ask("POST /look/it%20now?q=1&q=2 HTTP/1.1\r\nHost: h\r\nCookie: s=1; t=2\r\n"
                "X-Thing: v\r\nContent-Length: 2\r\n\r\nhi")
                .status,
            204);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->path, "/look/it now");
  EXPECT_EQ(seen->route, "/look/{what}/");
  EXPECT_EQ(seen->parameter("what"), "it now");
  EXPECT_THAT(seen->query, ElementsAre(Pair{"q", "1"}, Pair{"q", "2"}));
  EXPECT_THAT(seen->cookies_named("t"), ElementsAre("2"));
  EXPECT_EQ(seen->header("x-thing"), "v");
  EXPECT_EQ(seen->body, "hi");
  EXPECT_EQ(seen->peer, "127.0.0.1");
  EXPECT_TRUE(seen->peer_is_loopback);
  EXPECT_FALSE(seen->tls);
}

TEST_F(ServesTest, security_headers_on_every_answer) {
  router_.add("GET", "/page/", [](Request&) {
    Response page = Response::of(200, "text/html; charset=utf-8", "<p>");
    page.headers.set("Content-Security-Policy", "default-src 'self'");
    page.headers.set("Cache-Control", "no-cache");
    page.headers.set("Server", "secret/1.0");
    return page;
  });
  start();
  for (const char* target : {"/hello/", "/nothing/", "/path/%zz/", "/page/"}) {
    const Answer answer = get(target);
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.header("Referrer-Policy"), "same-origin");
    EXPECT_FALSE(answer.headers.has("Cross-Origin-Opener-Policy"));
    EXPECT_EQ(answer.header("Cross-Origin-Resource-Policy"), "same-origin");
    EXPECT_THAT(answer.header("Permissions-Policy"), HasSubstr("camera=()"));
    EXPECT_THAT(answer.header("Date"), ::testing::EndsWith(" GMT"));
    EXPECT_FALSE(answer.headers.has("Server"));
    EXPECT_FALSE(answer.headers.has("Strict-Transport-Security"));
    const bool page = std::string_view{target} == "/page/";
    EXPECT_EQ(answer.header("Content-Security-Policy"),
              page ? "default-src 'self'" : "default-src 'none'; frame-ancestors 'none'");
    EXPECT_EQ(answer.header("Cache-Control"), page ? "no-cache" : "no-store");
  }
}

TEST_F(ServesTest, hosts_of_every_kind) {
  start();
  for (const char* host : {"h", "h.example.:8080", "[::1]:8080", "127.0.0.1", "a_b-c"})
    EXPECT_EQ(ask(fmt::format("GET /hello HTTP/1.1\r\nHost: {}\r\n\r\n", host)).status, 200)
        << host;
}

TEST_F(ServesTest, only_what_lies_below_the_base_path) {
  settings_.base_path = "/plugins/hedgehog";
  router_.fallback([](Request& request) { return Response::of(200, "text/plain", request.path); });
  start();
  EXPECT_EQ(get("/plugins/hedgehog/hello/").body, R"({"hello":1})");
  EXPECT_EQ(get("/plugins/hedgehog").body, "/");
  EXPECT_EQ(get("/plugins/hedgehog/").body, "/");
  EXPECT_EQ(get("/hello/").status, 404);
  EXPECT_EQ(get("/").status, 404);
  EXPECT_EQ(get("/plugins/hedgehogs/").status, 404);
}

using ErrorTest = ServerTest;

TEST_F(ErrorTest, a_failure_of_a_handler_is_rendered_with_its_headers) {
  router_.add("GET", "/busy/", [](Request&) -> Response {
    throw base::Failure{base::Code::StorageBusy, base::Cause::Transient, "Wait."}.with_retry_after(
        std::chrono::seconds{7});
  });
  start();
  const Answer answer = get("/busy/");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.header("Retry-After"), "7");
  EXPECT_THAT(answer.body, HasSubstr("storage_busy | Wait."));
  EXPECT_EQ(answer.header("Connection"), "keep-alive");
}

TEST_F(ErrorTest, any_other_exception_is_an_internal_fault_that_tells_nothing_but_its_number) {
  router_.add("GET", "/bug/",
              [](Request&) -> Response { throw std::runtime_error{"secret detail"}; });
  router_.add("GET", "/odd/", [](Request&) -> Response { throw 5; });
  start();
  const Answer answer = ask("GET /bug/ HTTP/1.1\r\nHost: h\r\nX-Request-ID: r1\r\n\r\n");
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("internal_fault"));
  EXPECT_THAT(answer.body, HasSubstr("F-r1"));
  EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
  EXPECT_EQ(get("/odd/").status, 500);
  expect_recovery();
}

TEST_F(ErrorTest, a_header_that_would_break_out_is_an_internal_fault) {
  router_.add("GET", "/split/", [](Request& request) {
    Response response = Response::nothing();
    response.headers.add("X-Name", request.query.front().value);
    return response;
  });
  start();
  EXPECT_EQ(get("/split/?name=fine").status, 204);
  const Answer answer = get("/split/?name=a%0d%0aSet-Cookie:%20x=1");
  EXPECT_EQ(answer.status, 500);
  EXPECT_FALSE(answer.headers.has("Set-Cookie"));
}

TEST_F(ErrorTest, a_renderer_that_fails_leaves_an_honest_500) {
  server_.emplace(
      settings_, std::move(router_),
      [](const base::Failure&, const Request&) -> Response { throw std::runtime_error{"no"}; },
      clock_, random_);
  server_->start();
  const Answer answer = get("/nothing/");
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("Internal fault F-req_"));
}

TEST_F(ErrorTest, another_method_is_405_with_those_that_are_possible) {
  start();
  const Answer answer = ask("DELETE /hello/ HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow"), "GET, HEAD");
  EXPECT_EQ(get("/nothing/").status, 404);
}

using OverloadTest = ServerTest;

TEST_F(OverloadTest, a_full_pool_says_so_at_once_and_recovers) {
  settings_.limits.queue = 3;
  start();
  std::vector<RawClient> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.push_back(client());
    waiting.back().send(kWait);
  }
  wait_for_waiting(2);
  for (int i = 0; i < 3; ++i) {
    waiting.push_back(client());
    waiting.back().send(kWait);
  }
  while (server_->load().queued < 3) std::this_thread::yield();
  RawClient refused = client();
  refused.send(kHello);
  const Answer answer = refused.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("unavailable"));
  EXPECT_EQ(answer.header("Retry-After"), "1");
  barrier_.open();
  for (RawClient& patient : waiting) EXPECT_EQ(patient.read_answer().status, 200);
  refused.send(kHello);
  EXPECT_EQ(refused.read_answer().status, 200);
}

TEST_F(OverloadTest, heavy_requests_wait_among_themselves_and_hold_up_nobody_else) {
  constexpr std::string_view kHeavy = "GET /heavy/ HTTP/1.1\r\nHost: h\r\n\r\n";
  settings_.heavy_threads = 1;
  settings_.limits.heavy_queue = 3;
  router_.add("GET", "/heavy/",
              [this](Request&) {
                waiting_.change([](int& count) { ++count; });
                barrier_.pass();
                return Response::json(200, "{}");
              },
              {.crew = Crew::Heavy});
  start();
  std::vector<RawClient> heavy;
  for (int i = 0; i < 4; ++i) {
    heavy.push_back(client());
    heavy.back().send(kHeavy);
    wait_for_waiting(1);
  }
  while (server_->load().queued < 3) std::this_thread::yield();
  RawClient refused = client();
  refused.send(kHeavy);
  EXPECT_EQ(refused.read_answer().status, 503);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get("/hello/").status, 200);
  // Only the heavy one that is carried out keeps a worker; the others' are free once they have
  // answered.
  while (server_->load().busy_workers != 1) std::this_thread::yield();
  barrier_.open();
  for (RawClient& patient : heavy) EXPECT_EQ(patient.read_answer().status, 200);
  refused.send(kHeavy);
  EXPECT_EQ(refused.read_answer().status, 200);
}

TEST_F(OverloadTest, too_many_connections_are_told_and_sent_away) {
  settings_.limits.connections = 3;
  start();
  std::vector<RawClient> idle;
  for (int i = 0; i < 3; ++i) {
    idle.push_back(client());
    idle.back().send(kHello);
    EXPECT_EQ(idle.back().read_answer().status, 200);
  }
  RawClient surplus = client();
  surplus.send(kHello);
  const Answer answer = surplus.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("connections"));
  EXPECT_TRUE(surplus.is_cut());
  idle.back().send(kHello);
  EXPECT_EQ(idle.back().read_answer().status, 200);
  idle.clear();
  while (server_->load().connections > 0) std::this_thread::yield();
  expect_recovery();
}

TEST_F(OverloadTest, without_file_descriptors_clients_are_told_and_nothing_spins) {
  start();
  RawClient before = client();
  before.send(kHello);
  EXPECT_EQ(before.read_answer().status, 200);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit low{256, limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &low);
  std::vector<int> hoard;
  for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0; fd = ::open("/dev/null", O_RDONLY))
    hoard.push_back(fd);
  ::close(hoard.back());
  hoard.pop_back();
  {
    RawClient told = client();  // Takes the last one.
    const Answer answer = told.read_answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.body, HasSubstr("descriptor"));
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    before.send(kHello);
    EXPECT_EQ(before.read_answer().status, 200);
    rusage used_before{};
    rusage used_after{};
    ::getrusage(RUSAGE_SELF, &used_before);
    std::array<pollfd, 1> nothing{{{told.socket(), 0, 0}}};
    ::poll(nothing.data(), 0, 300);
    ::getrusage(RUSAGE_SELF, &used_after);
    const auto spent = (used_after.ru_utime.tv_sec - used_before.ru_utime.tv_sec) * 1'000'000 +
                       used_after.ru_utime.tv_usec - used_before.ru_utime.tv_usec;
    EXPECT_LT(spent, 100'000);
  }
  for (const int fd : hoard) ::close(fd);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  expect_recovery();
}

using StopTest = ServerTest;

TEST_F(StopTest, lets_a_request_in_flight_end_and_takes_no_other) {
  settings_.deadlines.idle = 2 * kPatience;
  start();
  const std::uint16_t port = server_->port();
  RawClient idle = client();
  idle.send(kHello);
  EXPECT_EQ(idle.read_answer().status, 200);
  RawClient in_flight = client();
  in_flight.send(kWait);
  wait_for_waiting(1);
  std::jthread stopping{[&] { server_->stop(base::Deadline::in(clock_, milliseconds{10'000})); }};
  EXPECT_TRUE(idle.is_cut());
  EXPECT_FALSE(RawClient{port}.connected());
  barrier_.open();
  const Answer answer = in_flight.read_answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(in_flight.is_cut());
}

TEST_F(StopTest, cuts_at_its_deadline_what_does_not_end) {
  start();
  RawClient half = client();
  half.send("GET /hello/ HTTP/1.1\r\n");
  while (server_->load().connections == 0) std::this_thread::yield();
  const auto begin = clock_.steady();
  server_->stop(base::Deadline::in(clock_, milliseconds{100}));
  EXPECT_LT(clock_.steady() - begin, milliseconds{900});
  EXPECT_TRUE(half.is_cut());
  EXPECT_EQ(server_->load().connections, 0U);
}

TEST_F(StopTest, may_be_asked_twice) {
  start();
  server_->stop(base::Deadline::in(clock_, milliseconds{100}));
  server_->stop(base::Deadline::in(clock_, milliseconds{100}));
}

using StartTest = ServerTest;

TEST_F(StartTest, a_taken_port_is_one_sentence) {
  start();
  Settings same;
  same.port = server_->port();
  Server second{same, Router{}, [](const base::Failure&, const Request&) { return Response{}; },
                clock_, random_};
  try {
    second.start();
    FAIL() << "started";
  } catch (const base::Failure& failure) {
    EXPECT_EQ(failure.code(), base::Code::Unavailable);
    EXPECT_THAT(failure.detail(), HasSubstr(fmt::to_string(same.port)));
  }
  expect_recovery();
}

TEST_F(StartTest, what_is_no_address_is_named) {
  settings_.address = "somewhere";
  try {
    start();
    FAIL() << "started";
  } catch (const base::Failure& failure) {
    EXPECT_EQ(failure.code(), base::Code::Invalid);
    EXPECT_EQ(failure.fields().front().field, "address");
  }
}

TEST_F(StartTest, all_addresses_of_both_families) {
  settings_.address = "::";
  start();
  expect_recovery();
  RawClient v6{server_->port(), AF_INET6};
  if (!v6.connected()) GTEST_SKIP() << "no IPv6 here";
  v6.send(kHello);
  EXPECT_EQ(v6.read_answer().status, 200);
}

TEST_F(StartTest, several_network_loops) {
  settings_.io_threads = 3;
  settings_.worker_threads = 4;
  start();
  std::vector<std::jthread> askers;
  std::atomic<int> good = 0;
  for (int t = 0; t < 6; ++t)
    askers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) good += get("/hello/").status == 200 ? 1 : 0;
    });
  askers.clear();
  EXPECT_EQ(good, 300);
}

TEST_F(StartTest, every_answer_is_told_to_the_observer) {
  struct Seen {
    std::string route;
    std::string method;
    int status;
  };
  base::Guarded<std::vector<Seen>> seen;
  server_.emplace(
      settings_, std::move(router_),
      [](const base::Failure& failure, const Request&) {
        return Response::of(base::facts_of(failure.code()).http, "text/plain", "x");
      },
      clock_, random_);
  server_->observe([&](const Finished& finished) {
    seen.change([&](auto& all) {
      all.push_back({std::string{finished.route}, std::string{finished.method}, finished.status});
    });
  });
  server_->start();
  EXPECT_EQ(get("/path/a?secret=1").status, 200);
  EXPECT_EQ(get("/nothing/").status, 404);
  EXPECT_TRUE(
      seen.wait({}, clock_.steady() + kPatience, [](const auto& all) { return all.size() == 2; }));
  seen.with([](const auto& all) {
    EXPECT_EQ(all[0].route, "/path/{name}/");
    EXPECT_EQ(all[0].status, 200);
    EXPECT_EQ(all[1].route, "");
    EXPECT_EQ(all[1].status, 404);
  });
  server_.reset();  // Before `seen`, which its threads use.
}

}  // namespace

}  // namespace hedgerow::http::testing
