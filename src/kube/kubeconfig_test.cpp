#include "kube/kubeconfig.hpp"

#include <gmock/gmock.h>

#include "base/text.hpp"
#include "kube/sample_pems.hpp"

namespace hedgerow::kube {
namespace {

using base::Code;
using base::Failure;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::Property;
using testing::Throws;

auto refused(Code code, std::string_view words, std::string_view cure) {
  return Throws<Failure>(AllOf(
      Property(&Failure::code, code), Property(&Failure::detail, HasSubstr(std::string{words})),
      Property(&Failure::next, HasSubstr(std::string{cure})), Property(&Failure::layer, 7)));
}

std::string encoded(std::string_view text) { return base::base64(base::bytes_of(text)); }

// The parts of a kubeconfig with one context, each replaceable.
struct Parts {
  std::string server = "    server: https://vlab.example:6443\n";
  std::string ca = "    certificate-authority-data: " + encoded(sample::kCa) + "\n";
  std::string cluster;  // Further lines of the cluster.
  std::string user = "    token: s3cr3t-t0k3n\n";
  std::string contexts = "- name: lab\n  context: {cluster: c, user: u, namespace: fabric}\n";
  std::string current = "current-context: lab\n";

  [[nodiscard]] std::string text() const {
    return "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n" + server + ca +
           cluster + "users:\n- name: u\n  user:\n" + user + "contexts:\n" + contexts + current;
  }
};

Connection connected(const Parts& parts, std::string_view context = {}) {
  const auto config = Kubeconfig::parse(parts.text());
  return config.connection(config.context(context));
}

std::string certificate_user(std::string_view certificate, std::string_view key) {
  return fmt::format("    client-certificate-data: {}\n    client-key-data: {}\n",
                     encoded(certificate), encoded(key));
}

TEST(Kubeconfig, GivesTheConnectionOfItsCurrentContext) {
  const auto config = Kubeconfig::parse(Parts{}.text());
  ASSERT_EQ(config.contexts().size(), 1u);
  EXPECT_EQ(config.current(), "lab");
  const Context& context = config.context("");
  EXPECT_EQ(context.name, "lab");
  EXPECT_EQ(context.default_namespace, "fabric");
  const Connection connection = config.connection(context);
  EXPECT_EQ(connection.fields().server, "https://vlab.example:6443");
  EXPECT_EQ(connection.fields().ca, sample::kCa);
  EXPECT_EQ(connection.fields().token.open(), "s3cr3t-t0k3n");
  EXPECT_EQ(connection.target().host(), "vlab.example");
  EXPECT_FALSE(connection.credential_ends());
}

TEST(Kubeconfig, TakesAClientCertificateWithItsKeyAndTellsWhenItEnds) {
  const auto connection = connected({.user = certificate_user(sample::kCertificate, sample::kKey)});
  EXPECT_EQ(connection.fields().certificate, sample::kCertificate);
  EXPECT_EQ(connection.fields().key.open(), sample::kKey);
  ASSERT_TRUE(connection.credential_ends());
  EXPECT_GT(*connection.credential_ends(), *base::parse_rfc3339("2100-01-01T00:00:00Z"));
}

TEST(Kubeconfig, ReadsWhenATokenEnds) {
  const auto claims = base::base64url(base::bytes_of(R"({"sub":"x","exp":1795219200})"));
  const auto connection = connected({.user = "    token: e30." + claims + ".c2ln\n"});
  ASSERT_TRUE(connection.credential_ends());
  EXPECT_EQ(base::rfc3339(*connection.credential_ends()), "2026-11-21T00:00:00.000Z");
}

TEST(Kubeconfig, PicksTheNamedContextAndToleratesWhatItDoesNotKnow) {
  Parts parts{.cluster =
                  "    tls-server-name: kubernetes\n    disable-compression: true\n"
                  "    insecure-skip-tls-verify: false\n"
                  "    extensions: [{name: x, extension: {a: 1}}]\n",
              .contexts =
                  "- name: lab\n  context: {cluster: gone, user: u}\n"
                  "- name: other\n  context: {cluster: c, user: u, extra: 1}\n",
              .current = "current-context: lab\npreferences: {}\nunknown: [1]\n"};
  EXPECT_EQ(connected(parts, "other").fields().tls_name, "kubernetes");
  parts.contexts = "- name: only\n  context: {cluster: c, user: u}\n";
  parts.current = "current-context: ''\n";
  EXPECT_EQ(Kubeconfig::parse(parts.text()).context("").name, "only");
}

TEST(Kubeconfig, IsRefusedWhenItIsNone) {
  const auto parsing = [](const std::string& text) {
    return [text] { std::ignore = Kubeconfig::parse(text); };
  };
  const Code code = Code::KubeconfigInvalid;
  EXPECT_THAT(parsing(""), refused(code, "is empty", "kubectl config view"));
  EXPECT_THAT(parsing(" \n\t\n"), refused(code, "is empty", ""));
  EXPECT_THAT(parsing("# nothing\n"), refused(code, "is empty", ""));
  EXPECT_THAT(parsing("a: 1\nb: [\n"), refused(code, "line 3: this is not YAML", ""));
  EXPECT_THAT(parsing("a: 1\na: 2\n"), refused(code, "line 2: the key 'a' stands twice", ""));
  EXPECT_THAT(parsing("a: &x 1\nb: *x\n"), refused(code, "line 2: aliases", ""));
  EXPECT_THAT(parsing(std::string(10u << 20, 'x')), refused(code, "is 10485760 bytes long", ""));
  EXPECT_THAT(parsing("a: 1\n---\nb: 2\n"), refused(code, "more than one document", ""));
  EXPECT_THAT(parsing("just words\n"), refused(code, "YAML, but not a kubeconfig", ""));
  EXPECT_THAT(parsing("kind: Secret\ncontexts: []\n"), refused(code, "This is a 'Secret'", ""));
  EXPECT_THAT(parsing("kind: Config\n"), refused(code, "has no contexts", ""));
  EXPECT_THAT(parsing("contexts: []\n"), refused(code, "has no contexts", ""));
  EXPECT_THAT(parsing("contexts:\n- name: a\n"), refused(code, "Line 2: a context has", ""));
}

struct Row {
  Parts parts;
  std::string_view words;
  std::string_view cure;
  Code code = Code::KubeconfigInvalid;
};

void expect_refused(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.words);
    EXPECT_THAT([&] { connected(row.parts); }, refused(row.code, row.words, row.cure));
  }
}

