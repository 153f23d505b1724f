#include "http/forwarded.hpp"

#include <gmock/gmock.h>

#include "base/failure.hpp"

namespace hedgerow::http {
namespace {

const std::vector<std::string> kTrusted{"10.0.0.0/8", "fd00::1"};

struct Row {
  std::string_view from;
  std::vector<Pair> headers;
  std::string_view address;
  bool tls = false;
};

TEST(Forwarded, is_believed_of_trusted_proxies_alone) {
  const TrustedProxies proxies{kTrusted};
  const Pair https{"X-Forwarded-Proto", "https"};
  const auto heard = [](std::string_view text) {
    return Pair{"x-forwarded-for", std::string{text}};
  };
  for (const Row& row : std::vector<Row>{
           {"203.0.113.9", {heard("198.51.100.1"), https}, "203.0.113.9", false},
           {"10.0.0.7", {}, "10.0.0.7", false},
           {"10.0.0.7", {heard("198.51.100.1"), https}, "198.51.100.1", true},
           {"fd00::1", {heard("2001:DB8:0::5")}, "2001:db8::5", false},
           // What the client wrote itself stands before what the proxy appended.
           {"10.0.0.7", {heard("127.0.0.1, 198.51.100.1"), https}, "198.51.100.1", true},
           {"10.0.0.7", {heard("127.0.0.1"), heard("198.51.100.1")}, "198.51.100.1", false},
           // One proxy behind the other.
           {"10.0.0.7", {heard("8.8.8.8, 198.51.100.1 ,10.0.0.8"), https}, "198.51.100.1", true},
           {"10.0.0.7", {heard("10.0.0.9, 10.0.0.8")}, "10.0.0.9", false},
           // As one that is heard over a socket for both families.
           {"10.0.0.7", {heard("::ffff:198.51.100.1")}, "198.51.100.1", false},
           // No address at all: what is known is the hop that said so.
           {"10.0.0.7", {heard("198.51.100.1, unknown, 10.0.0.8")}, "10.0.0.8", false},
           {"10.0.0.7", {heard("")}, "10.0.0.7", false},
           {"10.0.0.7", {heard("198.51.100.1:4711")}, "10.0.0.7", false},
           // By TLS all the way, or it is not said to be.
           {"10.0.0.7", {{"X-Forwarded-Proto", "HTTPS, https"}}, "10.0.0.7", true},
           {"10.0.0.7", {{"X-Forwarded-Proto", "https, http"}}, "10.0.0.7", false},
           {"10.0.0.7", {https, {"X-Forwarded-Proto", "http"}}, "10.0.0.7", false},
           {"10.0.0.7", {{"X-Forwarded-Proto", ""}}, "10.0.0.7", false},
           {"10.0.0.7", {{"Forwarded", "for=198.51.100.1;proto=https"}}, "10.0.0.7", false},
       }) {
    Headers headers;
    for (const Pair& each : row.headers) headers.add(each.name, each.value);
    const Sender sender = proxies.sender({std::string{row.from}, false}, headers);
    const auto what = [&] {
      std::string words{row.from};
      for (const Pair& each : row.headers) words += fmt::format(" {}={}", each.name, each.value);
      return words;
    };
    EXPECT_EQ(sender.address, row.address) << what();
    EXPECT_EQ(sender.tls, row.tls) << what();
  }
}

TEST(Forwarded, over_plain_HTTP_is_not_protected_although_the_proxy_itself_came_by_TLS) {
  const TrustedProxies proxies{kTrusted};
  Headers headers;
  headers.add("X-Forwarded-Proto", "http");
  EXPECT_FALSE(proxies.sender({"10.0.0.7", true}, headers).tls);
  EXPECT_TRUE(proxies.sender({"10.0.0.7", true}, {}).tls);
}

TEST(Forwarded, what_is_no_network_is_refused_by_name) {
  for (const std::string wrong : {"proxy.lab", "10.0.0.7:80", "10.0.0.0/33", ""}) {
    const std::vector<std::string> networks{"10.0.0.1", wrong};
    try {
      const TrustedProxies proxies{networks};
      FAIL() << wrong;
    } catch (const base::Failure& failure) {
      EXPECT_THAT(failure.detail(), testing::HasSubstr("'" + wrong + "'"));
    }
  }
}

}  // namespace
}  // namespace hedgerow::http
