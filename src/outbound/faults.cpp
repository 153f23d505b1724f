// What went wrong on the way, told from the phase it went wrong in: one code and one sentence each.
#include <openssl/ssl.h>

#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "outbound/transfer.hpp"

namespace hedgerow::outbound {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

std::string seconds(base::Milliseconds span) {
  return fmt::format("{:g} s", static_cast<double>(span.count()) / 1000.0);
}

std::string day(base::WallTime time) { return base::rfc3339(time).substr(0, 10); }

std::string quoted_names(const std::vector<std::string>& names) {
  if (names.empty()) return "no name at all";
  std::string text;
  for (const std::string& name : names)
    text += fmt::format("{}'{}'", text.empty() ? "" : ", ", name);
  return text;
}

// Alerts by which a server says that it does not take our certificate (RFC 8446 section 6.2).
bool refuses_our_certificate(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

}  // namespace

std::string Transfer::peer_place() const {
  return reply_.evidence.address.empty() ? route_.peer.target.place() : reply_.evidence.address;
}

Failure Transfer::fault_of(CURLcode code) const {
  const auto with_words = [&](Failure failure) {
    return std::move(failure).with_operator(
        fmt::format("libcurl {}: {}", static_cast<int>(code), base::scrubbed(error_.data(), 300)));
  };
  if (refused_) return *refused_;
  if (auto untrusted = trust_fault()) return with_words(std::move(*untrusted));
  if (auto proxy = proxy_fault(code)) return with_words(std::move(*proxy));
  const Phase reached = reply_.evidence.reached;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return with_words({Code::DnsFailed, Cause::Transient,
                         fmt::format("The name {} does not resolve.", route_.peer.target.host())});
    case CURLE_COULDNT_CONNECT: return with_words(connect_fault());
    case CURLE_OPERATION_TIMEDOUT: return with_words(late_fault(route_.settings.deadlines.connect));
    case CURLE_SSL_CERTPROBLEM:
      return with_words({Code::CredentialUnreadable, Cause::Refused,
                         "The stored client certificate or its key cannot be used."});
    case CURLE_SSL_CONNECT_ERROR: return with_words(handshake_fault());
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return with_words({Code::NotKubernetes, Cause::Refused,
                         fmt::format("{} answered something that is not HTTP.", peer_place())});
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      if (reached == Phase::Handshake) return with_words(handshake_fault());
      return with_words(broken_fault());
    case CURLE_OUT_OF_MEMORY: return with_words({Code::OutOfMemory, Cause::Transient});
    default:
      return with_words({Code::InternalFault, Cause::Transient,
                         fmt::format("The request to {} could not be made.", peer_place())});
  }
}

std::optional<Failure> Transfer::trust_fault() const {
  if (!handshake_ || handshake_->verify_error == X509_V_OK) return std::nullopt;
  const auto& own = handshake_->certificate;
  const auto& failed = handshake_->failed;
  const bool is_own = !own || !failed || own->subject == failed->subject;
  const std::string whose = is_own ? "The cluster's certificate"
                                   : fmt::format("The CA certificate '{}'", failed->subject);
  switch (handshake_->verify_error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return Failure{Code::TlsName, Cause::Refused,
                     fmt::format("The cluster's certificate is for {}, not '{}'.",
                                 quoted_names(own ? own->names : std::vector<std::string>{}),
                                 route_.trust.name())};
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Failure{Code::TlsExpired, Cause::Refused,
                     fmt::format("{} ended on {}.", whose, failed ? day(failed->ends) : "?")};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Failure{Code::TlsExpired, Cause::Refused,
                     fmt::format("{} is good only from {} on; is this machine's clock right?",
                                 whose, failed ? day(failed->begins) : "?")};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return Failure{
          Code::TlsUntrusted, Cause::Refused,
          fmt::format("The cluster's certificate is not signed by the CA stored for it; it says "
                      "that '{}' issued it.",
                      own ? own->issuer : "?")};
    default:
      return Failure{Code::TlsUntrusted, Cause::Refused,
                     fmt::format("{} cannot be trusted: {}.", whose,
                                 X509_verify_cert_error_string(handshake_->verify_error))};
  }
}

// What the proxy did before it led anywhere.
std::optional<Failure> Transfer::proxy_fault(CURLcode code) const {
  if (!by_proxy() || handshake_ || reply_.evidence.reached > Phase::Connecting) return std::nullopt;
  const Proxy& proxy = *route_.settings.proxy;
  const std::string place = proxy.place();
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_HTTP_CONNECTCODE, &status);
  if (status == 407)
    return Failure{Code::ProxyRefused, Cause::Denied,
                   fmt::format("The proxy {} wants to know who asks (407), {}.", place,
                               proxy.user().empty() ? "and no credentials are set for it"
                                                    : "and does not take the credentials set")};
  if (status != 0 && status != 200)
    return Failure{Code::ProxyRefused, Cause::Denied,
                   fmt::format("The proxy {} does not lead to {}: it answered {}.", place,
                               route_.peer.target.place(), status)};
  long number = 0;
  curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &number);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
      return Failure{Code::ProxyUnreachable, Cause::Transient,
                     fmt::format("The name of the proxy {} does not resolve.", place)};
    case CURLE_COULDNT_CONNECT:
      return Failure{Code::ProxyUnreachable, Cause::Transient,
                     number == 0 ? fmt::format("No answer from the proxy {}.", place)
                                 : fmt::format("The proxy {} cannot be reached: {}.", place,
                                               base::lower_ascii(std::generic_category().message(
                                                   static_cast<int>(number))))};
    default:
      return Failure{Code::ProxyRefused, Cause::Transient,
                     fmt::format("The proxy {} ended the connection without leading to {}.", place,
                                 route_.peer.target.place())};
  }
}

