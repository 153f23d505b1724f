#include "outbound/certificate.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/text.hpp"
#include "outbound/addresses.hpp"
#include "outbound/x509.hpp"

namespace hedgerow::outbound {

namespace {

constexpr std::size_t kNamesMax = 20;

BioPtr reading(std::string_view text) {
  return BioPtr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

// A key behind a pass phrase must not make OpenSSL ask at a terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

std::string name_text(const X509_NAME* name) {
  const BioPtr out{BIO_new(BIO_s_mem())};
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return base::shown({text, static_cast<std::size_t>(length)}, 200);
}

base::WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  using namespace std::chrono;
  const sys_days day = year{parts.tm_year + 1900} / month{static_cast<unsigned>(parts.tm_mon + 1)} /
                       std::chrono::day{static_cast<unsigned>(parts.tm_mday)};
  return day + hours{parts.tm_hour} + minutes{parts.tm_min} + seconds{parts.tm_sec};
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  const int length = ASN1_STRING_length(bytes);
  const unsigned char* from = ASN1_STRING_get0_data(bytes);
  Address address;
  if (length == 16) {
    std::copy_n(from, 16, address.bytes.begin());
    return address.text();
  }
  return length == 4 ? fmt::format("{}.{}.{}.{}", from[0], from[1], from[2], from[3]) : "?";
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  auto* const found = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  const std::unique_ptr<GENERAL_NAMES, FreedBy<GENERAL_NAMES_free>> owner{found};
  for (int i = 0; i < sk_GENERAL_NAME_num(found) && names.size() < kNamesMax; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found, i);
    if (name->type == GEN_DNS)
      names.push_back(
          base::shown({reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))},
                      100));
    else if (name->type == GEN_IPADD)
      names.push_back(address_text(name->d.iPAddress));
  }
  if (!names.empty()) return names;
  std::array<char, 256> common{};
  if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common.data(),
                                static_cast<int>(common.size())) > 0)
    names.push_back(base::shown(common.data(), 100));
  return names;
}

KeyPtr read_key(const base::SecretText& pem) {
  const BioPtr in = reading(pem.open());
  KeyPtr key{PEM_read_bio_PrivateKey(in.get(), nullptr, no_pass_phrase, nullptr)};
  ERR_clear_error();
  return key;
}

}  // namespace

std::vector<X509Ptr> read_certificates(std::string_view pem) {
  const BioPtr in = reading(pem);
  std::vector<X509Ptr> certificates;
  while (X509* const next = PEM_read_bio_X509(in.get(), nullptr, no_pass_phrase, nullptr))
    certificates.emplace_back(next);
  // The one good end is that no further PEM block begins; anything else is a broken certificate.
  const bool clean = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!clean) certificates.clear();
  return certificates;
}

CertificateFacts facts_of(X509* certificate) {
  return {.subject = name_text(X509_get_subject_name(certificate)),
          .issuer = name_text(X509_get_issuer_name(certificate)),
          .names = names_of(certificate),
          .begins = time_of(X509_get0_notBefore(certificate)),
          .ends = time_of(X509_get0_notAfter(certificate))};
}

std::vector<CertificateFacts> certificates_in(std::string_view pem) {
  std::vector<CertificateFacts> facts;
  for (const X509Ptr& certificate : read_certificates(pem))
    facts.push_back(facts_of(certificate.get()));
  return facts;
}

bool is_private_key(const base::SecretText& pem) { return read_key(pem) != nullptr; }

bool key_fits(std::string_view certificate_pem, const base::SecretText& key_pem) {
  const auto certificates = read_certificates(certificate_pem);
  const KeyPtr key = read_key(key_pem);
  if (certificates.empty() || !key) return false;
  const bool fits = X509_check_private_key(certificates.front().get(), key.get()) == 1;
  ERR_clear_error();
  return fits;
}

}  // namespace hedgerow::outbound
