// The same server when TLS ends in it.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/server_fixture.test.hpp"

namespace hedgerow::http::testing {

namespace {

using ::testing::HasSubstr;

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* pointer) const { Free(pointer); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX, SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Freed<SSL, SSL_free>>;

// Writes a key and a certificate that it signed itself.
void write_certificate(const std::string& certificate_file, const std::string& key_file) {
  const Key key{EVP_EC_gen("P-256")};
  const Certificate certificate{X509_new()};
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  FILE* file = std::fopen(certificate_file.c_str(), "w");
  PEM_write_X509(file, certificate.get());
  std::fclose(file);
  file = std::fopen(key_file.c_str(), "w");
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int version_max = TLS1_3_VERSION) : wire_{port} {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    session_.reset(SSL_new(context_.get()));
    SSL_set_fd(session_.get(), wire_.socket());
    connected_ = SSL_connect(session_.get()) == 1;
  }
  [[nodiscard]] bool connected() const { return connected_; }
  void send(std::string_view bytes) const {
    SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  // Until `mark` came or the server said goodbye.
  std::string read_until(std::string_view mark) {
    std::array<char, 4096> bytes{};
    while (got_.find(mark) == std::string::npos) {
      const int got = SSL_read(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
      if (got <= 0) {
        clean_end_ = SSL_get_error(session_.get(), got) == SSL_ERROR_ZERO_RETURN;
        break;
      }
      got_.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return got_;
  }
  [[nodiscard]] bool clean_end() const { return clean_end_; }

 private:
  RawClient wire_;
  Context context_;
  Session session_;
  bool connected_ = false;
  bool clean_end_ = false;
  std::string got_;
};

class TlsTest : public ServerTest {
 protected:
  TlsTest() {
    settings_.tls_certificate_file = ::testing::TempDir() + "hedgerow_http_test.crt";
    settings_.tls_key_file = ::testing::TempDir() + "hedgerow_http_test.key";
    write_certificate(settings_.tls_certificate_file, settings_.tls_key_file);
  }
};

TEST_F(TlsTest, answers_with_hsts_and_says_goodbye) {
  std::atomic<bool> tls = false;
  router_.add("GET", "/look/", [&](Request& request) {
    tls = request.tls;
    return Response::nothing();
  });
  start();
  TlsClient asking{server_->port()};
  ASSERT_TRUE(asking.connected());
  asking.send("GET /look/ HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(asking.read_until("\r\n\r\n"),
              HasSubstr("Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"));
  EXPECT_TRUE(tls);
  asking.send("GET /hello/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(asking.read_until("no such mark"), HasSubstr(R"({"hello":1})"));
  EXPECT_TRUE(asking.clean_end());
}

TEST_F(TlsTest, carries_a_large_body_and_an_event_stream) {
  start();
  TlsClient asking{server_->port()};
  const std::string body(500'000, 'b');
  asking.send(fmt::format("POST /echo/ HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{}",
                          body.size(), body));
  EXPECT_THAT(asking.read_until(body), HasSubstr("200 OK"));
  asking.send("GET /events/ HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto stream = opened_streams(1).front();
  stream->send("hb", "{}");
  EXPECT_THAT(asking.read_until("event: hb\ndata: {}\n\n"), HasSubstr("text/event-stream"));
  stream->send("bye", "{}");
  stream->close();
  EXPECT_THAT(asking.read_until("\r\n0\r\n\r\n"), HasSubstr("event: bye"));
}

TEST_F(TlsTest, plain_http_on_its_port_gets_one_plain_sentence) {
  start();
  const Answer answer = ask("GET /hello/ HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("TLS only"));
  EXPECT_FALSE(answer.headers.has("Strict-Transport-Security"));
  EXPECT_TRUE(TlsClient{server_->port()}.connected());
}

TEST_F(TlsTest, old_versions_are_refused) {
  start();
  EXPECT_FALSE((TlsClient{server_->port(), TLS1_1_VERSION}.connected()));
  EXPECT_TRUE((TlsClient{server_->port(), TLS1_2_VERSION}.connected()));
}

TEST_F(TlsTest, a_handshake_that_never_ends_is_cut) {
  settings_.deadlines.first_byte = std::chrono::milliseconds{300};
  start();
  RawClient half = client();
  half.send("\x16\x03\x01");
  EXPECT_TRUE(half.is_cut());
  EXPECT_TRUE(TlsClient{server_->port()}.connected());
}

TEST_F(TlsTest, a_certificate_that_cannot_be_read_is_named) {
  settings_.tls_certificate_file = "/nowhere/at-all.crt";
  try {
    start();
    FAIL() << "started";
  } catch (const base::Failure& failure) {
    EXPECT_EQ(failure.fields().front().field, "tls_certificate_file");
    EXPECT_THAT(failure.detail(), HasSubstr("/nowhere/at-all.crt"));
  }
}

}  // namespace

}  // namespace hedgerow::http::testing
