// Where a request goes: an https address that a person typed, taken apart and found sound. Which
// addresses its name leads to is not known here; that is looked at when a connection is made
// (addresses.hpp).
#pragma once

namespace hedgerow::outbound {

class Target {
 public:
  // Throws Failure{BadUrl} with a sentence that says what is wrong, for the field of that name: not
  // https, user info, query, fragment, control characters, a host that is none, a port that is
  // none. A path prefix stays ("https://proxy/clusters/a").
  [[nodiscard]] static Target parse(std::string_view text, std::string_view field);

  // A name or an address, lower case, without brackets.
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // Empty or "/clusters/a": begins with a slash, ends without one.
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }
  [[nodiscard]] bool is_ipv6() const noexcept { return host_.find(':') != std::string::npos; }
  // "vlab.example:6443", "[fd00::1]:6443": for sentences.
  [[nodiscard]] std::string place() const;
  // The canonical address, always with its port: two targets are the same place exactly when these
  // are equal.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Target&, const Target&) = default;

 private:
  std::string host_;
  std::uint16_t port_ = 443;
  std::string prefix_;
};

}  // namespace hedgerow::outbound
