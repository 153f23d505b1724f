// What proxies before this server say of a request: from where it came, and whether by TLS. It is
// believed of those that the settings name, and of nobody else (design 09, T27).
#pragma once

#include "base/network.hpp"
#include "http/message.hpp"

namespace hedgerow::http {

struct Sender {
  std::string address;
  bool tls = false;
};

class TrustedProxies {
 public:
  // Each a base::Network without a port. Throws Failure{Invalid} naming the entry that is none.
  explicit TrustedProxies(std::span<const std::string> networks);

  // Who sent what came from `direct`, the socket's other end. Of X-Forwarded-For the last address
  // that is no trusted proxy's counts, since each proxy appends whom it heard; what is no address
  // ends the look. By TLS it came when X-Forwarded-Proto says so of every hop it names. Of whoever
  // is no trusted proxy, and where a proxy says nothing, it is `direct` itself.
  [[nodiscard]] Sender sender(const Sender& direct, const Headers& headers) const;

 private:
  [[nodiscard]] bool trusts(std::string_view address) const;

  std::vector<base::Network> networks_;
};

}  // namespace hedgerow::http
