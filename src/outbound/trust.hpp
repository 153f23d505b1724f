// Who the peer must prove to be: its chain must end in the given CA, name the host, and be within
// its time. Runs OpenSSL's own verification and writes down what it found, so that a refusal can
// say which of these it was. For this room only.
#pragma once

#include "outbound/session.hpp"
#include "outbound/x509.hpp"

namespace hedgerow::outbound {

// What one TLS handshake showed. Shared by the connection, which may live on, and by the transfer
// that opened it.
struct Handshake {
  std::optional<CertificateFacts> certificate;  // The peer's own.
  int verify_error = X509_V_OK;
  std::optional<CertificateFacts> failed;  // The one in the chain that was refused.
  int alert = 0;                           // The last TLS alert that the peer sent; 0: none.
  bool spoke_otherwise = false;            // What the peer said is no TLS.
};

class Trust {
 public:
  // Neither the peer nor the clock is copied.
  Trust(const Peer& peer, const base::Clock& clock);

  // The name that is asked for and verified.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  // Makes connections of this context trust this CA only and write into `handshake`, which the
  // context then owns a share of.
  void arm(SSL_CTX* context, std::shared_ptr<Handshake> handshake) const;

 private:
  friend struct Callbacks;
  const base::Clock& clock_;
  std::string name_;
  std::vector<X509Ptr> roots_;
};

}  // namespace hedgerow::outbound
