// Event streams through real sockets.
#include "http/server_fixture.test.hpp"

namespace hedgerow::http::testing {

namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::string_view kListen = "GET /events/ HTTP/1.1\r\nHost: h\r\n\r\n";

class StreamTest : public ServerTest {
 protected:
  RawClient listener() {
    RawClient made = client();
    made.send(kListen);
    EXPECT_TRUE(made.read_until("\r\n\r\n"));
    return made;
  }
  void wait_for_streams(std::size_t count) {
    const auto until = clock_.steady() + kPatience;
    while (server_->load().streams != count && clock_.steady() < until) std::this_thread::yield();
    EXPECT_EQ(server_->load().streams, count);
  }
};

TEST_F(StreamTest, delivers_events_in_order_and_in_chunks) {
  start();
  RawClient reader = listener();
  const auto stream = opened_streams(1).front();
  stream->send("hb", R"({"n":1})");
  EXPECT_TRUE(reader.read_until("data: {\"n\":1}\n\n\r\n"));
  stream->send("change", R"({"n":2})");
  EXPECT_TRUE(reader.read_until("data: {\"n\":2}\n\n\r\n"));
  EXPECT_THAT(reader.got(), HasSubstr("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reader.got(), HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(reader.got(), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(reader.got(), HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(reader.got(), HasSubstr("19\r\nevent: hb\ndata: {\"n\":1}\n\n\r\n"));
}

TEST_F(StreamTest, what_is_said_last_arrives_before_the_end) {
  start();
  RawClient reader = listener();
  const auto stream = opened_streams(1).front();
  stream->send("session_ended", "{}");
  stream->close();
  EXPECT_THAT(reader.read_to_end(), HasSubstr("event: session_ended\ndata: {}\n\n\r\n0\r\n\r\n"));
  wait_for_streams(0);
}

TEST_F(StreamTest, a_client_of_http_1_0_gets_no_chunks) {
  start();
  RawClient reader = client();
  reader.send("GET /events/ HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(reader.read_until("\r\n\r\n"));
  const auto stream = opened_streams(1).front();
  stream->send("hb", "{}");
  stream->close();
  EXPECT_THAT(reader.read_to_end(), HasSubstr("\r\n\r\nevent: hb\ndata: {}\n\n"));
}

TEST_F(StreamTest, a_reader_that_leaves_ends_its_stream) {
  start();
  std::optional<RawClient> reader{listener()};
  const auto stream = opened_streams(1).front();
  wait_for_streams(1);
  reader.reset();
  wait_for_streams(0);
  EXPECT_FALSE(stream->is_open());
  EXPECT_FALSE(stream->send("hb", "{}"));
}

TEST_F(StreamTest, a_slow_reader_is_cut_and_memory_stays_bounded) {
  start();
  RawClient slow{server_->port(), AF_INET, 4096};
  slow.send(kListen);
  const auto stream = opened_streams(1).front();
  RawClient quick = listener();
  const auto other = opened_streams(2).back();
  const auto frame = EventStream::frame("change", std::string(8 * 1024, 'x'));
  std::size_t sent = 0;
  while (stream->send(frame)) sent += frame->size();
  // What the system keeps on both sides, and the queue's bound.
  EXPECT_LT(sent, 4U << 20U);
  wait_for_streams(1);
  other->send("hb", "{}");
  EXPECT_TRUE(quick.read_until("event: hb"));
  const std::string came = slow.read_to_end();
  EXPECT_FALSE(came.ends_with("0\r\n\r\n")) << "it must not look like a whole stream";
}

TEST_F(StreamTest, a_reader_that_reads_nothing_is_cut_at_the_write_deadline) {
  settings_.deadlines.write = milliseconds{300};
  stream_bound_ = 64 << 20;
  start();
  RawClient deaf{server_->port(), AF_INET, 4096};
  deaf.send(kListen);
  const auto stream = opened_streams(1).front();
  wait_for_streams(1);
  EXPECT_TRUE(stream->send("change", std::string(16 << 20, 'x')));
  wait_for_streams(0);
  EXPECT_FALSE(stream->is_open());
  expect_recovery();
}

TEST_F(StreamTest, two_hundred_idle_streams_need_no_worker) {
  start();
  std::vector<RawClient> readers;
  for (int i = 0; i < 200; ++i) readers.push_back(listener());
  const auto streams = opened_streams(200);
  wait_for_streams(200);
  EXPECT_EQ(server_->load().busy_workers, 0U);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(get("/hello/").status, 200);
  const auto frame = EventStream::frame("hb", "{}");
  for (const auto& stream : streams) EXPECT_TRUE(stream->send(frame));
  for (RawClient& reader : readers) EXPECT_TRUE(reader.read_until("event: hb\ndata: {}\n\n"));
}

TEST_F(StreamTest, many_threads_may_send_at_once) {
  stream_bound_ = 16 << 20;
  start();
  RawClient reader = listener();
  const auto stream = opened_streams(1).front();
  std::atomic<int> delivered = 0;
  {
    std::vector<std::jthread> senders;
    for (int t = 0; t < 4; ++t)
      senders.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) delivered += stream->send("n", "{}") ? 1 : 0;
      });
  }
  stream->close();
  const std::string all = reader.read_to_end();
  int came = 0;
  for (std::size_t at = all.find("event: n"); at != std::string::npos;
       at = all.find("event: n", at + 1))
    ++came;
  EXPECT_EQ(delivered, 4000);
  EXPECT_EQ(came, 4000);
}

TEST_F(StreamTest, head_of_a_stream_ends_at_once) {
  start();
  const Answer answer = ask("HEAD /events/ HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "text/event-stream");
  EXPECT_FALSE(opened_streams(1).front()->is_open());
  wait_for_streams(0);
}

TEST_F(StreamTest, a_stopping_server_ends_streams_after_their_last_word) {
  start();
  RawClient reader = listener();
  const auto stream = opened_streams(1).front();
  stream->send("reset", R"({"reason":"restart"})");
  server_->stop(base::Deadline::in(clock_, milliseconds{5'000}));
  EXPECT_THAT(reader.read_to_end(), HasSubstr("restart\"}\n\n\r\n0\r\n\r\n"));
  EXPECT_FALSE(stream->is_open());
  EXPECT_FALSE(stream->send("hb", "{}"));
}

TEST_F(StreamTest, a_stream_that_opens_while_the_server_stops_ends_at_once) {
  router_.add("GET", "/late-events/", [this](Request&) {
    waiting_.change([](int& count) { ++count; });
    barrier_.pass();
    return Response::stream(std::make_shared<EventStream>(stream_bound_));
  });
  start();
  RawClient reader = client();
  reader.send("GET /late-events/ HTTP/1.1\r\nHost: h\r\n\r\n");
  wait_for_waiting(1);
  RawClient idle = client();
  std::jthread stopping{[&] { server_->stop(base::Deadline::in(clock_, 2 * kPatience)); }};
  EXPECT_TRUE(idle.is_cut());  // The stop has begun.
  barrier_.open();
  EXPECT_TRUE(reader.read_to_end().ends_with("0\r\n\r\n"));
}

TEST_F(StreamTest, the_application_may_keep_a_stream_longer_than_the_server_lives) {
  start();
  RawClient reader = listener();
  const auto stream = opened_streams(1).front();
  std::jthread sender{[&](const std::stop_token& stop) {
    while (!stop.stop_requested()) stream->send("n", "{}");
  }};
  server_.reset();
  sender.request_stop();
  sender.join();
  EXPECT_FALSE(stream->is_open());
}

}  // namespace

}  // namespace hedgerow::http::testing
