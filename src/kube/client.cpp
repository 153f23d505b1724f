#include "kube/client.hpp"

#include "base/text.hpp"
#include "kube/listing.hpp"
#include "kube/path.hpp"
#include "kube/status.hpp"

namespace hedgerow::kube {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr std::string_view kJson = "Accept: application/json";
constexpr std::size_t kDiscoveryConcurrency = 8;

outbound::Peer peer_of(const Connection& connection) {
  const ConnectionFields& fields = connection.fields();
  return {.target = connection.target(),
          .ca_pem = fields.ca,
          .tls_name = fields.tls_name,
          .certificate_pem = fields.certificate,
          .key_pem = fields.key.duplicate(),
          .bearer = fields.token.duplicate(),
          .retry_after_in = [](std::string_view body) {
            const auto status = read_status(body);
            return status ? status->retry_after : std::nullopt;
          }};
}

outbound::Request asking(std::string path, std::string_view accept, std::size_t body_max) {
  outbound::Request request;
  request.path = std::move(path);
  request.headers.emplace_back(accept);
  request.body_max = body_max;
  return request;
}

Failure not_kubernetes(const outbound::Reply& reply) {
  const std::string_view type = reply.header("content-type");
  return Failure{Code::NotKubernetes, Cause::Refused,
                 fmt::format("{} answers HTTP ({}{}{}), but not as a Kubernetes API server does.",
                             reply.evidence.address, reply.status, type.empty() ? "" : ", ",
                             base::scrubbed(type, 60))}
      .with_peer_status(reply.status);
}

}  // namespace

std::unique_ptr<Api> connect(const Connection& connection, const Settings& settings,
                             const base::Surroundings& around) {
  return std::make_unique<Client>(connection, settings, around);
}

std::string rbac_rule(std::span<const Kind> kinds) {
  std::map<std::string, std::vector<std::string>> plurals_by_group;
  for (const Kind& kind : kinds)
    plurals_by_group[kind.group].push_back(fmt::format("\"{}\"", base::shown(kind.plural, 100)));
  std::string rule;
  for (const auto& [group, plurals] : plurals_by_group)
    rule += fmt::format("- apiGroups: [\"{}\"]\n  resources: [{}]\n  verbs: [\"get\", \"list\"]\n",
                        base::shown(group, 100), fmt::join(plurals, ", "));
  return rule;
}

std::expected<Version, Failure> read_version(
    const outbound::Reply& reply, const std::optional<base::WallTime>& credential_ended) {
  if (reply.failure) return std::unexpected(*reply.failure);
  const Answer answer{reply.body};
  if (const auto version = answer.text("/gitVersion"); reply.status == 200 && !version.empty())
    return Version{base::shown(version, 60), reply.evidence};
  const auto status = read_status(reply.body);
  // A server that tells us only that it does not tell us is one all the same.
  if (reply.status == 403 && status) return Version{{}, reply.evidence};
  // Who has too much to do, or sits before it, may say so in plain words.
  if (status || reply.status == 429 || reply.status >= 500)
    return std::unexpected(failure_of(
        reply, {.verb = "get", .what = "/version", .credential_ended = credential_ended}));
  return std::unexpected(not_kubernetes(reply));
}

std::expected<std::string, Failure> read_identity(
    const outbound::Reply& reply, const std::optional<base::WallTime>& credential_ended) {
  const Asked asked{
      .verb = "get", .what = "namespaces kube-system", .credential_ended = credential_ended};
  if (reply.failure || reply.status != 200) return std::unexpected(failure_of(reply, asked));
  const Answer answer{reply.body};
  const auto uid = answer.text("/metadata/uid");
  if (!answer.is_kind("Namespace") || answer.text("/metadata/name") != "kube-system" || uid.empty())
    return std::unexpected(failure_of(reply, asked));
  return base::shown(uid, 100);
}

