// Certificates and keys in PEM form, as people paste them: are they what they should be, do they
// fit, and what do they say.
#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace hedgerow::outbound {

// What a certificate says, for evidence and sentences.
struct CertificateFacts {
  std::string subject;  // "CN=kube-apiserver"
  std::string issuer;
  std::vector<std::string>
      names;  // DNS names and addresses; the common name when it has none of them.
  base::WallTime begins;
  base::WallTime ends;
};

// The certificates in a PEM text, in order; empty when there is none or one of them is broken.
[[nodiscard]] std::vector<CertificateFacts> certificates_in(std::string_view pem);

// Whether the text holds a private key in PEM form that needs no pass phrase.
[[nodiscard]] bool is_private_key(const base::SecretText& pem);

// Whether the key belongs to the first certificate of the text.
[[nodiscard]] bool key_fits(std::string_view certificate_pem, const base::SecretText& key_pem);

}  // namespace hedgerow::outbound
