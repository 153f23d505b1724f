#include "kube/ladder.hpp"

#include "base/text.hpp"
#include "kube/client.hpp"
#include "kube/path.hpp"
#include "kube/reviews.hpp"
#include "kube/status.hpp"

namespace hedgerow::kube {

using base::Cause;
using base::Code;
using base::Failure;
using outbound::Evidence;
using outbound::Phase;
using outbound::Reply;
using outbound::Request;

namespace {

constexpr std::size_t kReviewConcurrency = 8;

std::string day(base::WallTime time) { return base::rfc3339(time).substr(0, 10); }

std::string evidence_of(const std::optional<outbound::CertificateFacts>& certificate) {
  if (!certificate) return {};
  return fmt::format("certificate for {}, until {}, issued by '{}'",
                     fmt::join(certificate->names, ", "), day(certificate->ends),
                     certificate->issuer);
}

// The rung on which a transfer that came this far broke off.
RungName rung_of(Phase reached) {
  switch (reached) {
    case Phase::Waiting:
    case Phase::Resolving: return RungName::Address;
    case Phase::Connecting: return RungName::Tcp;
    case Phase::Handshake: return RungName::Tls;
    case Phase::Asking:
    case Phase::Receiving:
    case Phase::Ended: return RungName::Http;
  }
  return RungName::Http;
}

// A kind that may not be listed everywhere, and where not; empty: in the whole cluster.
struct Lack {
  Kind kind;
  std::vector<std::string> spaces;
  bool in_part = false;
};

// Those of one kind stand together.
std::vector<ListRequest> lists_of(std::span<const Kind> kinds,
                                  std::span<const std::string> spaces) {
  std::vector<ListRequest> lists;
  for (const Kind& kind : kinds) {
    if (spaces.empty() || !kind.namespaced)
      lists.push_back({kind, {}});
    else
      for (const std::string& space : spaces) lists.push_back({kind, space});
  }
  return lists;
}

class Climber {
 public:
  Climber(const Connection& connection, const Settings& settings, const base::Surroundings& around,
          const std::function<void(const Rung&)>& on_rung, const std::stop_token& stop)
      : client_{connection, settings, around},
        settings_{settings},
        clock_{around.clock},
        deadline_{base::Deadline::in(clock_, settings.ladder_total)},
        on_rung_{on_rung},
        stop_{stop} {
    for (std::size_t at = 0; at < kRungCount; ++at)
      climb_.rungs[at].name = static_cast<RungName>(at);
    climb_.credential_ends = connection.credential_ends();
  }

  Climb go(const ClimbPlan& plan) {
    if (reach_server() && ask_for_us() && read_identity_of_cluster() && find_kinds(plan))
      ask_for_rights(plan);
    for (const Rung& rung : climb_.rungs)
      if (rung.state == RungState::NotReached) on_rung_(rung);
    return std::move(climb_);
  }

 private:
  Rung& rung(RungName name) { return climb_.rungs[static_cast<std::size_t>(name)]; }

  void pass(RungName name, base::Milliseconds took, std::string evidence) {
    Rung& at = rung(name);
    at.state = RungState::Passed;
    at.took = took;
    at.evidence = std::move(evidence);
    on_rung_(at);
  }

  bool fail(RungName name, base::Milliseconds took, Failure failure, std::string evidence) {
    if (failure.code() == Code::Cancelled) throw std::move(failure);
    Rung& at = rung(name);
    at.state = RungState::Failed;
    at.took = took;
    at.evidence = std::move(evidence);
    at.failure = std::move(failure);
    on_rung_(at);
    return false;
  }

  // Within what is left of the whole test.
  Request limited(Request request) const {
    request.deadline = deadline_;
    return request;
  }

  Reply ask_for(std::string path) {
    Request request = limited({});
    request.path = std::move(path);
    request.headers = {"Accept: application/json"};
    return client_.session().send(std::move(request), stop_);
  }

  // The rungs below HTTP, each as soon as its phase is over.
  void note_phase(const Evidence& so_far) {
    const auto passed = [&](RungName name) { return rung(name).state == RungState::Passed; };
    const base::Milliseconds none{0};
    if (so_far.reached >= Phase::Connecting && !passed(RungName::Address))
      pass(RungName::Address, so_far.dns.value_or(none), so_far.address);
    if (so_far.reached >= Phase::Handshake && !passed(RungName::Tcp))
      pass(RungName::Tcp, so_far.tcp.value_or(none), so_far.address);
    if (so_far.reached >= Phase::Asking && !passed(RungName::Tls)) {
      if (so_far.certificate) climb_.certificate_ends = so_far.certificate->ends;
      pass(RungName::Tls, so_far.tls.value_or(none), evidence_of(so_far.certificate));
    }
  }

