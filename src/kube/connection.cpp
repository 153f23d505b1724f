#include "kube/connection.hpp"

#include <simdjson.h>

#include "base/text.hpp"

namespace hedgerow::kube {

namespace {

constexpr std::size_t kTokenMax = 64 * 1024;
constexpr std::size_t kPemMax = 1024 * 1024;

// `next` is the cure; the catalogue's own speaks of whole kubeconfigs.
[[noreturn]] void refuse(std::string_view field, std::string what, std::string next) {
  throw base::Failure{base::Code::KubeconfigInvalid, base::Cause::Refused, what}
      .with_fields({{std::string{field}, what}})
      .with_next(std::move(next));
}

void check_ca(const std::string& ca) {
  if (base::trimmed(ca).empty())
    refuse("ca",
           "No CA certificate is given. A cluster is trusted by its own CA only, never by the "
           "CAs of this machine.",
           "Give the certificate-authority-data of the kubeconfig, or the cluster's ca.crt.");
  if (ca.size() > kPemMax || outbound::certificates_in(ca).empty())
    refuse("ca", "The CA is not a certificate in PEM form.",
           "Paste the whole text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.");
}

void check_tls_name(const std::string& name) {
  const auto odd = [](char c) {
    return !std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.' && c != '_';
  };
  if (name.empty() || outbound::Address::parse(name)) return;
  if (name.size() > 253 || name.front() == '-' || std::any_of(name.begin(), name.end(), odd))
    refuse("tls_name", "The TLS server name is neither a host name nor an address.",
           "Give one of the names in the cluster's certificate, or leave it empty.");
}

void check_token(const base::SecretText& token) {
  const std::string_view text = token.open();
  if (text.size() > kTokenMax)
    refuse("token", "The token is longer than 64 KiB.", "Paste the token alone.");
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f) continue;
    refuse("token",
           byte == '\n' || byte == '\r' ? "The token holds a line break."
           : byte == ' '                ? "The token holds a space."
                                        : "The token holds a character that no token has.",
           "Paste the token again as one line, without spaces.");
  }
}

void check_certificate(const ConnectionFields& fields) {
  if (fields.key.empty())
    refuse("key", "There is a client certificate without its key.",
           "Give the client-key-data as well, or a token instead of both.");
  if (fields.certificate.empty())
    refuse("certificate", "There is a client key without its certificate.",
           "Give the client-certificate-data as well, or a token instead of both.");
  if (fields.certificate.size() > kPemMax || outbound::certificates_in(fields.certificate).empty())
    refuse("certificate", "The client certificate is not a certificate in PEM form.",
           "Paste the whole text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.");
  if (!outbound::is_private_key(fields.key))
    refuse("key", "The client key is not a private key in PEM form without a pass phrase.",
           "Paste the whole key, from its BEGIN line to its END line, decrypted.");
  if (!outbound::key_fits(fields.certificate, fields.key))
    refuse("key", "The client key does not fit the client certificate.",
           "Take certificate and key from the same kubeconfig user.");
}

void check_credential(const ConnectionFields& fields) {
  const bool has_certificate = !fields.certificate.empty() || !fields.key.empty();
  if (!fields.token.empty() && has_certificate)
    refuse("token", "There are several credentials: a token and a client certificate.",
           "Give one of them.");
  if (has_certificate) return check_certificate(fields);
  if (fields.token.empty())
    refuse("token", "There is no credential: neither a token nor a client certificate.",
           "Give a token, or a client certificate with its key.");
  check_token(fields.token);
}

// The claim "exp" of a JWT (RFC 7519 section 4.1.4). Read for display only: the cluster judges the
// token.
std::optional<base::WallTime> token_ends(std::string_view token) {
  const auto parts = base::split(token, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto claims = base::from_base64url(parts[1]);
  if (!claims) return std::nullopt;
  simdjson::dom::parser parser;
  std::int64_t seconds = 0;
  const simdjson::padded_string text{base::text_of(*claims)};
  if (parser.parse(text)["exp"].get(seconds) != simdjson::SUCCESS) return std::nullopt;
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  if (seconds <= 0 || seconds > kYear9999) return std::nullopt;
  return base::WallTime{std::chrono::seconds{seconds}};
}

std::optional<base::WallTime> end_of_credential(const ConnectionFields& fields) {
  if (!fields.token.empty()) return token_ends(fields.token.open());
  return outbound::certificates_in(fields.certificate).front().ends;
}

}  // namespace

Connection Connection::checked(ConnectionFields fields) {
  outbound::Target target = outbound::Target::parse(fields.server, "server");
  check_ca(fields.ca);
  check_tls_name(fields.tls_name);
  check_credential(fields);
  fields.server = target.text();
  const auto ends = end_of_credential(fields);
  return Connection{std::move(fields), std::move(target), ends};
}

Connection Connection::duplicate() const {
  ConnectionFields copy{.server = fields_.server,
                        .ca = fields_.ca,
                        .tls_name = fields_.tls_name,
                        .token = fields_.token.duplicate(),
                        .certificate = fields_.certificate,
                        .key = fields_.key.duplicate()};
  return Connection{std::move(copy), target_, ends_};
}

}  // namespace hedgerow::kube
