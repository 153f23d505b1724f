// What a request must not be: every row goes through a real socket, must be refused with its own
// status, must close the connection, and must leave the server well.
#include "http/server_fixture.test.hpp"

namespace hedgerow::http::testing {

namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

struct Row {
  const char* name;
  std::string bytes;
  int status;
  const char* says;
};

class StrictnessTest : public ServerTest, public ::testing::WithParamInterface<Row> {};

TEST_P(StrictnessTest, is_refused_and_the_connection_ends) {
  start();
  RawClient attacker = client();
  attacker.send(GetParam().bytes);
  const Answer answer = attacker.read_answer();
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_THAT(answer.body, HasSubstr(GetParam().says));
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(answer.header("X-Request-ID").starts_with("req_"));
  // Whatever came behind it is not taken for a request.
  EXPECT_EQ(attacker.read_to_end(), "");
  expect_recovery();
}

// A second request behind the trick: an answer to it would be the smuggled one.
constexpr std::string_view kSmuggled = "GET /hello/ HTTP/1.1\r\nHost: h\r\n\r\n";

std::string post(std::string_view headers, std::string_view body = "") {
  return fmt::format("POST /echo/ HTTP/1.1\r\nHost: h\r\n{}\r\n{}{}", headers, body, kSmuggled);
}

std::string get_with(std::string_view headers) {
  return fmt::format("GET /hello/ HTTP/1.1\r\nHost: h\r\n{}\r\n", headers);
}

std::string get_of(std::string_view target) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", target);
}

