// How to reach one cluster: address, CA, credential. The fields may come from a kubeconfig, from a
// form or from the record; they are checked the same way, and only checked ones can be used.
#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "outbound/session.hpp"

namespace hedgerow::kube {

// As typed or stored. Either a token, or a certificate with its key.
struct ConnectionFields {
  std::string server;  // https address
  std::string ca;      // PEM
  std::string
      tls_name;  // Optional: the name in the cluster's certificate, where it is not the server's.
  base::SecretText token;
  std::string certificate;  // PEM
  base::SecretText key;     // PEM
};

class Connection {
 public:
  // Throws Failure{BadUrl} or Failure{KubeconfigInvalid} with one sentence, its cure, and the field
  // by name ("server", "ca", "tls_name", "token", "certificate", "key"). No sentence holds a
  // secret.
  [[nodiscard]] static Connection checked(ConnectionFields fields);

  [[nodiscard]] const outbound::Target& target() const noexcept { return target_; }
  // What was checked, with the server in canonical form and line ends of PEM texts as they were.
  [[nodiscard]] const ConnectionFields& fields() const noexcept { return fields_; }
  [[nodiscard]] Connection duplicate() const;
  // When the token (a JWT that says so) or the client certificate ends.
  [[nodiscard]] std::optional<base::WallTime> credential_ends() const noexcept { return ends_; }

 private:
  Connection(ConnectionFields fields, outbound::Target target, std::optional<base::WallTime> ends)
      : fields_{std::move(fields)}, target_{std::move(target)}, ends_{ends} {}
  ConnectionFields fields_;
  outbound::Target target_;
  std::optional<base::WallTime> ends_;
};

}  // namespace hedgerow::kube
