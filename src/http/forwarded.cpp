#include "http/forwarded.hpp"

#include "base/failure.hpp"
#include "base/text.hpp"

namespace hedgerow::http {

namespace {

// Of all headers of that name (in small letters), as if they were one (RFC 9110, 5.3).
std::vector<std::string_view> listed(const Headers& headers, std::string_view name) {
  std::vector<std::string_view> values;
  for (const Pair& header : headers.all())
    if (base::lower_ascii(header.name) == name) {
      const auto parts = base::split(header.value, ',');
      std::ranges::transform(parts, std::back_inserter(values), base::trimmed);
    }
  return values;
}

}  // namespace

TrustedProxies::TrustedProxies(std::span<const std::string> networks) {
  for (const std::string& text : networks) {
    const auto network = base::Network::parse(text);
    if (!network || network->port != 0)
      throw base::Failure{base::Code::Invalid, base::Cause::Refused,
                          fmt::format("'{}' is not an address or a network (10.0.0.7, 10.0.0.0/8, "
                                      "fd00::/8).",
                                      base::shown(text, 80))};
    networks_.push_back(*network);
  }
}

bool TrustedProxies::trusts(std::string_view text) const {
  const auto address = base::Address::parse(text);
  return address && std::ranges::any_of(networks_, [&](const base::Network& network) {
           return network.holds(*address);
         });
}

Sender TrustedProxies::sender(const Sender& direct, const Headers& headers) const {
  if (networks_.empty() || !trusts(direct.address)) return direct;
  Sender sender = direct;
  const auto hops = listed(headers, "x-forwarded-for");
  for (auto hop = hops.rbegin(); hop != hops.rend() && trusts(sender.address); ++hop) {
    const auto address = base::Address::parse(*hop);
    if (!address) break;
    sender.address = address->text();
  }
  const auto protocols = listed(headers, "x-forwarded-proto");
  if (!protocols.empty())
    sender.tls = std::ranges::all_of(protocols,
                                     [](auto name) { return base::lower_ascii(name) == "https"; });
  return sender;
}

}  // namespace hedgerow::http