INSTANTIATE_TEST_SUITE_P(
    framing, StrictnessTest,
    ::testing::Values(
        Row{"length_and_chunks",
            post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
            "bad_request"},
        Row{"chunks_and_length",
            post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400,
            "bad_request"},
        Row{"length_and_unknown_coding",
            post("Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n", "hello"), 400,
            "bad_request"},
        Row{"two_lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), 400,
            "Content-Length"},
        Row{"two_equal_lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400,
            "two Content-Length"},
        Row{"list_of_lengths", post("Content-Length: 5, 5\r\n", "hello"), 400, "one number"},
        Row{"length_with_sign", post("Content-Length: +5\r\n", "hello"), 400, "Content-Length"},
        Row{"length_in_hex", post("Content-Length: 0x5\r\n", "hello"), 400, "Content-Length"},
        Row{"negative_length", post("Content-Length: -5\r\n", "hello"), 400, "Content-Length"},
        Row{"empty_length", post("Content-Length: \r\n", "hello"), 400, "Content-Length"},
        Row{"huge_length", post("Content-Length: 99999999999999999999\r\n", "hello"), 400,
            "Content-Length"},
        Row{"http_1_0_with_chunks",
            "POST /echo/ HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
            "HTTP/1.0 has no"},
        Row{"coding_xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501,
            "not_implemented"},
        Row{"coding_gzip", post("Transfer-Encoding: gzip\r\n", "hello"), 501, "not_implemented"},
        Row{"coding_gzip_chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501,
            "not_implemented"},
        Row{"coding_chunked_identity",
            post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 501, "not_implemented"},
        Row{"coding_empty", post("Transfer-Encoding: \r\n", "0\r\n\r\n"), 501, "not_implemented"},
        Row{"coding_quoted", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 501,
            "not_implemented"},
        Row{"coding_twice",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
            "bad_request"},
        Row{"coding_twice_unknown_first",
            post("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 501,
            "not_implemented"},
        Row{"coding_name_with_space", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400,
            "bad_request"}),
    [](const auto& row) { return std::string{row.param.name}; });

INSTANTIATE_TEST_SUITE_P(
    chunks, StrictnessTest,
    ::testing::Values(
        Row{"size_in_words", post("Transfer-Encoding: chunked\r\n", "five\r\nhello\r\n0\r\n\r\n"),
            400, "chunk"},
        Row{"size_with_0x", post("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n"),
            400, "chunk"},
        Row{"size_with_sign", post("Transfer-Encoding: chunked\r\n", "-5\r\nhello\r\n0\r\n\r\n"),
            400, "chunk"},
        Row{"size_with_space", post("Transfer-Encoding: chunked\r\n", "5 \r\nhello\r\n0\r\n\r\n"),
            400, "chunk"},
        Row{"size_overflows",
            post("Transfer-Encoding: chunked\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n"), 400,
            "chunk"},
        Row{"line_ends_with_lf", post("Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n"),
            400, "bad_request"},
        Row{"longer_than_it_says",
            post("Transfer-Encoding: chunked\r\n", "3\r\nhello\r\n0\r\n\r\n"), 400, "chunk"},
        Row{"lf_in_extension",
            post("Transfer-Encoding: chunked\r\n", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"), 400,
            "chunk"},
        Row{"endless_extension",
            post("Transfer-Encoding: chunked\r\n", "5;a=" + std::string(40'000, 'b')), 431,
            "headers_too_large"},
        Row{"endless_trailer",
            post("Transfer-Encoding: chunked\r\n", "0\r\nX: " + std::string(40'000, 'b')), 431,
            "headers_too_large"},
        Row{"length_in_trailer",
            post("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 5\r\n\r\n"), 400,
            "bad_request"}),
    [](const auto& row) { return std::string{row.param.name}; });

INSTANTIATE_TEST_SUITE_P(
    head, StrictnessTest,
    ::testing::Values(
        Row{"no_host", "GET /hello/ HTTP/1.1\r\n\r\n", 400, "no Host"},
        Row{"two_origins", get_with("Origin: http://a.example\r\nOrigin: http://b.example\r\n"),
            400, "two Origin"},
        Row{"two_hosts", get_with("Host: other\r\n"), 400, "two Host"},
        Row{"empty_host", "GET /hello/ HTTP/1.1\r\nHost: \r\n\r\n", 400, "Host header"},
        Row{"host_with_path", "GET /hello/ HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "Host header"},
        Row{"host_with_user", "GET /hello/ HTTP/1.1\r\nHost: u@h\r\n\r\n", 400, "Host header"},
        Row{"folded_header", get_with("X-A: one\r\n two\r\n"), 400, "two lines"},
        Row{"folded_with_tab", get_with("X-A: one\r\n\ttwo\r\n"), 400, "two lines"},
        Row{"space_before_first_header", "GET /hello/ HTTP/1.1\r\n Host: h\r\n\r\n", 400,
            "two lines"},
        Row{"nul_in_header", get_with("X-A: a\0b\r\n"s), 400, "control character"},
        Row{"control_in_header", get_with("X-A: a\x01z\r\n"), 400, "control character"},
        Row{"delete_in_header", get_with("X-A: a\x7fz\r\n"), 400, "control character"},
        Row{"header_not_utf8", get_with("X-A: \xc3(\r\n"), 400, "UTF-8"},
        Row{"header_without_colon", get_with("X-A\r\n"), 400, "bad_request"},
        Row{"header_without_name", get_with(": a\r\n"), 400, "bad_request"},
        Row{"space_in_header_name", get_with("X A: a\r\n"), 400, "bad_request"},
        Row{"bare_lf", "GET /hello/ HTTP/1.1\nHost: h\n\n", 400, "without CR"},
        Row{"bare_lf_in_headers", get_with("X-A: a\nX-B: b\r\n"), 400, "without CR"},
        Row{"bare_cr", get_with("X-A: a\rX-B: b\r\n"), 400, "CR inside"},
        Row{"empty_line_first", "\r\nGET /hello/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, "empty line"},
        Row{"unknown_expectation", post("Content-Length: 5\r\nExpect: tea\r\n", "hello"), 400,
            "expectation"},
        Row{"headers_too_large", get_with("X-A: " + std::string(40'000, 'a') + "\r\n"), 431,
            "headers_too_large"},
        Row{"headers_without_end", "GET / HTTP/1.1\r\nX-A: " + std::string(40'000, 'a'), 431,
            "headers_too_large"}),
    [](const auto& row) { return std::string{row.param.name}; });

INSTANTIATE_TEST_SUITE_P(
    request_line, StrictnessTest,
    ::testing::Values(
        Row{"unknown_method", "BREW /hello/ HTTP/1.1\r\nHost: h\r\n\r\n", 501, "BREW"},
        Row{"small_letters", "get /hello/ HTTP/1.1\r\nHost: h\r\n\r\n", 501, "not_implemented"},
        Row{"connect", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501, "not_implemented"},
        Row{"endless_method", std::string(100, 'A'), 400, "method"},
        Row{"version_0_9", "GET /hello/\r\n\r\n", 400, "method, address, version"},
        Row{"version_1_2", "GET /hello/ HTTP/1.2\r\nHost: h\r\n\r\n", 400, "HTTP/1.1"},
        Row{"version_2", "GET /hello/ HTTP/2.0\r\nHost: h\r\n\r\n", 400, "HTTP/1.1"},
        Row{"version_in_small_letters", "GET /hello/ http/1.1\r\nHost: h\r\n\r\n", 400, "HTTP/1.1"},
        Row{"two_spaces", "GET  /hello/ HTTP/1.1\r\nHost: h\r\n\r\n", 400,
            "method, address, version"},
        Row{"tab_for_space", "GET\t/hello/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, "encoded"},
        Row{"four_words", "GET /hello/ x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_request"},
        Row{"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "began with HTTP/2"},
        Row{"tls_hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400, "began with TLS"},
        Row{"ssh", "SSH-2.0-OpenSSH_9.2\r\n", 400, "method, address, version"},
        Row{"redis", "*1\r\n$4\r\nPING\r\n", 400, "method, address, version"}),
    [](const auto& row) { return std::string{row.param.name}; });

INSTANTIATE_TEST_SUITE_P(
    target, StrictnessTest,
    ::testing::Values(
        Row{"absolute_form", get_of("http://h/hello/"), 400, "begins with a slash"},
        Row{"star", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400, "begins with a slash"},
        Row{"no_slash", get_of("hello/"), 400, "begins with a slash"},
        Row{"fragment", get_of("/hello/#a"), 400, "fragment"},
        Row{"nul", get_of("/hel\0lo/"s), 400, "encoded"},
        Row{"control", get_of("/hel\x01lo/"), 400, "encoded"},
        Row{"high_byte", get_of("/h\xc3\xa9llo/"), 400, "encoded"},
        Row{"encoded_nul", get_of("/path/a%00b/"), 400, "zero byte"},
        Row{"encoded_nul_in_query", get_of("/hello/?a=%00"), 400, "zero byte"},
        Row{"encoded_slash", get_of("/path/a%2fb/"), 400, "encoded slash"},
        Row{"encoded_backslash", get_of("/path/a%5cb/"), 400, "backslash"},
        Row{"backslash", get_of("/path/..\\b/"), 400, "backslash"},
        Row{"encoded_newline", get_of("/path/a%0ab/"), 400, "control"},
        Row{"dots", get_of("/path/../hello/"), 400, "dot part"},
        Row{"one_dot", get_of("/./hello/"), 400, "dot part"},
        Row{"encoded_dots", get_of("/path/%2e%2E/hello/"), 400, "dot part"},
        Row{"last_dots", get_of("/path/.."), 400, "dot part"},
        Row{"empty_part", get_of("/path//hello/"), 400, "empty part"},
        Row{"two_slashes_first", get_of("//evil.example/hello/"), 400, "empty part"},
        Row{"half_encoding", get_of("/path/%4"), 400, "two hex digits"},
        Row{"wrong_encoding", get_of("/path/%zz/"), 400, "two hex digits"},
        Row{"wrong_encoding_in_query", get_of("/hello/?a=%"), 400, "two hex digits"},
        Row{"not_utf8", get_of("/path/%c3%28/"), 400, "UTF-8"},
        Row{"overlong_utf8", get_of("/path/%c0%af/"), 400, "UTF-8"},
        Row{"query_not_utf8", get_of("/hello/?%ff=1"), 400, "UTF-8"},
        Row{"too_long", get_of("/" + std::string(16 * 1024, 'a')), 414, "uri_too_long"},
        Row{"too_long_without_end", "GET /" + std::string(9'000, 'a'), 414, "uri_too_long"}),
    [](const auto& row) { return std::string{row.param.name}; });

class BodyLimitTest : public ServerTest {};

TEST_F(BodyLimitTest, a_stated_length_above_the_limit_is_refused_before_it_is_sent) {
  settings_.limits.body = 1000;
  start();
  const Answer answer = ask("POST /echo/ HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.body, HasSubstr("1000 bytes"));
  expect_recovery();
}

TEST_F(BodyLimitTest, chunks_above_the_limit_are_refused) {
  settings_.limits.body = 1000;
  start();
  const Answer answer = ask(fmt::format(
      "POST /echo/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n{}\r\n258\r\n{}",
      std::string(600, 'a'), std::string(600, 'a')));
  EXPECT_EQ(answer.status, 413);
  expect_recovery();
}

TEST_F(BodyLimitTest, a_client_that_sends_ten_megabytes_anyway_still_reads_why_not) {
  start();
  RawClient sender = client();
  sender.send("POST /echo/ HTTP/1.1\r\nHost: h\r\nContent-Length: 10485760\r\n\r\n");
  const std::string megabyte(1024 * 1024, 'a');
  for (int i = 0; i < 10; ++i)
    if (!sender.send(megabyte)) break;
  EXPECT_EQ(sender.read_answer().status, 413);
  expect_recovery();
}

TEST_F(BodyLimitTest, a_route_may_take_more_than_the_others) {
  settings_.limits.body = 1000;
  router_.add(
      "POST", "/large/",
      [](Request& request) { return Response::json(200, fmt::to_string(request.body.size())); },
      {.body_max = 12 * 1024 * 1024});
  start();
  const std::string body(10 * 1024 * 1024, 'k');
  const Answer answer = ask(fmt::format(
      "POST /large/ HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "10485760");
  EXPECT_EQ(server_->load().body_bytes, 0U);
}

TEST_F(BodyLimitTest, all_bodies_together_have_a_limit_too) {
  settings_.limits.bodies_held = 1500;
  start();
  RawClient first = client();
  first.send("POST /echo/ HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" +
             std::string(999, 'a'));
  while (server_->load().body_bytes < 999) std::this_thread::yield();
  const Answer second = ask("POST /echo/ HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" +
                            std::string(1000, 'b'));
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(second.header("Retry-After"), "1");
  first.send("a");
  EXPECT_EQ(first.read_answer().status, 200);
  expect_recovery();
}

}  // namespace

}  // namespace hedgerow::http::testing