  bool reach_server() {
    Request request = limited({});
    request.path = "/version";
    request.headers = {"Accept: application/json"};
    request.on_phase = [this](const Evidence& so_far) { note_phase(so_far); };
    const Reply reply = client_.session().send(std::move(request), stop_);
    const Evidence& seen = reply.evidence;
    if (seen.certificate) climb_.certificate_ends = seen.certificate->ends;
    if (reply.failure) {
      const RungName at = rung_of(seen.reached);
      return fail(at, seen.total, *reply.failure,
                  at == RungName::Tls ? evidence_of(seen.certificate) : seen.address);
    }
    const auto first_byte = seen.first_byte.value_or(base::Milliseconds{0});
    std::string spoken = "HTTP/" + seen.http_version;
    if (seen.tries > 1) spoken += fmt::format(", {} tries", seen.tries);
    pass(RungName::Http, first_byte, std::move(spoken));

    const auto ended = client_.credential_ended();
    auto version = read_version(reply, ended);
    const bool is_refusal = reply.status == 401 && read_status(reply.body);
    if (!version && !is_refusal)
      return fail(RungName::Kubernetes, seen.total, std::move(version.error()), {});
    if (version) climb_.server_version = version->git_version;
    pass(RungName::Kubernetes, seen.total,
         climb_.server_version.empty() ? "answers as Kubernetes does, without its version"
                                       : climb_.server_version);
    if (is_refusal) return fail(RungName::Credentials, seen.total, std::move(version.error()), {});
    return true;
  }

  bool ask_for_us() {
    Reply reply = client_.session().send(limited(ask_who_we_are()), stop_);
    const base::Milliseconds took = reply.evidence.total;
    const bool answered = reply.status == 200 || reply.status == 201;
    // An older server does not know the question, a strict one does not let us ask: both have taken
    // our credentials.
    const bool withheld = reply.status == 404 || reply.status == 403;
    if (reply.failure || (!answered && !withheld))
      return fail(RungName::Credentials, took,
                  failure_of(reply, {.verb = "create",
                                     .what = "selfsubjectreviews.authentication.k8s.io",
                                     .credential_ended = client_.credential_ended()}),
                  {});
    climb_.user = user_in(reply).value_or("");
    if (climb_.user == "system:anonymous")
      return fail(RungName::Credentials, took,
                  {Code::ClusterUnauthorized, Cause::Denied,
                   "The cluster does not know our credentials: it takes us for anonymous."},
                  climb_.user);
    std::string evidence = climb_.user.empty() ? "accepted" : climb_.user;
    if (climb_.credential_ends) evidence += fmt::format(", until {}", day(*climb_.credential_ends));
    pass(RungName::Credentials, took, std::move(evidence));
    return true;
  }

  // Without it the climb goes on, but not on a server that is not ready.
  bool read_identity_of_cluster() {
    Reply reply = ask_for(std::string{kIdentityPath});
    auto identity = read_identity(reply, client_.credential_ended());
    // We may not see it, or the API server has only just started and knows no roles yet.
    if (!identity && identity.error().code() == Code::ClusterForbidden) {
      if (auto why = client_.unready(deadline_, stop_))
        return fail(RungName::Identity, reply.evidence.total, std::move(*why), {});
      reply = ask_for(std::string{kIdentityPath});
      identity = read_identity(reply, client_.credential_ended());
    }
    if (!identity) {
      fail(RungName::Identity, reply.evidence.total, std::move(identity.error()), {});
      return true;
    }
    climb_.identity = std::move(*identity);
    pass(RungName::Identity, reply.evidence.total, climb_.identity);
    return true;
  }