TEST(Kubeconfig, NamesWhatItRefusesOfContextsAndClusters) {
  EXPECT_NO_THROW(connected({.current = ""}));  // The only one needs no name.
  expect_refused({
      {{.contexts = "- {name: a, context: {cluster: c, user: u}}\n"
                    "- {name: b, context: {cluster: c, user: u}}\n",
        .current = ""},
       "does not say which context",
       "'a', 'b'"},
      {{.current = "current-context: gone\n"}, "context 'gone' does not stand", "'lab'"},
      {{.contexts = "- {name: lab, context: {cluster: x, user: u}}\n"},
       "The cluster 'x' does not stand in the kubeconfig",
       "kubectl"},
      {{.contexts = "- {name: lab, context: {cluster: c, user: x}}\n"},
       "The user 'x' does not stand in the kubeconfig",
       "kubectl"},
      {{.contexts = "- {name: lab, context: {user: u}}\n"}, "names no cluster", ""},
      {{.contexts = "- {name: lab, context: {cluster: c}}\n"}, "names no user", ""},
      {{.ca = "    certificate-authority: /etc/ca.crt\n"},
       "Line 7: certificate-authority of cluster 'c' names a file",
       "--flatten"},
      {{.cluster = "    insecure-skip-tls-verify: true\n"},
       "insecure-skip-tls-verify of cluster 'c' switches off",
       "put the cluster's CA"},
      {{.cluster = "    proxy-url: socks5://p:1080\n"}, "proxy-url", "Remove that line"},
      {{.server = ""}, "cluster 'c' has no server", ""},
      {{.server = "    server: http://vlab.example\n"}, "http://", "https", Code::BadUrl},
      {{.server = "    server: [https://x]\n"}, "server of cluster 'c' is not a text", ""},
      {{.ca = ""}, "No CA certificate is given", "certificate-authority-data"},
      {{.ca = "    certificate-authority-data: '***'\n"}, "is not base64", ""},
      {{.ca = "    certificate-authority-data: cnViYmlzaA==\n"},
       "The CA is not a certificate in PEM form",
       "BEGIN CERTIFICATE"},
      {{.ca = "    certificate-authority-data: " +
              encoded(std::string{sample::kCa} + std::string{sample::kCa.substr(0, 200)}) + "\n"},
       "The CA is not a certificate",
       ""},
      {{.cluster = "    tls-server-name: 'a b'\n"}, "TLS server name", "certificate"},
  });
}

