#include "base/network.hpp"

#include <arpa/inet.h>

#include "base/text.hpp"

namespace hedgerow::base {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool shares_bits(const Address& a, const Address& b, unsigned bits) {
  for (unsigned at = 0; at < bits; ++at) {
    const auto mask = static_cast<std::uint8_t>(0x80u >> (at % 8));
    if ((a.bytes[at / 8] & mask) != (b.bytes[at / 8] & mask)) return false;
  }
  return true;
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

Address Address::of_ipv4(std::span<const std::uint8_t, 4> four) {
  Address address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  std::copy(four.begin(), four.end(), address.bytes.begin() + 12);
  return address;
}

std::optional<Address> Address::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string copy{text};
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, copy.c_str(), four.data()) == 1) return of_ipv4(four);
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
  const auto [network, port] = taken_apart(trimmed(text));
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

}  // namespace hedgerow::base
