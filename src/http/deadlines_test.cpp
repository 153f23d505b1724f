// Every wait of the server ends at its own, absolute time: slow peers are cut, and others do not
// notice. The deadlines are a tenth of the defaults.
#include "http/server_fixture.test.hpp"

namespace hedgerow::http::testing {

namespace {

using std::chrono::milliseconds;

TEST(Deadlines, are_by_default_what_the_documents_promise) {
  const Deadlines defaults;
  EXPECT_EQ(defaults.first_byte, milliseconds{10'000});
  EXPECT_EQ(defaults.header, milliseconds{10'000});
  EXPECT_EQ(defaults.body, milliseconds{30'000});
  EXPECT_EQ(defaults.write, milliseconds{30'000});
  EXPECT_EQ(defaults.idle, milliseconds{75'000});
}

TEST(Limits, are_by_default_what_the_documents_promise) {
  const Limits defaults;
  EXPECT_EQ(defaults.headers, 32U * 1024);
  EXPECT_EQ(defaults.target, 8U * 1024);
  EXPECT_EQ(defaults.body, 1024U * 1024);
}

class DeadlineTest : public ServerTest {
 protected:
  DeadlineTest() {
    // All different, so that each test proves its own.
    settings_.deadlines.first_byte = milliseconds{300};
    settings_.deadlines.header = milliseconds{600};
    settings_.deadlines.body = milliseconds{900};
    settings_.deadlines.idle = milliseconds{450};
  }
  // Sends `drip` again and again, a byte of it each 20 ms, until the server ends the connection.
  milliseconds life_of(RawClient& client, std::string_view drip) {
    const auto begin = clock_.steady();
    for (std::size_t i = 0; clock_.steady() - begin < kPatience; ++i) {
      pollfd ends{client.socket(), POLLIN, 0};
      if (::poll(&ends, 1, 20) > 0) break;
      client.send(drip.substr(i % drip.size(), 1));
    }
    EXPECT_TRUE(client.is_cut());
    return std::chrono::duration_cast<milliseconds>(clock_.steady() - begin);
  }
  static void expect_near(milliseconds measured, milliseconds expected) {
    EXPECT_GE(measured, expected - milliseconds{50});
    EXPECT_LE(measured, expected + milliseconds{3'000});
  }
};

TEST_F(DeadlineTest, a_client_that_says_nothing_is_cut) {
  start();
  RawClient silent = client();
  const auto begin = clock_.steady();
  EXPECT_TRUE(silent.is_cut());
  expect_near(std::chrono::duration_cast<milliseconds>(clock_.steady() - begin), milliseconds{300});
  expect_recovery();
}

TEST_F(DeadlineTest, headers_that_never_end_are_cut_however_steadily_they_come) {
  start();
  RawClient slow = client();
  slow.send("GET /hello/ HTTP/1.1\r\nHost: h\r\n");
  expect_near(life_of(slow, "X-A: b\r\n"), milliseconds{600});
  expect_recovery();
}

TEST_F(DeadlineTest, a_body_that_never_ends_is_cut_however_steadily_it_comes) {
  start();
  RawClient slow = client();
  slow.send("POST /echo/ HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  expect_near(life_of(slow, "a"), milliseconds{900});
  expect_recovery();
}

TEST_F(DeadlineTest, a_chunked_body_that_never_ends_is_cut_too) {
  start();
  RawClient slow = client();
  slow.send("POST /echo/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  expect_near(life_of(slow, "1\r\na\r\n"), milliseconds{900});
  expect_recovery();
}

TEST_F(DeadlineTest, an_idle_connection_is_kept_for_its_time_and_then_closed) {
  start();
  RawClient idle = client();
  idle.send("GET /hello/ HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(idle.read_answer().status, 200);
  const auto begin = clock_.steady();
  EXPECT_TRUE(idle.is_cut());
  expect_near(std::chrono::duration_cast<milliseconds>(clock_.steady() - begin), milliseconds{450});
  expect_recovery();
}

TEST_F(DeadlineTest, an_answer_that_is_not_read_is_cut) {
  settings_.deadlines.write = milliseconds{500};
  router_.add("GET", "/big/",
              [](Request&) { return Response::of(200, "text/plain", std::string(64 << 20, 'x')); });
  start();
  RawClient deaf{server_->port(), AF_INET, 4096};
  deaf.send("GET /big/ HTTP/1.1\r\nHost: h\r\n\r\n");
  while (server_->load().connections == 0) std::this_thread::yield();
  const auto begin = clock_.steady();
  while (server_->load().connections > 0 && clock_.steady() - begin < kPatience)
    std::this_thread::yield();
  expect_near(std::chrono::duration_cast<milliseconds>(clock_.steady() - begin), milliseconds{500});
  expect_recovery();
}

TEST_F(DeadlineTest, a_handler_takes_the_time_that_it_needs) {
  start();
  RawClient patient = client();
  patient.send("GET /wait/ HTTP/1.1\r\nHost: h\r\n\r\n");
  wait_for_waiting(1);
  RawClient clock_hand = client();  // Is cut after the deadline of every phase but this one.
  EXPECT_TRUE(clock_hand.is_cut());
  barrier_.open();
  EXPECT_EQ(patient.read_answer().status, 200);
}

// Each attacker holds its connection with one header byte at a time; others are answered all the
// while.
TEST_F(DeadlineTest, five_hundred_slow_clients_do_not_slow_the_others) {
  start();
  std::vector<RawClient> attackers;
  for (int i = 0; i < 500; ++i) {
    attackers.push_back(client());
    attackers.back().send("GET /hello/ HTTP/1.1\r\nX-A: ");
  }
  std::vector<milliseconds> times;
  const auto until = clock_.steady() + milliseconds{500};
  while (clock_.steady() < until) {
    for (const RawClient& attacker : attackers) attacker.send("a");
    const auto begin = clock_.steady();
    EXPECT_EQ(get("/hello/").status, 200);
    times.push_back(std::chrono::duration_cast<milliseconds>(clock_.steady() - begin));
  }
  std::ranges::sort(times);
  EXPECT_LT(times.at(times.size() / 2), milliseconds{250});
  for (RawClient& attacker : attackers) EXPECT_TRUE(attacker.is_cut());
  expect_recovery();
}

}  // namespace

}  // namespace hedgerow::http::testing
