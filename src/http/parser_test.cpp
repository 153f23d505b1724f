#include "http/parser.hpp"

#include <gmock/gmock.h>

#include "base/failure.hpp"
#include "base/random.hpp"
#include "http/server.hpp"

namespace hedgerow::http {

namespace {

constexpr std::size_t kBetweenChunksMax = 32 * 1024;

struct Whole {
  Head head;
  std::string body;
  std::string rest;  // What belongs to the next request.
};

// Reads one message that arrives in the given pieces, as a connection does.
Whole read_in_pieces(const std::vector<std::string>& pieces) {
  const Limits limits;
  HeadScan scan{limits};
  MessageParser parser{kBetweenChunksMax};
  Whole whole;
  std::string inbox;
  bool has_head = false;
  for (const std::string& piece : pieces) {
    inbox += piece;
    if (!has_head) {
      const auto length = scan.scan(inbox);
      if (!length) continue;
      whole.head = parser.read_head(std::string_view{inbox}.substr(0, *length));
      parser.set_body_max(1000);
      inbox.erase(0, *length);
      has_head = true;
    }
    inbox.erase(0, parser.read_body(inbox, whole.body));
  }
  EXPECT_TRUE(has_head && parser.done());
  whole.rest = inbox;
  return whole;
}

const std::string kHead =
    "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nX-A: one\r\n\r\n";
const std::string kChunks =
    "5;name=\"va;lue\"\r\nhello\r\n1\r\n,\r\n06\r\n world\r\n0\r\nX-Trailer: t\r\n\r\n";

void expect_hello(const Whole& whole) {
  EXPECT_EQ(whole.head.method, "POST");
  EXPECT_EQ(whole.head.target, "/a");
  EXPECT_EQ(whole.head.headers.all().size(), 3U);
  EXPECT_EQ(whole.body, "hello, world");
  EXPECT_EQ(whole.rest, "GET ");
}

TEST(MessageParser, reads_the_same_wherever_the_bytes_are_cut_in_two) {
  const std::string all = kHead + kChunks + "GET ";
  for (std::size_t cut = 0; cut <= all.size(); ++cut)
    expect_hello(read_in_pieces({all.substr(0, cut), all.substr(cut)}));
}

// Beast 1.81 asserts here when it may: the end of the last chunk in three pieces.
TEST(MessageParser, reads_the_same_wherever_the_body_is_cut_in_three) {
  for (std::size_t first = 0; first <= kChunks.size(); ++first)
    for (std::size_t second = first; second <= kChunks.size(); ++second)
      expect_hello(
          read_in_pieces({kHead, kChunks.substr(0, first), kChunks.substr(first, second - first),
                          kChunks.substr(second) + "GET "}));
}

TEST(MessageParser, reads_the_same_byte_by_byte) {
  std::vector<std::string> bytes;
  for (const char c : kHead + kChunks) bytes.emplace_back(1, c);
  bytes.emplace_back("GET ");
  expect_hello(read_in_pieces(bytes));
}

TEST(MessageParser, a_trailer_never_becomes_a_header) {
  const Whole whole =
      read_in_pieces({kHead, "0\r\nAuthorization: Bearer x\r\nCookie: a=b\r\nHost: evil\r\n\r\n"});
  EXPECT_FALSE(whole.head.headers.has("Authorization"));
  EXPECT_EQ(whole.head.headers.all().size(), 3U);
}

TEST(MessageParser, a_stated_length_is_known_before_the_body) {
  MessageParser parser{kBetweenChunksMax};
  (void)parser.read_head("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(parser.stated_length(), 5U);
  parser.set_body_max(5);
  EXPECT_FALSE(parser.done());
  std::string body;
  EXPECT_EQ(parser.read_body("hello GET", body), 5U);
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(body, "hello");
}

// Anything at all may come; the answer is a message or a Failure, never an end of the process.
TEST(MessageParser, survives_noise) {
  base::SystemRandom random;
  const std::string all = kHead + kChunks;
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string noisy = all;
    for (std::uint64_t i = 1 + random.below(4); i > 0; --i)
      noisy[random.below(noisy.size())] = static_cast<char>(random.below(256));
    const std::size_t cut = random.below(noisy.size());
    const Limits limits;
    HeadScan scan{limits};
    MessageParser parser{kBetweenChunksMax};
    try {
      std::string body;
      const auto length = scan.scan(noisy);
      if (!length) continue;
      (void)parser.read_head(std::string_view{noisy}.substr(0, *length));
      parser.set_body_max(1000);
      const std::string left = noisy.substr(*length, cut);
      (void)parser.read_body(left, body);
    } catch (const base::Failure&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace

}  // namespace hedgerow::http
