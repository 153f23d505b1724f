// The HTTP proxy through which clusters are reached, where the operator has set one, and the places
// that are reached without it. Only the settings name it: no fabric can, and no variable of the
// environment does.
#pragma once

#include "base/secret.hpp"
#include "outbound/addresses.hpp"
#include "outbound/target.hpp"

namespace hedgerow::outbound {

class Proxy {
 public:
  // "http://proxy.example:3128"; empty: there is none. `direct` names places to be reached without
  // it: "vlab.example", ".example" for all names that end so, and networks as AddressRules has
  // them. Throws Failure{Invalid} with a sentence that says what is wrong.
  [[nodiscard]] static Proxy parse(std::string_view url, std::span<const std::string> direct);

  // What the proxy wants to know of us; an empty user: nothing.
  void sign_in_as(std::string user, base::SecretText password);

  [[nodiscard]] bool leads_to(const Target& target) const;
  // "proxy.example:3128"
  [[nodiscard]] std::string place() const;
  [[nodiscard]] std::string url() const { return "http://" + place(); }
  [[nodiscard]] const std::string& user() const noexcept { return user_; }
  [[nodiscard]] const base::SecretText& password() const noexcept { return password_; }

 private:
  [[nodiscard]] bool is_direct(const Target& target) const;

  std::string host_;
  std::uint16_t port_ = 0;
  std::vector<Network> networks_;
  std::vector<std::string> names_;  // One with a dot in front: all that end so.
  std::string user_;
  base::SecretText password_;
};

// The address that such a host is, however it is spelled: what resolvers read as numbers is not
// left to a proxy to make sense of.
[[nodiscard]] std::optional<Address> literal_address(const std::string& host);

}  // namespace hedgerow::outbound
