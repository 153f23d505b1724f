// Places in an IP network, as people write them. Which may be connected to, and whose word counts,
// is for others to say.
#pragma once

namespace hedgerow::base {

// An IPv4 address is held as its IPv6-mapped form.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  // Dotted IPv4 with four decimal parts, or IPv6; nothing else, no zone.
  [[nodiscard]] static std::optional<Address> parse(std::string_view text);
  [[nodiscard]] static Address of_ipv4(std::span<const std::uint8_t, 4> four);
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
  [[nodiscard]] bool holds(const Address& other, std::uint16_t other_port = 0) const;
};

}  // namespace hedgerow::base
