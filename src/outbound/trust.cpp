#include "outbound/trust.hpp"

#include <openssl/err.h>

#include "base/check.hpp"

namespace hedgerow::outbound {

// What one SSL_CTX carries for us; freed with it.
struct Armed {
  const Trust* trust;
  std::shared_ptr<Handshake> handshake;
};

struct Callbacks {
  static void free_armed(void*, void* armed, auto...) { delete static_cast<Armed*>(armed); }

  static int slot() {
    static const int kSlot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_armed);
    return kSlot;
  }

  static int verify(X509_STORE_CTX* chain, void* argument) {
    const Armed& armed = *static_cast<Armed*>(argument);
    Handshake& seen = *armed.handshake;
    if (X509* const own = X509_STORE_CTX_get0_cert(chain)) seen.certificate = facts_of(own);

    X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(chain);
    const std::string& name = armed.trust->name_;
    if (Address::parse(name))
      X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str());
    else
      X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size());
    X509_VERIFY_PARAM_set_time(rules,
                               std::chrono::system_clock::to_time_t(armed.trust->clock_.wall()));

    const bool good = X509_verify_cert(chain) == 1;
    seen.verify_error = X509_STORE_CTX_get_error(chain);
    if (!good && seen.verify_error == X509_V_OK) seen.verify_error = X509_V_ERR_UNSPECIFIED;
    if (X509* const at = X509_STORE_CTX_get_current_cert(chain); at != nullptr && !good)
      seen.failed = facts_of(at);
    return good ? 1 : 0;
  }

  static void note(const SSL* connection, int where, int what) {
    const auto* armed =
        static_cast<Armed*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), slot()));
    if (armed == nullptr) return;
    const bool is_alert = (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT;
    const int number = what & 0xff;
    if (is_alert && number != SSL_AD_CLOSE_NOTIFY) armed->handshake->alert = number;
    if (where == SSL_CB_CONNECT_EXIT && what <= 0 && is_no_tls(ERR_peek_error()))
      armed->handshake->spoke_otherwise = true;
  }

  // Asked of OpenSSL itself: libcurl keeps the first words only, and those may be that our own
  // alert could not be sent to a peer that had hung up by then.
  static bool is_no_tls(unsigned long error) {
    if (ERR_GET_LIB(error) != ERR_LIB_SSL) return false;
    switch (ERR_GET_REASON(error)) {
      case SSL_R_WRONG_VERSION_NUMBER:
      case SSL_R_PACKET_LENGTH_TOO_LONG:
      case SSL_R_UNEXPECTED_MESSAGE:
      case SSL_R_HTTP_REQUEST: return true;
      default: return false;
    }
  }
};

Trust::Trust(const Peer& peer, const base::Clock& clock)
    : clock_{clock},
      name_{peer.tls_name.empty() ? peer.target.host() : peer.tls_name},
      roots_{read_certificates(peer.ca_pem)} {
  CHECK(!roots_.empty());
}

void Trust::arm(SSL_CTX* context, std::shared_ptr<Handshake> handshake) const {
  // A store of its own: whatever libcurl or the system would have put there is not in it.
  StorePtr store{X509_STORE_new()};
  CHECK(store != nullptr);
  for (const X509Ptr& root : roots_) X509_STORE_add_cert(store.get(), root.get());
  // As Go does: a given intermediate or leaf is a root of trust by itself.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_cert_store(context, store.release());

  auto armed = std::make_unique<Armed>(Armed{this, std::move(handshake)});
  SSL_CTX_set_cert_verify_callback(context, Callbacks::verify, armed.get());
  SSL_CTX_set_info_callback(context, Callbacks::note);
  // A second handshake in a running connection would be verified when nobody looks.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  CHECK(SSL_CTX_set_ex_data(context, Callbacks::slot(), armed.get()) == 1);
  static_cast<void>(armed.release());  // Now the context's.
}

}  // namespace hedgerow::outbound
