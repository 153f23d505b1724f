// Which network addresses may be connected to. Asked when a socket is about to be opened, so a name
// that leads elsewhere a moment later gains nothing. Private ranges are where clusters live and are
// allowed.
#pragma once

namespace hedgerow::outbound {

// An IPv4 address is held as its IPv6-mapped form.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  // Dotted IPv4 with four decimal parts, or IPv6; nothing else, no zone.
  [[nodiscard]] static std::optional<Address> parse(std::string_view text);
  [[nodiscard]] bool is_ipv4() const noexcept;
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Address&, const Address&) = default;
};

// A part of the network, on one port or on every.
struct Network {
  Address address;
  unsigned bits = 128;     // Leading bits that count, of 128.
  std::uint16_t port = 0;  // 0: every port.

  // "127.0.0.1", "127.0.0.1:6443", "127.0.0.0/8:6443", "::1", "[fd00:ec2::254]:443",
  // "[::1/128]:6443".
  [[nodiscard]] static std::optional<Network> parse(std::string_view text);
  [[nodiscard]] bool holds(const Address& other, std::uint16_t other_port) const;
};

class AddressRules {
 public:
  // Denies loopback, link-local, cloud metadata, multicast, unspecified, broadcast and reserved
  // addresses, and the IPv6 forms that carry such an IPv4 address (mapped, compatible, NAT64, 6to4,
  // Teredo).
  AddressRules() = default;
  // Exceptions, each a Network. Throws Failure{Invalid} naming the entry that is none.
  explicit AddressRules(std::span<const std::string> allowed);

  // The reason why this address is denied ("a loopback address"); nothing when it may be used.
  [[nodiscard]] std::optional<std::string_view> why_denied(const Address& address,
                                                           std::uint16_t port) const;

 private:
  std::vector<Network> allowed_;
};

}  // namespace hedgerow::outbound
