#include "outbound/addresses.hpp"

#include "base/failure.hpp"
#include "base/text.hpp"

namespace hedgerow::outbound {

namespace {

struct Range {
  std::string_view first;
  unsigned bits;  // Of 32 for IPv4, of 128 for IPv6.
  std::string_view reason;
};

// Sources: the IANA special-purpose registries, and what clouds document as their metadata
// services. The narrow ones stand first, so that the reason given is the most telling one.
constexpr Range kDenied[] = {
    {"169.254.169.254", 32, "a cloud metadata address"},
    {"169.254.170.2", 32, "a cloud metadata address"},
    {"100.100.100.200", 32, "a cloud metadata address"},
    {"168.63.129.16", 32, "a cloud metadata address"},
    {"192.0.0.192", 32, "a cloud metadata address"},
    {"fd00:ec2::254", 128, "a cloud metadata address"},
    {"fd20:ce::254", 128, "a cloud metadata address"},
    {"255.255.255.255", 32, "the broadcast address"},
    {"0.0.0.0", 8, "an unspecified address"},
    {"127.0.0.0", 8, "a loopback address"},
    {"169.254.0.0", 16, "a link-local address"},
    {"224.0.0.0", 4, "a multicast address"},
    {"240.0.0.0", 4, "a reserved address"},
    {"::", 128, "an unspecified address"},
    {"::1", 128, "a loopback address"},
    {"fe80::", 10, "a link-local address"},
    {"fec0::", 10, "a site-local address"},
    {"ff00::", 8, "a multicast address"},
};

// IPv6 forms that carry an IPv4 address, and where in them it stands.
struct Carrier {
  std::string_view first;
  unsigned bits;
  std::size_t at;
  bool inverted;
};
constexpr Carrier kCarriers[] = {
    {"::", 96, 12, false},            // IPv4-compatible, RFC 4291 2.5.5.1
    {"64:ff9b::", 96, 12, false},     // NAT64, RFC 6052
    {"64:ff9b:1::", 48, 12, false},   // NAT64 for local use, RFC 8215
    {"2002::", 16, 2, false},         // 6to4, RFC 3056
    {"2001::", 32, 12, true},         // Teredo, RFC 4380
    {"::ffff:0:0:0", 96, 12, false},  // IPv4-translated, RFC 2765
};

std::optional<std::string_view> plainly_denied(const Address& address) {
  for (const Range& range : kDenied) {
    const auto first = Address::parse(range.first);
    const unsigned bits = first->is_ipv4() ? range.bits + 96 : range.bits;
    if (Network{*first, bits}.holds(address)) return range.reason;
  }
  return std::nullopt;
}

std::optional<Address> carried(const Address& address) {
  for (const Carrier& carrier : kCarriers) {
    if (!Network{*Address::parse(carrier.first), carrier.bits}.holds(address)) continue;
    std::array<std::uint8_t, 4> four{};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint8_t byte = address.bytes[carrier.at + i];
      four[i] = carrier.inverted ? static_cast<std::uint8_t>(~byte) : byte;
    }
    return Address::of_ipv4(four);
  }
  return std::nullopt;
}

}  // namespace

AddressRules::AddressRules(std::span<const std::string> allowed) {
  for (const std::string& entry : allowed) {
    const auto network = Network::parse(entry);
    if (!network)
      throw base::Failure{
          base::Code::Invalid, base::Cause::Refused,
          fmt::format("'{}' is not an address, a network or one of them with a port "
                      "(127.0.0.1:6443, 10.0.0.0/8, [::1]:6443).",
                      base::shown(entry, 80))};
    allowed_.push_back(*network);
  }
}

std::optional<std::string_view> AddressRules::why_denied(const Address& address,
                                                         std::uint16_t port) const {
  for (const Network& network : allowed_)
    if (network.holds(address, port)) return std::nullopt;
  if (const auto reason = plainly_denied(address)) return reason;
  if (const auto inner = carried(address)) return plainly_denied(*inner);
  return std::nullopt;
}

}  // namespace hedgerow::outbound
