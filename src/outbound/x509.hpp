// OpenSSL's objects with owners, and what this room reads from them. Included by this room's own
// units only.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "outbound/certificate.hpp"

namespace hedgerow::outbound {

template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using X509Ptr = std::unique_ptr<X509, FreedBy<X509_free>>;
using StorePtr = std::unique_ptr<X509_STORE, FreedBy<X509_STORE_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;

// All certificates of the text; empty when there is none or one is broken.
[[nodiscard]] std::vector<X509Ptr> read_certificates(std::string_view pem);
[[nodiscard]] CertificateFacts facts_of(X509* certificate);

}  // namespace hedgerow::outbound