std::expected<std::vector<std::string>, Failure> read_namespaces(
    const outbound::Reply& reply, const std::optional<base::WallTime>& credential_ended) {
  const Asked asked{.verb = "list", .what = "namespaces", .credential_ended = credential_ended};
  if (reply.failure || reply.status != 200) return std::unexpected(failure_of(reply, asked));
  const Answer answer{reply.body};
  const auto items = answer.list("/items");
  // Without all of them nothing follows from any.
  if (!answer.is_kind("NamespaceList") || !items || !answer.text("/metadata/continue").empty())
    return std::unexpected(failure_of(reply, asked));
  std::vector<std::string> names;
  for (const auto item : *items) {
    names.emplace_back(Answer::text_in(item, "/metadata/name"));
    if (names.back().empty()) return std::unexpected(failure_of(reply, asked));
  }
  return names;
}

Client::Client(const Connection& connection, const Settings& settings,
               const base::Surroundings& around)
    : settings_{settings},
      clock_{around.clock},
      credential_ends_{connection.credential_ends()},
      session_{peer_of(connection), settings.outbound, around} {}

std::uint64_t Client::sent_again() const noexcept { return session_.sent_again(); }

std::optional<base::WallTime> Client::credential_ended() const {
  if (credential_ends_ && *credential_ends_ <= clock_.wall()) return credential_ends_;
  return std::nullopt;
}

outbound::Reply Client::get(std::string path, std::string_view accept,
                            const std::stop_token& stop) {
  return session_.send(asking(std::move(path), accept, settings_.page_bytes_max), stop);
}

Version Client::version(const std::stop_token& stop) {
  const base::Doing doing{"asking the cluster for its version"};
  auto version = read_version(get("/version", kJson, stop), credential_ended());
  if (!version) throw std::move(version.error());
  return std::move(*version);
}

std::string Client::identity(const std::stop_token& stop) {
  const base::Doing doing{"reading the cluster's identity"};
  auto identity = read_identity(get(std::string{kIdentityPath}, kJson, stop), credential_ended());
  if (!identity) throw std::move(identity.error());
  return std::move(*identity);
}

bool Client::namespace_exists(std::string_view name, const std::stop_token& stop) {
  const base::Doing doing{fmt::format("looking for namespace {}", base::shown(name, 80))};
  const auto reply = get("/api/v1/namespaces/" + percent_encoded(name), kJson, stop);
  const Answer answer{reply.body};
  if (!reply.failure && reply.status == 200 && answer.is_kind("Namespace") &&
      answer.text("/metadata/name") == name)
    return true;
  // Only the API server's own word counts: a proxy's 404 says nothing of namespaces.
  if (!reply.failure && reply.status == 404) {
    const auto status = read_status(reply.body);
    if (status && status->reason == "NotFound") return false;
  }
  throw failure_of(reply, {.verb = "get",
                           .what = fmt::format("namespaces {}", base::shown(name, 80)),
                           .credential_ended = credential_ended()});
}

std::vector<std::string> Client::namespaces(const std::stop_token& stop) {
  const base::Doing doing{"asking the cluster for its namespaces"};
  auto names = read_namespaces(get(std::string{kNamespacesPath}, kJson, stop), credential_ended());
  if (!names) throw std::move(names.error());
  return std::move(*names);
}

Discovery Client::discover(const GroupFilter& wanted, const std::stop_token& stop) {
  const base::Doing doing{"asking the cluster for its kinds"};
  auto found = discovered(wanted, std::nullopt, stop);
  if (!found) throw std::move(found.error());
  return std::move(*found);
}

std::expected<Discovery, Failure> Client::discovered(const GroupFilter& wanted,
                                                     std::optional<base::Deadline> deadline,
                                                     const std::stop_token& stop) {
  auto request = asking("/apis", kDiscoveryAccept, settings_.page_bytes_max);
  request.deadline = deadline;
  const auto reply = session_.send(std::move(request), stop);
  const Asked asked{.verb = "get", .what = "/apis", .credential_ended = credential_ended()};
  if (reply.failure || reply.status != 200) return std::unexpected(failure_of(reply, asked));
  const Answer answer{reply.body};
  if (answer.is_kind("APIGroupDiscoveryList") && answer.list("/items"))
    return read_aggregated(answer, wanted);
  if (!answer.is_kind("APIGroupList") || !answer.list("/groups"))
    return std::unexpected(failure_of(reply, asked));
  Discovery found = discover_each(read_groups(answer, wanted), deadline, stop);
  if (stop.stop_requested()) return std::unexpected(Failure{Code::Cancelled, Cause::Refused});
  return found;
}

