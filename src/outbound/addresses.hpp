// Which network addresses may be connected to. Asked when a socket is about to be opened, so a name
// that leads elsewhere a moment later gains nothing. Private ranges are where clusters live and are
// allowed.
#pragma once

#include "base/network.hpp"

namespace hedgerow::outbound {

using base::Address;
using base::Network;

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