  bool find_kinds(const ClimbPlan& plan) {
    const auto began = clock_.steady();
    auto found = client_.discovered(plan.wanted, deadline_, stop_);
    // None, or the API server has only just started: it knows which.
    if (found && found->kinds.empty() && found->unknown.empty()) {
      if (auto why = client_.unready(deadline_, stop_))
        found = std::unexpected(std::move(*why));
      else
        found = client_.discovered(plan.wanted, deadline_, stop_);
    }
    const auto took = std::chrono::duration_cast<base::Milliseconds>(clock_.steady() - began);
    if (!found) return fail(RungName::Kinds, took, std::move(found.error()), {});
    climb_.kinds = std::move(found->kinds);
    std::set<std::string_view> groups;
    for (const Kind& kind : climb_.kinds) groups.insert(kind.group);
    std::string evidence = fmt::format("{} kinds in {} groups", climb_.kinds.size(), groups.size());
    if (plan.reads && std::erase_if(climb_.kinds, std::not_fn(plan.reads)) > 0)
      evidence += fmt::format(", {} of them to be read", climb_.kinds.size());
    if (!found->unknown.empty()) {
      fail(RungName::Kinds, took, found->unknown.front().why, std::move(evidence));
      return !climb_.kinds.empty();
    }
    if (climb_.kinds.empty())
      return fail(RungName::Kinds, took,
                  {Code::NoKinds, Cause::Missing,
                   "This cluster has none of the kinds that Hedgerow reads."},
                  std::move(evidence));
    pass(RungName::Kinds, took, std::move(evidence));
    return true;
  }

  Request trying(const ListRequest& list) const {
    Request request = limited({});
    request.path = list_path(list.kind, list.space) + "?limit=1";
    request.headers = {"Accept: application/json"};
    request.sink = [](std::string_view) {};  // Only whether it is allowed counts.
    request.body_max = 64u << 20;
    return request;
  }

  // Asks for each list; the places of those that are not allowed, or why one of them could not be
  // told.
  std::expected<std::set<std::size_t>, Failure> refused_among(
      const std::vector<ListRequest>& lists) {
    std::vector<Request> requests;
    for (const ListRequest& list : lists)
      requests.push_back(limited(ask_whether_listable(list.kind, list.space)));
    std::set<std::size_t> refused;
    std::set<std::size_t> tried;
    std::optional<Failure> untold;
    client_.session().run(
        std::move(requests), kReviewConcurrency,
        [&](std::size_t place, const Reply& reply) -> std::optional<Request> {
          if (const auto allowed = allowed_in(reply)) {
            if (!*allowed) refused.insert(place);
          } else if (!reply.failure && tried.insert(place).second) {
            return trying(lists[place]);  // We may not ask, so we try.
          } else if (!reply.failure && reply.status == 403) {
            refused.insert(place);
          } else if (reply.failure || reply.status != 200) {
            const Kind& kind = lists[place].kind;
            untold = failure_of(reply, {.verb = "list", .what = kind.resource(), .kind = &kind});
          }
          return std::nullopt;
        },
        stop_);
    if (untold) return std::unexpected(std::move(*untold));
    return refused;
  }

  // What is missing of each kind that may not be listed in all of these lists.
  std::expected<std::vector<Lack>, Failure> lacks_among(const std::vector<ListRequest>& lists) {
    auto refused = refused_among(lists);
    if (!refused) return std::unexpected(std::move(refused.error()));
    std::vector<Lack> lacks;
    for (std::size_t place = 0; place < lists.size();) {
      Lack lack{.kind = lists[place].kind, .spaces = {}, .in_part = false};
      bool any = false;
      for (; place < lists.size() && lists[place].kind == lack.kind; ++place) {
        const bool is_refused = refused->contains(place);
        any = any || is_refused;
        lack.in_part = lack.in_part || !is_refused;
        if (is_refused && !lists[place].space.empty()) lack.spaces.push_back(lists[place].space);
      }
      if (any) lacks.push_back(std::move(lack));
    }
    return lacks;
  }

  // As a run does: what may not be listed in the whole cluster, in each namespace.
  std::expected<std::vector<Lack>, Failure> lacks_by_namespace(std::vector<Lack> refused) {
    Request request = limited({});
    request.path = std::string{kNamespacesPath};
    request.headers = {"Accept: application/json"};
    request.body_max = settings_.page_bytes_max;
    const Reply reply = client_.session().send(std::move(request), stop_);
    const auto spaces = read_namespaces(reply, client_.credential_ended());
    if (!spaces || spaces->size() > settings_.namespaces_max) return refused;
    std::vector<Kind> kinds;
    for (const Lack& lack : refused)
      if (lack.kind.namespaced) kinds.push_back(lack.kind);
    auto lacks = lacks_among(lists_of(kinds, *spaces));
    if (!lacks) return lacks;
    std::vector<Lack> left;
    for (Lack& lack : refused) {
      const auto found = std::ranges::find(*lacks, lack.kind, &Lack::kind);
      const bool nowhere = !lack.kind.namespaced || (found != lacks->end() && !found->in_part);
      if (nowhere)
        left.push_back(std::move(lack));
      else if (found != lacks->end())
        left.push_back(std::move(*found));
    }
    return left;
  }

