#include "outbound/addresses.hpp"

#include <arpa/inet.h>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace hedgerow::outbound {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Address from_ipv4(std::span<const std::uint8_t> four) {
  Address address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  std::copy(four.begin(), four.end(), address.bytes.begin() + 12);
  return address;
}

bool shares_bits(const Address& a, const Address& b, unsigned bits) {
  for (unsigned at = 0; at < bits; ++at) {
    const auto mask = static_cast<std::uint8_t>(0x80u >> (at % 8));
    if ((a.bytes[at / 8] & mask) != (b.bytes[at / 8] & mask)) return false;
  }
  return true;
}

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
    if (shares_bits(address, *first, bits)) return range.reason;
  }
  return std::nullopt;
}

std::optional<Address> carried(const Address& address) {
  for (const Carrier& carrier : kCarriers) {
    if (!shares_bits(address, *Address::parse(carrier.first), carrier.bits)) continue;
    std::array<std::uint8_t, 4> four{};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint8_t byte = address.bytes[carrier.at + i];
      four[i] = carrier.inverted ? static_cast<std::uint8_t>(~byte) : byte;
    }
    return from_ipv4(four);
  }
  return std::nullopt;
}

std::optional<unsigned> number_in(std::string_view text, unsigned most) {
  const auto number = base::whole_number<unsigned>(text);
  return number && *number <= most ? number : std::nullopt;
}

// "NETWORK", "NETWORK:PORT" and "[NETWORK]:PORT" taken apart; a bare IPv6 network has colons of its
// own.
struct Entry {
  std::string_view network;
  std::optional<std::string_view> port;
};
Entry taken_apart(std::string_view entry) {
  if (entry.starts_with('[')) {
    const auto close = entry.find(']');
    if (close == std::string_view::npos) return {};
    const auto rest = entry.substr(close + 1);
    if (rest.empty()) return {entry.substr(1, close - 1), std::nullopt};
    if (rest.front() != ':') return {};
    return {entry.substr(1, close - 1), rest.substr(1)};
  }
  if (std::count(entry.begin(), entry.end(), ':') != 1) return {entry, std::nullopt};
  const auto colon = entry.find(':');
  return {entry.substr(0, colon), entry.substr(colon + 1)};
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string copy{text};
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, copy.c_str(), four.data()) == 1) return from_ipv4(four);
  Address address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool Address::is_ipv4() const noexcept {
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (is_ipv4())
    inet_ntop(AF_INET, bytes.data() + 12, out.data(), out.size());
  else
    inet_ntop(AF_INET6, bytes.data(), out.data(), out.size());
  return out.data();
}

std::optional<Network> Network::parse(std::string_view text) {
  const auto [network, port] = taken_apart(base::trimmed(text));
  const auto slash = network.find('/');
  const auto address = Address::parse(network.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned width = address->is_ipv4() ? 32 : 128;
  const auto bits = slash == std::string_view::npos ? std::optional{width}
                                                    : number_in(network.substr(slash + 1), width);
  const auto number = port ? number_in(*port, 65535) : std::optional{0u};
  if (!bits || !number || (port && *number == 0)) return std::nullopt;
  return Network{*address, *bits + (128 - width), static_cast<std::uint16_t>(*number)};
}

bool Network::holds(const Address& other, std::uint16_t other_port) const {
  return shares_bits(other, address, bits) && (port == 0 || port == other_port);
}

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
