// A Status, and any other answer of a server that should give one: it becomes a failure with words,
// and the rest that it asks for, here also in its header, is bounded.
#include "kube/status.hpp"
#include "fuzz.hpp"

using namespace hedgerow;

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static constexpr std::array kStatuses{200, 400, 401, 403, 404, 410, 429, 500, 503, 504};
  const std::string_view text = fuzz::text_of(bytes, size);
  (void)kube::read_status(text);
  outbound::Reply reply;
  reply.status = kStatuses.at(size % kStatuses.size());
  reply.body = text;
  reply.retry_after = outbound::retry_after_in(text, base::WallTime{});
  fuzz::promise(!reply.retry_after || (reply.retry_after->count() >= 0 &&
                                       *reply.retry_after <= outbound::kRetryAfterMax),
                "a rest is bounded");
  const base::Failure failure = kube::failure_of(reply, {.verb = "list", .what = "servers"});
  fuzz::promise(!failure.detail().empty(), "a failure says what happened");
  fuzz::promise(failure.detail().size() < 4'000, "a failure is no longer than people read");
  return 0;
}
