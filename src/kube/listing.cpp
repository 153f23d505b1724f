#include "kube/listing.hpp"

#include "base/text.hpp"
#include "kube/path.hpp"
#include "kube/status.hpp"

namespace hedgerow::kube {

using base::Cause;
using base::Code;
using base::Failure;

namespace {
constexpr unsigned kRestartsMax = 3;
}  // namespace

Listing::Listing(const ListRequest& request, std::size_t place, const Settings& settings,
                 ListSink& told, std::uint64_t& bytes_left)
    : request_{request},
      place_{place},
      settings_{settings},
      told_{told},
      bytes_left_{bytes_left},
      page_size_{settings.page_size} {}

outbound::Request Listing::request() {
  splitter_.emplace(settings_.item_bytes_max, [this](std::string_view item) { take(item); });
  outbound::Request request;
  request.path = list_path(request_.kind, request_.space);
  if (page_size_ > 0) request.path += fmt::format("?limit={}", page_size_);
  if (!proceed_.empty())
    request.path +=
        fmt::format("{}continue={}", page_size_ > 0 ? "&" : "?", percent_encoded(proceed_));
  request.headers = {"Accept: application/json"};
  const std::uint64_t left =
      settings_.list_bytes_max - std::min<std::uint64_t>(settings_.list_bytes_max, result_.bytes);
  request.body_max =
      is_whole() ? settings_.list_bytes_max : std::min<std::size_t>(settings_.page_bytes_max, left);
  request.sink = [this](std::string_view piece) { feed(piece); };
  request.again = [this](const outbound::Reply& refusal) {
    // It had no room or no time for the whole.
    const bool asks_too_much = refusal.status == 429 || refusal.status == 504;
    if (asks_too_much && is_whole()) page_size_ = settings_.page_size_asked;
    return this->request();
  };
  return request;
}

void Listing::feed(std::string_view piece) {
  if (piece.size() > bytes_left_)
    throw Failure{Code::ReplyTooLarge, Cause::Refused,
                  fmt::format("The lists of this cluster are larger than {} MiB together; stopped "
                              "at that of {}.",
                              settings_.reading_bytes_max >> 20, request_.kind.resource())};
  bytes_left_ -= piece.size();
  splitter_->feed(piece);
}

void Listing::take(std::string_view item) {
  ++delivered_;
  told_.item(place_, reader_.read(item, request_));
}

std::optional<outbound::Request> Listing::answered(
    const outbound::Reply& reply, const std::optional<base::WallTime>& credential_ended) {
  if (reply.status != 0) result_.status = reply.status;
  result_.tries = std::max(result_.tries, reply.evidence.tries);
  result_.bytes += reply.evidence.received;
  result_.took += reply.evidence.total;
  if (!reply.failure && reply.status == 200 && !read_status(splitter_->rest()))
    return page_ended(reply);

  outbound::Reply said = reply;
  if (said.body.empty()) said.body = splitter_->rest();
  return refused(said, failure_of(said, {.verb = "list",
                                         .what = request_.kind.resource(),
                                         .kind = &request_.kind,
                                         .credential_ended = credential_ended}));
}

std::optional<Failure> Listing::fault_of(const ListHead& head) const {
  const Kind& kind = request_.kind;
  const std::string version = kind.group.empty() ? kind.version : kind.group + "/" + kind.version;
  if (head.kind != kind.kind + "List" || head.api_version != version)
    return Failure{Code::Malformed, Cause::Refused,
                   fmt::format("The cluster answered with a '{}' of '{}' where a {}List of {} "
                               "should be.",
                               base::shown(head.kind, 80), base::shown(head.api_version, 80),
                               kind.kind, version)};
  if (head.resource_version.empty())
    return Failure{
        Code::Malformed, Cause::Refused,
        fmt::format("The cluster's list of {} has no resourceVersion.", kind.resource())};
  return std::nullopt;
}

std::optional<outbound::Request> Listing::page_ended(const outbound::Reply& reply) {
  ++result_.pages;
  auto head = splitter_->finish();
  if (!head) return fail(std::move(head.error()));
  if (auto fault = fault_of(*head)) return fail(std::move(*fault));
  const bool first = result_.resource_version.empty();
  if (!first && head->resource_version != result_.resource_version)
    return begin_again({Code::ClusterError, Cause::Transient,
                        fmt::format("The pages of the list of {} are not of one moment.",
                                    request_.kind.resource())});
  result_.resource_version = head->resource_version;
  proceed_ = std::move(head->proceed);
  if (!proceed_.empty()) {
    if (result_.bytes >= settings_.list_bytes_max)
      return fail({Code::ReplyTooLarge, Cause::Refused,
                   fmt::format("The list of {} is larger than {} MiB; stopped.",
                               request_.kind.resource(), settings_.list_bytes_max >> 20)});
    return request();
  }
  result_.items = delivered_;
  result_.status = reply.status;
  result_.complete = true;
  return std::nullopt;
}

std::optional<outbound::Request> Listing::refused(const outbound::Reply& reply, Failure failure) {
  const int status = failure.peer_status();
  // The token of a page is too old. The fresh one that comes with the refusal lists another moment:
  // it proves no absence.
  if (status == 410 && !reply.failure) return begin_again(std::move(failure));
  // Nothing is left of the tries of the whole, but its pages are asked for with tries of their own.
  const bool asks_too_much = status == 413 || status == 504;
  if (asks_too_much && is_whole() && !reply.failure) {
    page_size_ = settings_.page_size_asked;
    return request();
  }
  return fail(std::move(failure));
}

std::optional<outbound::Request> Listing::begin_again(Failure why) {
  if (restarts_ == kRestartsMax) return fail(std::move(why));
  ++restarts_;
  delivered_ = 0;
  proceed_.clear();
  result_.resource_version.clear();
  told_.restarted(place_);
  return request();
}

std::optional<outbound::Request> Listing::fail(Failure failure) {
  result_.items = delivered_;
  result_.resource_version.clear();
  result_.failure = std::move(failure);
  return std::nullopt;
}

}  // namespace hedgerow::kube
