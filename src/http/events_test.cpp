#include "http/events.hpp"

#include <gmock/gmock.h>

namespace hedgerow::http {

namespace {

TEST(EventStream, writes_frames_that_nothing_can_break_out_of) {
  EXPECT_EQ(*EventStream::frame("hb", R"({"a":1})"), "event: hb\ndata: {\"a\":1}\n\n");
  EXPECT_EQ(*EventStream::frame("x", "one\ntwo\r\nthree\rfour"),
            "event: x\ndata: one\ndata: two\ndata: three\ndata: four\n\n");
  EXPECT_EQ(*EventStream::frame("x", "a\n\nevent: forged"),
            "event: x\ndata: a\ndata: \ndata: event: forged\n\n");
}

TEST(EventStream, wakes_its_reader_once_a_batch) {
  EventStream stream{1000};
  int wakes = 0;
  EXPECT_TRUE(stream.send("early", "{}"));
  stream.attach([&] { ++wakes; });
  EXPECT_EQ(stream.take().frames.size(), 1U);
  stream.send("a", "{}");
  stream.send("b", "{}");
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(stream.take().frames.size(), 2U);
  stream.send("c", "{}");
  EXPECT_EQ(wakes, 2);
}

TEST(EventStream, sends_what_is_queued_before_it_closes) {
  EventStream stream{1000};
  stream.send("bye", "{}");
  stream.close();
  EXPECT_FALSE(stream.is_open());
  EXPECT_FALSE(stream.send("late", "{}"));
  const EventStream::Batch batch = stream.take();
  EXPECT_EQ(batch.frames.size(), 1U);
  EXPECT_TRUE(batch.last);
  EXPECT_FALSE(batch.dropped);
}

TEST(EventStream, ends_when_more_is_queued_than_it_may_hold) {
  EventStream stream{100};
  int wakes = 0;
  stream.attach([&] { ++wakes; });
  EXPECT_TRUE(stream.send("a", std::string(60, 'x')));
  EXPECT_FALSE(stream.send("b", std::string(60, 'x')));
  EXPECT_FALSE(stream.is_open());
  EXPECT_EQ(wakes, 2);
  const EventStream::Batch batch = stream.take();
  EXPECT_TRUE(batch.dropped);
  EXPECT_TRUE(batch.frames.empty());
}

TEST(EventStream, taken_frames_no_longer_count) {
  EventStream stream{100};
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(stream.send("a", std::string(60, 'x')));
    (void)stream.take();
  }
}

TEST(EventStream, wakes_nobody_after_it_was_abandoned) {
  EventStream stream{1000};
  int wakes = 0;
  stream.attach([&] { ++wakes; });
  stream.abandon();
  EXPECT_FALSE(stream.send("a", "{}"));
  stream.close();
  EXPECT_EQ(wakes, 0);
}

}  // namespace

}  // namespace hedgerow::http
