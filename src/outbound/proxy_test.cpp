#include "outbound/proxy.hpp"

#include <gtest/gtest.h>

#include "base/failure.hpp"

namespace hedgerow::outbound {
namespace {

Target target(std::string_view host) {
  return Target::parse(fmt::format("https://{}:6443", host), "server");
}

TEST(Proxy, LeadsToAllButWhatIsNamedDirect) {
  const std::vector<std::string> direct{"vlab.example", ".inside", "10.0.0.0/8", "[fd00::]:443",
                                        "192.0.2.0/24:6443"};
  const auto proxy = Proxy::parse("http://Proxy.example:3128", direct);
  EXPECT_EQ(proxy.url(), "http://proxy.example:3128");
  for (const auto* host :
       {"other.example", "vlab.example.org", "inside", "203.0.113.1", "[fd00::]", "xvlab.example"})
    EXPECT_TRUE(proxy.leads_to(target(host))) << host;
  for (const auto* host :
       {"vlab.example", "VLAB.example", "a.b.inside", "10.1.2.3", "0x0a010203", "192.0.2.7"})
    EXPECT_FALSE(proxy.leads_to(target(host))) << host;
}

TEST(Proxy, WithoutAnAddressLeadsNowhere) {
  EXPECT_FALSE(Proxy::parse("", {}).leads_to(target("vlab.example")));
}

TEST(Proxy, RefusesWhatItCannotBe) {
  for (const auto* url : {"proxy:3128", "https://proxy:3128", "http://proxy", "http://proxy:0",
                          "http://:3128", "http://me:secret@proxy:3128", "http://proxy:3128/path",
                          "http://proxy:3128/?q", "socks5://p:1", "http://proxy:70000"})
    EXPECT_THROW(static_cast<void>(Proxy::parse(url, {})), base::Failure) << url;
  const std::vector<std::string> direct{"what is this"};
  EXPECT_THROW(static_cast<void>(Proxy::parse("http://proxy:3128", direct)), base::Failure);
}

TEST(Proxy, SeesAnAddressInEverySpelling) {
  for (const auto* host :
       {"127.0.0.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.1", "localhost", "a.localhost"})
    EXPECT_EQ(literal_address(host), Address::parse("127.0.0.1")) << host;
  for (const auto* host : {"localhost.example", "1.2.3.4.example", "7f000001"})
    EXPECT_FALSE(literal_address(host)) << host;
}

}  // namespace
}  // namespace hedgerow::outbound