TEST(Kubeconfig, NamesWhatItRefusesOfUsersAndTheCure) {
  const std::string with_certificate = certificate_user(sample::kCertificate, sample::kKey);
  const std::string token = "    token: s3cr3t-t0k3n\n";
  expect_refused({
      {{.user = "    client-certificate: c.crt\n    client-key: c.key\n"},
       "client-certificate of user 'u' names a file",
       "--flatten"},
      {{.user = with_certificate + "    client-key: /c.key\n"}, "client-key of user", ""},
      {{.user = "    tokenFile: /var/token\n"}, "tokenFile of user 'u' names a file", "token"},
      {{.user = "    exec: {command: aws, args: [eks]}\n"},
       "exec of user 'u' runs a program",
       "kubectl create token"},
      {{.user = "    auth-provider: {name: oidc}\n"}, "auth-provider of user 'u'", ""},
      {{.user = "    username: admin\n    password: hunter2\n"}, "username of user 'u'", ""},
      {{.user = token + "    as: root\n"}, "as of user 'u' acts as somebody else", ""},
      {{.user = token + "    as-groups: [x]\n"}, "as-groups of user 'u'", ""},
      {{.user = token + "    impersonate: root\n"}, "impersonate of user 'u'", ""},
      {{.user = token + "    exec: false\n"}, "exec of user 'u' runs a program", ""},
      {{.user = token + "    tokenFile: false\n"}, "tokenFile of user 'u' names a file", ""},
      {{.user = "    {}\n"}, "There is no credential", "token"},
      {{.user = "    token: |\n      s3cr3t\n      t0k3n\n"}, "holds a line break", "one line"},
      {{.user = "    token: s3cr3t t0k3n\n"}, "holds a space", ""},
      {{.user = "    token: \"s3cr3t\\x01t0k3n\"\n"}, "a character that no token has", ""},
      {{.user = token + with_certificate}, "several credentials", "one of them"},
      {{.user = "    client-certificate-data: " + encoded(sample::kCertificate) + "\n"},
       "without its key",
       "client-key-data"},
      {{.user = "    client-key-data: " + encoded(sample::kKey) + "\n"},
       "without its certificate",
       ""},
      {{.user = certificate_user(sample::kCertificate, sample::kOtherKey)},
       "does not fit",
       "same kubeconfig user"},
      {{.user = certificate_user(sample::kCertificate, sample::kLockedKey)},
       "without a pass phrase",
       "decrypted"},
      {{.user = certificate_user("rubbish", sample::kKey)}, "client certificate is not", ""},
  });
}

TEST(Kubeconfig, SaysNoSecretInAnySentence) {
  const std::string key = encoded(sample::kKey);
  for (const std::string& user : {
           std::string{"    token: 's3cr3t t0k3n'\n"},
           std::string{"    token: s3cr3t\n    username: a\n    password: s3cr3t\n"},
           std::string{"    token: [s3cr3t]\n"},
           certificate_user(sample::kCertificate, sample::kOtherKey),
           "    client-key-data: '" + key + "*'\n",
       })
    EXPECT_THAT([&] { connected({.user = user}); },
                Throws<Failure>(AllOf(Property(&Failure::detail, Not(HasSubstr("s3cr3t"))),
                                      Property(&Failure::detail, Not(HasSubstr(key.substr(40)))),
                                      Property(&Failure::operator_text, Not(HasSubstr("s3cr"))))))
        << user;
  EXPECT_THAT([] { connected({.server = "    server: https://me:s3cr3t@vlab.example\n"}); },
              Throws<Failure>(AllOf(Property(&Failure::code, Code::BadUrl),
                                    Property(&Failure::detail, Not(HasSubstr("s3cr3t"))))));
}

TEST(Connection, NamesTheFieldThatWasTyped) {
  const auto fields = [] {
    return ConnectionFields{.server = "https://10.1.2.3:6443/",
                            .ca = std::string{sample::kCa},
                            .token = base::SecretText{"t0k3n"}};
  };
  const auto field_of = [](ConnectionFields typed) -> std::string {
    try {
      std::ignore = Connection::checked(std::move(typed));
    } catch (const Failure& failure) {
      return failure.fields().empty() ? "?" : failure.fields().front().field;
    }
    return "";
  };
  EXPECT_EQ(field_of(fields()), "");
  EXPECT_EQ(Connection::checked(fields()).fields().server, "https://10.1.2.3:6443");
  auto typed = fields();
  typed.server = "10.1.2.3";
  EXPECT_EQ(field_of(std::move(typed)), "server");
  typed = fields();
  typed.ca = "";
  EXPECT_EQ(field_of(std::move(typed)), "ca");
  typed = fields();
  typed.tls_name = "-x";
  EXPECT_EQ(field_of(std::move(typed)), "tls_name");
  typed = fields();
  typed.token = base::SecretText{"a\nb"};
  EXPECT_EQ(field_of(std::move(typed)), "token");
  typed = fields();
  typed.token = {};
  typed.certificate = sample::kCertificate;
  EXPECT_EQ(field_of(std::move(typed)), "key");
}

}  // namespace
}  // namespace hedgerow::kube
