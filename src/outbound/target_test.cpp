#include "outbound/target.hpp"

#include <gmock/gmock.h>

#include "base/failure.hpp"

namespace hedgerow::outbound {
namespace {

using base::Failure;
using testing::AllOf;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

TEST(Target, TakesAnAddressApart) {
  struct Row {
    std::string_view text;
    std::string_view canonical;
    std::string_view place;
    std::string_view prefix;
  };
  for (const Row& row : {
           Row{"https://vlab.example", "https://vlab.example:443", "vlab.example:443", ""},
           Row{"HTTPS://VLab.Example:6443/", "https://vlab.example:6443", "vlab.example:6443", ""},
           Row{" https://10.1.2.3:6443\n", "https://10.1.2.3:6443", "10.1.2.3:6443", ""},
           Row{"https://[FD00::0001]:6443", "https://[fd00::1]:6443", "[fd00::1]:6443", ""},
           Row{"https://[::ffff:10.0.0.1]", "https://[::ffff:10.0.0.1]:443",
               "[::ffff:10.0.0.1]:443", ""},
           Row{"https://proxy.example/k8s/clusters/c-1/",
               "https://proxy.example:443/k8s/clusters/c-1", "proxy.example:443",
               "/k8s/clusters/c-1"},
           Row{"https://a.example./x%20y//", "https://a.example:443/x%20y", "a.example:443",
               "/x%20y"},
           Row{"https://host_1", "https://host_1:443", "host_1:443", ""},
       }) {
    const Target target = Target::parse(row.text, "server");
    EXPECT_EQ(target.text(), row.canonical);
    EXPECT_EQ(target.place(), row.place);
    EXPECT_EQ(target.prefix(), row.prefix);
    EXPECT_EQ(Target::parse(target.text(), "server"), target);
  }
}

TEST(Target, SaysWhatIsWrongWithAnAddress) {
  struct Row {
    std::string text;
    std::string words;
  };
  const std::vector<Row> rows{
      {"", "is empty"},
      {"  ", "is empty"},
      {"vlab.example:6443", "does not begin with https://"},
      {"//vlab.example", "does not begin with https://"},
      {"http://vlab.example", "in the clear"},
      {"ftp://vlab.example", "does not begin with https://"},
      {"file:///etc/passwd", "does not begin with https://"},
      {"javascript:alert(1)", "does not begin with https://"},
      {"https:vlab.example", "does not begin with https://"},
      {"https://", "names no host"},
      {"https:///path", "names no host"},
      {"https://:6443", "names no host"},
      {"https://user@vlab.example", "user name or password"},
      {"https://user:secret@vlab.example", "user name or password"},
      {"https://@vlab.example", "user name or password"},
      {"https://good.example\\@evil.example", "backslash"},
      {"https://vlab.example?x=1", "query"},
      {"https://vlab.example/?", "query"},
      {"https://vlab.example#x", "fragment"},
      {"https://vlab.example/\r\nHost: x", "control character"},
      {"https://vlab\texample", "control character"},
      {std::string{"https://a\0b", 11}, "control character"},
      {"https://vlab example", "space"},
      {"-https://vlab.example", "dash"},
      {"https://-oProxyCommand=x", "dash"},
      {"https://vl\xc3\xa4"
       "b.example",
       "xn--"},
      {"https://vlab..example", "empty part"},
      {"https://%31%32%37.0.0.1", "holds '%'"},
      {"https://a$b", "holds '$'"},
      {"https://" + std::string(64, 'a') + ".example", "longer than 63"},
      {"https://" + std::string(250, 'a') + ".example", "longer than 253"},
      {"https://vlab.example:0", "not a port"},
      {"https://vlab.example:65536", "not a port"},
      {"https://vlab.example:", "not a port"},
      {"https://vlab.example:+6443", "not a"},
      {"https://vlab.example:64x3", "not a URL"},
      {"https://[fe80::1%25eth0]", "has a zone"},
      {"https://[fe80::1%eth0]:6443/x", "has a zone"},
      {"https://user:a[b%c]@vlab.example", "not a URL"},
      {"https://[::1", "not a URL"},
      {"https://[v1.x]", "not an IPv6 address"},
      {"https://[127.0.0.1]", "not a URL"},
      {"https://vlab.example/a/../b", "'.' or '..'"},
      {"https://vlab.example/a/%2e%2E/b", "'.' or '..'"},
      {"https://vlab.example/" + std::string(2048, 'a'), "longer than 2048"},
  };
  for (const auto& [text, words] : rows)
    EXPECT_THAT([&] { std::ignore = Target::parse(text, "server"); },
                Throws<Failure>(AllOf(Property(&Failure::code, base::Code::BadUrl),
                                      Property(&Failure::detail, HasSubstr(words)))))
        << text;
}

}  // namespace
}  // namespace hedgerow::outbound
