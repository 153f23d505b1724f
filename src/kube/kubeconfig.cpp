#include "kube/kubeconfig.hpp"

#include "base/text.hpp"
#include "base/yaml.hpp"

namespace hedgerow::kube {

namespace yaml = base::yaml;

namespace {

constexpr std::string_view kExportAgain =
    "Export it again with its data included: kubectl config view --raw --minify --flatten";

[[noreturn]] void refuse(std::string what, std::string_view next = kExportAgain) {
  throw base::Failure{base::Code::KubeconfigInvalid, base::Cause::Refused, what}
      .with_fields({{"kubeconfig", what}})
      .with_next(std::string{next});
}

std::string in_quotes(std::string_view name) { return "'" + base::shown(name, 100) + "'"; }

// What names a thing of the kubeconfig in sentences: "cluster 'lab'".
struct Place {
  std::string_view what;
  std::string_view name;
  [[nodiscard]] std::string text() const { return fmt::format("{} {}", what, in_quotes(name)); }
};

// A field's text; empty when it is absent, null or an empty string.
std::string text_of(const yaml::Node& in, std::string_view key, const Place& place) {
  const yaml::Node* found = in.find(key);
  if (found == nullptr || found->is_null()) return {};
  if (!found->is_scalar())
    refuse(fmt::format("Line {}: {} of {} is not a text.", found->line(), key, place.text()));
  return found->text();
}

bool is_set(const yaml::Node& in, std::string_view key) {
  const yaml::Node* found = in.find(key);
  return found != nullptr && !found->is_null() && (!found->is_scalar() || !found->text().empty());
}

// Base64 as the "-data" fields have it.
std::string decoded(const yaml::Node& in, std::string_view key, const Place& place) {
  const std::string text = text_of(in, key, place);
  if (text.empty()) return {};
  auto bytes = base::from_base64(text);
  if (!bytes) refuse(fmt::format("{} of {} is not base64.", key, place.text()));
  return std::move(*bytes);
}

struct Refusal {
  std::string_view key;
  std::string_view why;
  std::string_view next;
};

constexpr std::string_view kGiveToken =
    "Make a service account for Hedgerow and use its token: kubectl create token NAME";

constexpr std::string_view kSkipsTls = "insecure-skip-tls-verify";

constexpr Refusal kOfClusters[] = {
    {"certificate-authority", "names a file of your computer, which this server does not have",
     kExportAgain},
    {kSkipsTls,
     "switches off the check of the cluster's certificate, so anybody could answer in its place",
     "Remove that line and put the cluster's CA in certificate-authority-data."},
    {"proxy-url", "sends the connection through a proxy that the server's operator did not choose",
     "Remove that line; where a proxy is needed, outbound.proxy in the server's settings names "
     "it."},
};

constexpr Refusal kOfUsers[] = {
    {"exec", "runs a program of your computer to get a credential", kGiveToken},
    {"auth-provider", "needs a plug-in of your computer to get a credential", kGiveToken},
    {"client-certificate", "names a file of your computer, which this server does not have",
     kExportAgain},
    {"client-key", "names a file of your computer, which this server does not have", kExportAgain},
    {"tokenFile", "names a file of your computer, which this server does not have",
     "Put the token itself into the field token."},
    {"username", "is a password log-in, which Kubernetes has removed", kGiveToken},
    {"password", "is a password log-in, which Kubernetes has removed", kGiveToken},
    {"as", "acts as somebody else (impersonation), which Hedgerow does not do", kGiveToken},
    {"as-uid", "acts as somebody else (impersonation), which Hedgerow does not do", kGiveToken},
    {"as-groups", "acts as somebody else (impersonation), which Hedgerow does not do", kGiveToken},
    {"as-user-extra", "acts as somebody else (impersonation), which Hedgerow does not do",
     kGiveToken},
    {"impersonate", "acts as somebody else (impersonation), which Hedgerow does not do",
     kGiveToken},
};

void refuse_fields(const yaml::Node& in, std::span<const Refusal> refusals, const Place& place) {
  for (const Refusal& refusal : refusals) {
    if (!is_set(in, refusal.key)) continue;
    const yaml::Node& found = *in.find(refusal.key);
    if (refusal.key == kSkipsTls && found.is_plain() && base::lower_ascii(found.text()) == "false")
      continue;  // It asks for nothing.
    refuse(
        fmt::format("Line {}: {} of {} {}.", found.line(), refusal.key, place.text(), refusal.why),
        refusal.next);
  }
}

// The entry of that name in a list of {name, <inner>}, and its inner mapping.
const yaml::Node& entry(const yaml::Node& root, std::string_view list, std::string_view inner,
                        std::string_view name) {
  const yaml::Node* entries = root.find(list);
  if (entries != nullptr)
    for (const yaml::Node& one : entries->items()) {
      const yaml::Node* found = one.find("name");
      if (found == nullptr || found->text() != name) continue;
      const yaml::Node* content = one.find(inner);
      if (content == nullptr || !content->is_mapping())
        refuse(
            fmt::format("Line {}: the {} {} has no content.", one.line(), inner, in_quotes(name)));
      return *content;
    }
  refuse(fmt::format("The {} {} does not stand in the kubeconfig.", inner, in_quotes(name)));
}

std::vector<Context> contexts_in(const yaml::Node& root) {
  const yaml::Node* list = root.find("contexts");
  if (list == nullptr || list->items().empty()) refuse("The kubeconfig has no contexts.");
  std::vector<Context> contexts;
  for (const yaml::Node& one : list->items()) {
    const Place place{"a context", "?"};
    const std::string name = text_of(one, "name", place);
    const yaml::Node* content = one.find("context");
    if (name.empty() || content == nullptr || !content->is_mapping())
      refuse(fmt::format("Line {}: a context has no name or no content.", one.line()));
    const Place named{"context", name};
    const std::string space = text_of(*content, "namespace", named);
    contexts.push_back(
        {name, text_of(*content, "cluster", named), text_of(*content, "user", named), space});
  }
  return contexts;
}

}  // namespace

struct Kubeconfig::Content {
  yaml::Node root;
  std::vector<Context> contexts;
  std::string current;
};

Kubeconfig::Kubeconfig(std::unique_ptr<Content> content) : content_{std::move(content)} {}
Kubeconfig::~Kubeconfig() = default;
Kubeconfig::Kubeconfig(Kubeconfig&&) noexcept = default;
Kubeconfig& Kubeconfig::operator=(Kubeconfig&&) noexcept = default;

Kubeconfig Kubeconfig::parse(std::string_view text) {
  if (base::trimmed(text).empty()) refuse("The kubeconfig is empty.");
  auto documents = yaml::parse(text, {.documents = 1,
                                      .invalid = base::Code::KubeconfigInvalid,
                                      .refused = base::Code::KubeconfigInvalid,
                                      .subject = "The kubeconfig"});
  if (documents.empty()) refuse("The kubeconfig is empty.");
  auto content = std::make_unique<Content>();
  content->root = std::move(documents.front());
  const yaml::Node& root = content->root;
  if (!root.is_mapping()) refuse("This is YAML, but not a kubeconfig.");
  const Place place{"the", "kubeconfig"};
  if (const std::string kind = text_of(root, "kind", place); !kind.empty() && kind != "Config")
    refuse(fmt::format("This is a {}, not a kubeconfig.", in_quotes(kind)));
  content->contexts = contexts_in(root);
  content->current = text_of(root, "current-context", place);
  return Kubeconfig{std::move(content)};
}

std::span<const Context> Kubeconfig::contexts() const noexcept { return content_->contexts; }
const std::string& Kubeconfig::current() const noexcept { return content_->current; }

const Context& Kubeconfig::context(std::string_view name) const {
  const auto& contexts = content_->contexts;
  if (name.empty() && content_->current.empty() && contexts.size() == 1) return contexts.front();
  const std::string_view wanted = name.empty() ? content_->current : name;
  std::string known;
  for (const Context& one : contexts) {
    if (one.name == wanted) return one;
    if (known.size() < 300) known += (known.empty() ? "" : ", ") + in_quotes(one.name);
  }
  const std::string choose = fmt::format("Choose one of its contexts: {}.", known);
  if (wanted.empty())
    refuse("The kubeconfig does not say which context is the current one.", choose);
  refuse(fmt::format("The context {} does not stand in the kubeconfig.", in_quotes(wanted)),
         choose);
}

Connection Kubeconfig::connection(const Context& context) const {
  if (context.cluster.empty())
    refuse(fmt::format("The context {} names no cluster.", in_quotes(context.name)));
  if (context.user.empty())
    refuse(fmt::format("The context {} names no user.", in_quotes(context.name)));
  const yaml::Node& cluster = entry(content_->root, "clusters", "cluster", context.cluster);
  const yaml::Node& user = entry(content_->root, "users", "user", context.user);
  const Place cluster_place{"cluster", context.cluster};
  const Place user_place{"user", context.user};
  refuse_fields(cluster, kOfClusters, cluster_place);
  refuse_fields(user, kOfUsers, user_place);

  ConnectionFields fields;
  fields.server = text_of(cluster, "server", cluster_place);
  if (fields.server.empty()) refuse(fmt::format("{} has no server.", cluster_place.text()));
  fields.ca = decoded(cluster, "certificate-authority-data", cluster_place);
  fields.tls_name = text_of(cluster, "tls-server-name", cluster_place);
  fields.token = base::SecretText{text_of(user, "token", user_place)};
  fields.certificate = decoded(user, "client-certificate-data", user_place);
  fields.key = base::SecretText{decoded(user, "client-key-data", user_place)};
  return Connection::checked(std::move(fields));
}

}  // namespace hedgerow::kube
