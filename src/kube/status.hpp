// The Status object by which a Kubernetes API server says no, and what each answer that is not the
// one asked for means in our own codes. For this room only.
#pragma once

#include "kube/api.hpp"

namespace hedgerow::kube {

struct StatusCause {
  std::string reason;
  std::string field;
  std::string message;
};

// Texts are scrubbed: they are the server's words, to be shown as such.
struct Status {
  int code = 0;
  std::string reason;
  std::string message;
  std::vector<StatusCause> causes;
  std::optional<std::chrono::seconds> retry_after;
};

// Nothing when the body is not a Status.
[[nodiscard]] std::optional<Status> read_status(std::string_view body);

// What was asked for, for sentences.
struct Asked {
  std::string verb;            // "list", "get"
  std::string what;            // "connections.wiring.githedgehog.com"
  const Kind* kind = nullptr;  // Set for a list: 404 then means that the kind is missing.
  std::optional<base::WallTime> credential_ended;  // Our credential had ended by then.
};

// The failure that this answer is, which is not the one asked for. A Status inside a 200 counts as
// what it says.
[[nodiscard]] base::Failure failure_of(const outbound::Reply& reply, const Asked& asked);

// What an API server still waits for, by its answer to GET /readyz ("[-]NAME failed: …" a line);
// empty when it names nothing. At most five names.
[[nodiscard]] std::string checks_pending_in(std::string_view body);

}  // namespace hedgerow::kube