  std::optional<Failure> missing_space(const ClimbPlan& plan) {
    for (const std::string& space : plan.spaces) {
      const Reply reply = ask_for("/api/v1/namespaces/" + percent_encoded(space));
      if (!reply.failure && reply.status == 200) continue;
      const auto status = read_status(reply.body);
      if (reply.status == 404 && status && status->reason == "NotFound")
        return Failure{
            Code::NamespaceMissing, Cause::Missing,
            fmt::format("Namespace '{}' does not exist in this cluster.", base::shown(space, 80))};
      return failure_of(reply, {.verb = "get", .what = "namespaces " + base::shown(space, 80)});
    }
    return std::nullopt;
  }

  void ask_for_rights(const ClimbPlan& plan) {
    const auto began = clock_.steady();
    const auto took = [&] {
      return std::chrono::duration_cast<base::Milliseconds>(clock_.steady() - began);
    };
    if (auto missing = missing_space(plan)) {
      fail(RungName::Rights, took(), std::move(*missing), {});
      return;
    }
    auto lacks = lacks_among(lists_of(climb_.kinds, plan.spaces));
    std::size_t by_namespace = 0;
    if (lacks && !lacks->empty() && plan.spaces.empty()) {
      const std::size_t refused = lacks->size();
      lacks = lacks_by_namespace(std::move(*lacks));
      if (lacks) by_namespace = refused - lacks->size();
    }
    if (!lacks) {
      fail(RungName::Rights, took(), std::move(lacks.error()), {});
      return;
    }
    for (const Lack& lack : *lacks) {
      climb_.unreadable.push_back(lack.kind);
      climb_.in_part += lack.in_part;
    }
    report_rights(took(), *lacks, by_namespace);
  }

  void report_rights(base::Milliseconds took, std::span<const Lack> lacks,
                     std::size_t by_namespace) {
    const std::size_t all = climb_.kinds.size();
    const std::size_t readable = all - lacks.size();
    std::string evidence = fmt::format("may list {} of {} kinds", readable, all);
    if (by_namespace > 0)
      evidence += fmt::format(", {} of them in each namespace by itself", by_namespace);
    if (lacks.empty()) return pass(RungName::Rights, took, std::move(evidence));
    std::map<std::string, std::vector<std::string>> missing;  // By where.
    for (const Lack& lack : lacks)
      missing[fmt::format("{}", fmt::join(lack.spaces, ", "))].push_back(lack.kind.resource());
    std::string detail = fmt::format("The cluster lets us read {} of {} kinds.", readable, all);
    for (const auto& [spaces, resources] : missing)
      detail += fmt::format(" Missing: list {}{}{}.", fmt::join(resources, ", "),
                            spaces.empty() ? "" : " in namespaces ", spaces);
    Failure failure{Code::ClusterForbidden, Cause::Denied, std::move(detail)};
    failure.with_next("Add this rule to the role that Hedgerow's account has:\n" +
                      rbac_rule(climb_.unreadable));
    fail(RungName::Rights, took, std::move(failure), std::move(evidence));
  }

  Client client_;
  const Settings& settings_;
  const base::Clock& clock_;
  base::Deadline deadline_;
  const std::function<void(const Rung&)>& on_rung_;
  const std::stop_token& stop_;
  Climb climb_;
};

}  // namespace

std::string_view name_of(RungName name) noexcept {
  switch (name) {
    case RungName::Address: return "address";
    case RungName::Tcp: return "tcp";
    case RungName::Tls: return "tls";
    case RungName::Http: return "http";
    case RungName::Kubernetes: return "kubernetes";
    case RungName::Credentials: return "credentials";
    case RungName::Identity: return "identity";
    case RungName::Kinds: return "kinds";
    case RungName::Rights: return "rights";
  }
  return "";
}

std::string_view name_of(RungState state) noexcept {
  switch (state) {
    case RungState::Passed: return "passed";
    case RungState::Failed: return "failed";
    case RungState::NotReached: return "not_reached";
  }
  return "";
}

const Failure* Climb::failure() const noexcept {
  for (const Rung& rung : rungs)
    if (rung.failure) return &*rung.failure;
  return nullptr;
}

Climb climb(const Connection& connection, const Settings& settings,
            const base::Surroundings& around, const ClimbPlan& plan, const std::stop_token& stop) {
  return Climber{connection, settings, around, plan.on_rung, stop}.go(plan);
}

}  // namespace hedgerow::kube
