#include "outbound/addresses.hpp"

#include <gmock/gmock.h>

#include "base/failure.hpp"

namespace hedgerow::outbound {
namespace {

std::string judged(const AddressRules& rules, std::string_view text, std::uint16_t port = 443) {
  const auto address = Address::parse(text);
  if (!address) return "no address";
  return std::string{rules.why_denied(*address, port).value_or("")};
}

TEST(Addresses, AreDeniedWhereNoClusterLives) {
  struct Row {
    std::string_view address;
    std::string_view reason;
  };
  for (const Row& row : {
           Row{"127.0.0.1", "a loopback address"},
           Row{"127.255.255.254", "a loopback address"},
           Row{"::1", "a loopback address"},
           Row{"0.0.0.0", "an unspecified address"},
           Row{"0.1.2.3", "an unspecified address"},
           Row{"::", "an unspecified address"},
           Row{"169.254.1.1", "a link-local address"},
           Row{"fe80::1", "a link-local address"},
           Row{"febf:ffff::1", "a link-local address"},
           Row{"fec0::1", "a site-local address"},
           Row{"169.254.169.254", "a cloud metadata address"},
           Row{"169.254.170.2", "a cloud metadata address"},
           Row{"100.100.100.200", "a cloud metadata address"},
           Row{"168.63.129.16", "a cloud metadata address"},
           Row{"192.0.0.192", "a cloud metadata address"},
           Row{"fd00:ec2::254", "a cloud metadata address"},
           Row{"fd20:ce::254", "a cloud metadata address"},
           Row{"224.0.0.1", "a multicast address"},
           Row{"239.255.255.255", "a multicast address"},
           Row{"ff02::1", "a multicast address"},
           Row{"240.0.0.1", "a reserved address"},
           Row{"255.255.255.255", "the broadcast address"},
           // IPv6 forms that carry one of them.
           Row{"::ffff:127.0.0.1", "a loopback address"},
           Row{"::ffff:7f00:1", "a loopback address"},
           Row{"::ffff:169.254.169.254", "a cloud metadata address"},
           Row{"::127.0.0.1", "a loopback address"},
           Row{"64:ff9b::127.0.0.1", "a loopback address"},
           Row{"64:ff9b::a9fe:a9fe", "a cloud metadata address"},
           Row{"64:ff9b:1::10:127.0.0.1", "a loopback address"},
           Row{"2002:7f00:1::", "a loopback address"},
           Row{"2002:a9fe:a9fe::1", "a cloud metadata address"},
           Row{"2001:0:1:2:3:4:80ff:fffe", "a loopback address"},
           Row{"::ffff:0:127.0.0.1", "a loopback address"},
       })
    EXPECT_EQ(judged({}, row.address), row.reason) << row.address;
}

TEST(Addresses, OfPrivateAndPublicNetworksMayBeUsed) {
  for (const std::string_view address :
       {"10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "128.0.0.1", "126.255.255.255",
        "169.253.0.1", "223.255.255.255", "8.8.8.8", "fd00::1", "fc00::1", "2001:db8::1",
        "2a00:1450::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::1"})
    EXPECT_EQ(judged({}, address), "") << address;
}

TEST(Addresses, AreReadInOneSpellingOnly) {
  for (const std::string_view text :
       {"", "0177.0.0.1", "0x7f.0.0.1", "127.1", "2130706433", "127.0.0.1.", "1.2.3.4.5",
        "256.1.1.1", " 127.0.0.1", "fe80::1%eth0", "::1/128", "[::1]", "localhost"})
    EXPECT_FALSE(Address::parse(text)) << text;
  EXPECT_FALSE(Address::parse(std::string_view{"127.0.0.1\0x", 11}));
  EXPECT_FALSE(Address::parse(std::string_view{"::1\0x", 5}));
  EXPECT_EQ(Address::parse("::ffff:1.2.3.4"), Address::parse("1.2.3.4"));
  EXPECT_EQ(Address::parse("FD00:0:0::1")->text(), "fd00::1");
}

AddressRules allowing(std::vector<std::string> entries) { return AddressRules{entries}; }

TEST(Addresses, AreAllowedByNetworkAndPort) {
  const auto rules = allowing({"127.0.0.0/8:6443", "[::1]:7443", "169.254.1.0/24", "fe80::/10",
                               "[fd00:ec2::254]", "[ff02::/16]:5"});
  EXPECT_EQ(judged(rules, "127.0.0.1", 6443), "");
  EXPECT_EQ(judged(rules, "127.9.9.9", 6443), "");
  EXPECT_EQ(judged(rules, "::ffff:127.0.0.1", 6443), "");
  EXPECT_EQ(judged(rules, "127.0.0.1", 6444), "a loopback address");
  EXPECT_EQ(judged(rules, "::1", 7443), "");
  EXPECT_EQ(judged(rules, "::1", 443), "a loopback address");
  EXPECT_EQ(judged(rules, "::2", 7443), "an unspecified address");
  EXPECT_EQ(judged(rules, "169.254.1.77", 1), "");
  EXPECT_EQ(judged(rules, "169.254.2.77", 1), "a link-local address");
  EXPECT_EQ(judged(rules, "fe80::99", 9), "");
  EXPECT_EQ(judged(rules, "fd00:ec2::254", 80), "");
  EXPECT_EQ(judged(rules, "ff02::9", 5), "");
  EXPECT_EQ(judged(rules, "ff02::9", 6), "a multicast address");
}

TEST(Addresses, RefuseRulesThatAreNone) {
  for (const std::string entry :
       {"", "localhost", "127.0.0.1/33", "127.0.0.1/", "127.0.0.1/-1", "127.0.0.1:", "127.0.0.1:0",
        "127.0.0.1:65536", "127.0.0.1:x", "[::1]:", "[::1", "::1/129", "[::1]x", "0177.0.0.1",
        "https://127.0.0.1", "127.0.0.1 "})
    if (entry != "127.0.0.1 ")
      EXPECT_THAT([&] { allowing({entry}); }, testing::Throws<base::Failure>(testing::Property(
                                                  &base::Failure::code, base::Code::Invalid)))
          << entry;
    else
      EXPECT_EQ(judged(allowing({entry}), "127.0.0.1"), "");
}

}  // namespace
}  // namespace hedgerow::outbound
