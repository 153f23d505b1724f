#include "outbound/proxy.hpp"

#include <arpa/inet.h>

#include <boost/url.hpp>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace hedgerow::outbound {

namespace {

[[noreturn]] void refuse(std::string what) {
  throw base::Failure{base::Code::Invalid, base::Cause::Refused, std::move(what)};
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

Proxy Proxy::parse(std::string_view url, std::span<const std::string> direct) {
  Proxy proxy;
  if (url.empty()) return proxy;
  const auto read = boost::urls::parse_uri({url.data(), url.size()});
  // Never repeat what cannot be read: it may hold a password.
  if (!read) refuse("outbound.proxy is not an address such as http://proxy.example:3128.");
  if (read->has_userinfo())
    refuse("outbound.proxy holds a user name or password: those have settings of their own.");
  const auto port =
      base::whole_number<std::uint16_t>(std::string_view{read->port().data(), read->port().size()});
  const bool bare = read->encoded_path().size() <= 1 && !read->has_query() && !read->has_fragment();
  const std::string_view host{read->encoded_host().data(), read->encoded_host().size()};
  if (read->scheme() != "http" || host.empty() || !port || *port == 0 || !bare)
    refuse("outbound.proxy must be http://, a host and a port, as in http://proxy.example:3128.");
  proxy.host_ = base::lower_ascii(host);
  proxy.port_ = *port;
  for (const std::string& entry : direct) {
    const std::string name = base::lower_ascii(base::trimmed(entry));
    if (const auto network = Network::parse(name))
      proxy.networks_.push_back(*network);
    else if (is_name(name))
      proxy.names_.push_back(name);
    else
      refuse(fmt::format("outbound.direct: '{}' is neither a name nor a network.",
                         base::shown(entry, 80)));
  }
  return proxy;
}

void Proxy::sign_in_as(std::string user, base::SecretText password) {
  user_ = std::move(user);
  password_ = std::move(password);
}

bool Proxy::leads_to(const Target& target) const { return !host_.empty() && !is_direct(target); }

bool Proxy::is_direct(const Target& target) const {
  if (const auto address = literal_address(target.host()))
    return std::ranges::any_of(
        networks_, [&](const Network& network) { return network.holds(*address, target.port()); });
  return std::ranges::any_of(names_, [&](const std::string& name) {
    return name.starts_with('.') ? target.host().ends_with(name) : target.host() == name;
  });
}

std::string Proxy::place() const { return fmt::format("{}:{}", host_, port_); }

std::optional<Address> literal_address(const std::string& host) {
  if (const auto address = Address::parse(host)) return address;
  // RFC 6761 section 6.3; asked of a proxy it would be the proxy's own.
  if (host == "localhost" || host.ends_with(".localhost")) return Address::parse("127.0.0.1");
  in_addr old{};
  if (::inet_aton(host.c_str(), &old) == 0) return std::nullopt;
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &old, text.data(), text.size());
  return Address::parse(text.data());
}

}  // namespace hedgerow::outbound