Failure Transfer::connect_fault() const {
  long number = 0;
  curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &number);
  const std::string place = peer_place();
  if (number == ECONNRESET) return handshake_fault();  // Taken, and dropped at once.
  if (number == ECONNREFUSED)
    return {Code::TcpRefused, Cause::Transient,
            fmt::format("{} refused the connection: is the API server running?", place)};
  if (number == ETIMEDOUT || number == 0)
    return {Code::TcpTimeout, Cause::Transient, fmt::format("No answer from {}.", place)};
  return {
      Code::TcpTimeout, Cause::Transient,
      fmt::format("{} cannot be reached: {}.", place,
                  base::lower_ascii(std::generic_category().message(static_cast<int>(number))))};
}

Failure Transfer::handshake_fault() const {
  const int alert = handshake_ ? handshake_->alert : 0;
  if (refuses_our_certificate(alert))
    return {Code::ClusterUnauthorized, Cause::Denied,
            fmt::format("The cluster refused our client certificate ({}).",
                        SSL_alert_desc_string_long(alert))};
  if (alert != 0)
    return {Code::NotKubernetes, Cause::Refused,
            fmt::format("{} ended the TLS handshake: {}.", peer_place(),
                        SSL_alert_desc_string_long(alert))};
  if (handshake_ && handshake_->spoke_otherwise)
    return {Code::NotKubernetes, Cause::Refused,
            fmt::format("{} answered something that is not TLS.", peer_place())};
  return {Code::NotKubernetes, Cause::Transient,
          fmt::format("{} closed the connection before the TLS handshake was done.", peer_place())};
}

Failure Transfer::late_fault(base::Milliseconds waited) const {
  const Deadlines& deadlines = route_.settings.deadlines;
  const std::string place = peer_place();
  const Phase reached = reply_.evidence.reached;
  if (by_proxy() && (reached == Phase::Resolving || reached == Phase::Connecting))
    return {
        Code::ProxyUnreachable, Cause::Transient,
        fmt::format("The proxy {} did not lead to {} within {}.", route_.settings.proxy->place(),
                    route_.peer.target.place(),
                    seconds(std::min(
                        waited, reached == Phase::Resolving ? deadlines.dns : deadlines.connect)))};
  switch (reached) {
    case Phase::Resolving:
      return {Code::DnsFailed, Cause::Transient,
              fmt::format("No name server answered for {} within {}.", route_.peer.target.host(),
                          seconds(std::min(waited, deadlines.dns)))};
    case Phase::Connecting:
      return {Code::TcpTimeout, Cause::Transient,
              fmt::format("No answer from {} within {}.", place,
                          seconds(std::min(waited, deadlines.connect)))};
    case Phase::Handshake:
      return {Code::TlsTimeout, Cause::Transient,
              fmt::format("{} took the connection but did not finish the TLS handshake within {}.",
                          place, seconds(std::min(waited, deadlines.tls)))};
    case Phase::Asking:
      return {Code::ClusterTimeout, Cause::Transient,
              fmt::format("{} took the request but sent no answer within {}.", place,
                          seconds(std::min(waited, deadlines.first_byte)))};
    case Phase::Waiting:
    case Phase::Receiving:
    case Phase::Ended: break;
  }
  if (order_.request.deadline && order_.request.deadline->passed(route_.clock.real()))
    return {Code::ClusterTimeout, Cause::Transient,
            "The time for this was up before the whole answer had come."};
  if (route_.clock.now() - order_.began >= deadlines.total)
    return {Code::ClusterTimeout, Cause::Transient,
            fmt::format("The answer took longer than {}; stopped after {} bytes.",
                        seconds(deadlines.total), reply_.evidence.received)};
  return {Code::ClusterTimeout, Cause::Transient,
          fmt::format("The cluster's answer came to a halt: fewer than {} bytes in {}.",
                      deadlines.floor_bytes, seconds(deadlines.floor_span))};
}

Failure Transfer::broken_fault() const {
  const Evidence& seen = reply_.evidence;
  return {Code::ReplyTruncated, Cause::Transient,
          seen.received == 0
              ? fmt::format("{} closed the connection without an answer.{}", peer_place(),
                            times_asked(seen.tries))
              : fmt::format("The cluster's answer was cut off after {} bytes.", seen.received)};
}

Failure Transfer::redirect_fault() const {
  const auto location = reply_.header("location");
  // The host alone: the rest of such an address may carry anything.
  std::string_view host = location.substr(std::min(location.size(), location.find("://") + 3));
  if (location.find("://") == std::string_view::npos) host = {};
  host = host.substr(0, host.find_first_of("/?#"));
  return Failure{
      Code::RedirectRefused, Cause::Refused,
      host.empty()
          ? fmt::format("The cluster's answer was a redirect ({}); it is not followed.", status())
          : fmt::format("The cluster's answer was a redirect to {} ({}); it is not "
                        "followed.",
                        base::scrubbed(host, 100), status())}
      .with_peer_status(static_cast<int>(status()));
}

}  // namespace hedgerow::outbound