void Client::await_ready(const std::stop_token& stop) {
  const base::Doing doing{"asking the cluster whether it is ready"};
  if (auto why = unready(std::nullopt, stop)) throw std::move(*why);
}

// It answers 500 until it is, which is asked again as any 500 is.
std::optional<Failure> Client::unready(std::optional<base::Deadline> deadline,
                                       const std::stop_token& stop) {
  auto request = asking("/readyz", "Accept: text/plain, */*", settings_.page_bytes_max);
  request.deadline = deadline;
  const auto reply = session_.send(std::move(request), stop);
  if (!reply.failure && (reply.status == 200 || reply.status == 403 || reply.status == 404))
    return std::nullopt;
  const auto pending = reply.status == 500 ? checks_pending_in(reply.body) : std::string{};
  if (reply.failure || pending.empty())
    return failure_of(reply,
                      {.verb = "get", .what = "/readyz", .credential_ended = credential_ended()});
  return Failure{Code::ClusterError, Cause::Transient,
                 fmt::format("The cluster's API server says that it is not ready: {}.{}", pending,
                             outbound::times_asked(reply.evidence.tries))}
      .with_peer_status(reply.status);
}

bool Client::knows(const Kind& kind, std::string_view space, const std::stop_token& stop) {
  const base::Doing doing{fmt::format("asking whether {} are known", kind.resource())};
  const auto reply = get(list_path(kind, space) + "?limit=1", kJson, stop);
  if (!reply.failure && reply.status == 200 && Answer{reply.body}.list("/items")) return true;
  // Rights are looked at before kinds are.
  if (!reply.failure && reply.status == 403) return true;
  if (!reply.failure && reply.status == 404) return false;
  throw failure_of(
      reply, {.verb = "list", .what = kind.resource(), .credential_ended = credential_ended()});
}

Discovery Client::discover_each(const std::vector<GroupVersion>& versions,
                                std::optional<base::Deadline> deadline,
                                const std::stop_token& stop) {
  std::vector<outbound::Request> requests;
  for (const GroupVersion& one : versions) {
    requests.push_back(asking(group_path(one.group, one.version), kJson, settings_.page_bytes_max));
    requests.back().deadline = deadline;
  }
  std::vector<outbound::Reply> replies(versions.size());
  session_.run(
      std::move(requests), kDiscoveryConcurrency,
      [&](std::size_t place, outbound::Reply reply) -> std::optional<outbound::Request> {
        replies[place] = std::move(reply);
        return std::nullopt;
      },
      stop);

  Discovery found;
  Kinds kinds;
  for (std::size_t place = 0; place < versions.size(); ++place) {
    const GroupVersion& one = versions[place];
    const outbound::Reply& reply = replies[place];
    if (!reply.failure && reply.status == 200 && read_resources(Answer{reply.body}, one, kinds))
      continue;
    found.unknown.push_back({one.group, one.version,
                             failure_of(reply, {.verb = "get",
                                                .what = group_path(one.group, one.version),
                                                .credential_ended = credential_ended()})});
  }
  found.kinds = std::move(kinds).taken();
  return found;
}

std::vector<ListResult> Client::list_kinds(std::span<const ListRequest> requests,
                                           std::size_t concurrency, ListSink& sink,
                                           const std::stop_token& stop) {
  const base::Doing doing{fmt::format("listing {} kinds", requests.size())};
  std::deque<Listing> listings;
  std::uint64_t bytes_left = settings_.reading_bytes_max;
  std::vector<outbound::Request> first;
  for (std::size_t place = 0; place < requests.size(); ++place)
    first.push_back(
        listings.emplace_back(requests[place], place, settings_, sink, bytes_left).request());
  session_.run(
      std::move(first), concurrency,
      [&](std::size_t place, const outbound::Reply& reply) -> std::optional<outbound::Request> {
        if (stop.stop_requested()) return std::nullopt;
        auto next = listings[place].answered(reply, credential_ended());
        if (!next) sink.ended(place, listings[place].result());
        return next;
      },
      stop);
  if (stop.stop_requested()) throw Failure{Code::Cancelled, Cause::Refused};
  std::vector<ListResult> results;
  for (const Listing& listing : listings) results.push_back(listing.result());
  return results;
}

}  // namespace hedgerow::kube
