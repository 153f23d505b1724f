#include "http/asset.hpp"

#include <gmock/gmock.h>

#include "base/text.hpp"

namespace hedgerow::http {

namespace {

const Asset kScript{.content_type = "text/javascript",
                    .etag = "abc",
                    .immutable = true,
                    .plain = base::bytes_of("plain"),
                    .gzip = base::bytes_of("gzip"),
                    .brotli = base::bytes_of("brotli")};

Response ask(const Asset& asset, std::string_view encoding, std::string_view etag = "") {
  Request request;
  if (!encoding.empty()) request.headers.add("Accept-Encoding", encoding);
  if (!etag.empty()) request.headers.add("If-None-Match", etag);
  return answer_with(asset, request);
}

TEST(Asset, goes_out_in_the_smallest_form_that_the_browser_takes) {
  EXPECT_EQ(ask(kScript, "gzip, deflate, br").bytes(), "brotli");
  EXPECT_EQ(ask(kScript, "gzip, br").headers.find("Content-Encoding"), "br");
  EXPECT_EQ(ask(kScript, "GZIP").bytes(), "gzip");
  EXPECT_EQ(ask(kScript, "br;q=0, gzip;q=0.5").bytes(), "gzip");
  EXPECT_EQ(ask(kScript, "br;q=0.000,*;q=0.1").bytes(), "gzip");
  EXPECT_EQ(ask(kScript, "*").bytes(), "brotli");
  EXPECT_EQ(ask(kScript, "identity").bytes(), "plain");
  EXPECT_EQ(ask(kScript, "").bytes(), "plain");
  EXPECT_EQ(ask(kScript, "").headers.find("Content-Encoding"), std::nullopt);
  EXPECT_EQ(ask(kScript, "").headers.find("Vary"), "Accept-Encoding");
}

TEST(Asset, each_form_has_its_own_tag_and_is_not_sent_twice) {
  EXPECT_EQ(ask(kScript, "br").headers.find("ETag"), "\"abc-br\"");
  EXPECT_EQ(ask(kScript, "").headers.find("ETag"), "\"abc\"");
  const Response again = ask(kScript, "br", "\"x\", W/\"abc-br\"");
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.bytes(), "");
  EXPECT_EQ(again.headers.find("ETag"), "\"abc-br\"");
  EXPECT_EQ(ask(kScript, "gzip", "\"abc-br\"").status, 200);
}

TEST(Asset, is_kept_for_ever_only_when_its_name_changes_with_it) {
  EXPECT_EQ(ask(kScript, "").headers.find("Cache-Control"), "public, max-age=31536000, immutable");
  Asset page = kScript;
  page.immutable = false;
  EXPECT_EQ(ask(page, "").headers.find("Cache-Control"), "no-cache");
  page.etag = "";
  EXPECT_EQ(ask(page, "").headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(ask(page, "", "\"abc\"").status, 200);
}

}  // namespace

}  // namespace hedgerow::http
