#include "kube/status.hpp"

#include "base/text.hpp"
#include "kube/answer.hpp"

namespace hedgerow::kube {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr std::size_t kCausesMax = 20;

std::int64_t number_at(const Answer& answer, std::string_view pointer) {
  std::int64_t number = 0;
  const auto found = answer.at(pointer);
  return found && found->get(number) == simdjson::SUCCESS ? number : 0;
}

// The title of a web page, where the answer is one.
std::string title_in(std::string_view body) {
  const std::string lower = base::lower_ascii(body.substr(0, 4096));
  const auto begin = lower.find("<title>");
  const auto end = lower.find("</title>");
  if (begin == std::string::npos || end == std::string::npos || end < begin + 7) return {};
  return base::scrubbed(base::trimmed(body.substr(begin + 7, end - begin - 7)), 80);
}

// What the server itself said, for the end of a sentence.
std::string words_of(const outbound::Reply& reply, const std::optional<Status>& status) {
  if (status && !status->message.empty()) return ": " + status->message;
  if (const std::string title = title_in(reply.body); !title.empty())
    return fmt::format(" with a web page, '{}'", title);
  return {};
}

// How long the server wants to be left alone, for the end of a sentence.
std::string wait_wanted(std::optional<std::chrono::seconds> wait) {
  if (!wait || wait->count() == 0) return {};
  if (*wait >= outbound::kRetryAfterMax) return " It wants us to wait an hour or more.";
  return fmt::format(" It wants us to wait {} s.", wait->count());
}

Failure unauthorized(const Asked& asked) {
  std::string detail = "The cluster refused our credentials (401).";
  if (asked.credential_ended)
    detail +=
        fmt::format(" They ended on {}.", base::rfc3339(*asked.credential_ended).substr(0, 10));
  return {Code::ClusterUnauthorized, Cause::Denied, std::move(detail)};
}

Failure forbidden(const Asked& asked, const std::string& words) {
  auto failure = Failure{Code::ClusterForbidden, Cause::Denied,
                         fmt::format("The cluster does not let us read this. Missing: {} {}.",
                                     asked.verb, asked.what)}
                     .with_operator("the cluster's words" + words);
  if (asked.kind != nullptr)
    failure.with_next("Add this rule to the role that Hedgerow's account has:\n" +
                      rbac_rule({asked.kind, 1}));
  return failure;
}

Failure missing(const Asked& asked) {
  if (asked.kind == nullptr)
    return {Code::ClusterError, Cause::Missing,
            fmt::format("The cluster answered 404 on {} {}.", asked.verb, asked.what)};
  return {Code::KindMissing, Cause::Missing,
          fmt::format("Kind {} ({}) is not installed in this cluster.",
                      base::shown(asked.kind->kind, 80), asked.what)};
}

}  // namespace

std::optional<Status> read_status(std::string_view body) {
  const Answer answer{body};
  if (!answer.is_kind("Status") || answer.text("/apiVersion") != "v1") return std::nullopt;
  Status status;
  status.code = static_cast<int>(number_at(answer, "/code"));
  status.reason = base::scrubbed(answer.text("/reason"), 100);
  status.message = base::scrubbed(answer.text("/message"));
  if (const auto wait = number_at(answer, "/details/retryAfterSeconds"); wait > 0)
    status.retry_after = std::min(std::chrono::seconds{wait}, outbound::kRetryAfterMax);
  if (const auto causes = answer.list("/details/causes"))
    for (const auto cause : *causes) {
      if (status.causes.size() == kCausesMax) break;
      status.causes.push_back({base::scrubbed(Answer::text_in(cause, "/reason"), 100),
                               base::scrubbed(Answer::text_in(cause, "/field"), 200),
                               base::scrubbed(Answer::text_in(cause, "/message"), 300)});
    }
  return status;
}

std::string checks_pending_in(std::string_view body) {
  constexpr std::string_view kPending = "[-]";
  constexpr std::size_t kNamesMax = 5;
  std::vector<std::string> names;
  for (std::string_view line : base::split(body, '\n')) {
    if (!line.starts_with(kPending)) continue;
    line.remove_prefix(kPending.size());
    names.push_back(base::shown(line.substr(0, line.find(' ')), 80));
    if (names.size() == kNamesMax) break;
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

Failure failure_of(const outbound::Reply& reply, const Asked& asked) {
  if (reply.failure) return *reply.failure;
  const auto status = read_status(reply.body);
  const bool says_no = status && status->code >= 400 && status->code < 600;
  const int code = reply.status == 200 && says_no ? status->code : reply.status;
  const std::string words = words_of(reply, status);
  const auto wait = reply.retry_after || !status ? reply.retry_after : status->retry_after;
  const std::string patience = wait_wanted(wait) + outbound::times_asked(reply.evidence.tries);
  const auto failure = [&]() -> Failure {
    if (code == 401) return unauthorized(asked);
    if (code == 403) return forbidden(asked, words);
    if (code == 404) return missing(asked);
    if (code == 429)
      return {Code::ClusterThrottled, Cause::NotYet,
              fmt::format("The cluster asks us to slow down (429) on {} {}.{}", asked.verb,
                          asked.what, patience)};
    if (code == 200)
      return {Code::Malformed, Cause::Refused,
              fmt::format("The cluster's answer to {} {} is not what was asked for{}.", asked.verb,
                          asked.what, words)};
    return {Code::ClusterError, code >= 500 ? Cause::Transient : Cause::Refused,
            fmt::format("The cluster answered {} on {} {}{}.{}", code, asked.verb, asked.what,
                        words, patience)};
  };
  Failure made = failure().with_peer_status(code);
  return wait ? std::move(made).with_retry_after(*wait) : made;
}

}  // namespace hedgerow::kube
