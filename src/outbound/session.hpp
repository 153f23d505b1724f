// The one way out: requests over https to one place, each phase with its own deadline, each address
// looked at before a byte is sent, the peer's certificate proven against the given CA and no other.
// What a server could not do just now is asked again after a rest. Follows no redirect, reads no
// environment, and goes through a proxy only where the settings say so. What is asked and what
// answers mean is left to the rooms above.
#pragma once

#include "base/failure.hpp"
#include "base/secret.hpp"
#include "outbound/addresses.hpp"
#include "outbound/certificate.hpp"
#include "outbound/proxy.hpp"
#include "outbound/retries.hpp"
#include "outbound/target.hpp"

namespace hedgerow::outbound {

// How long each phase may take. They are counted from the beginning of the phase, never re-armed by
// single bytes.
struct Deadlines {
  base::Milliseconds dns{5'000};
  base::Milliseconds connect{5'000};
  base::Milliseconds tls{5'000};
  base::Milliseconds first_byte{15'000};
  // A body that brings less than `floor_bytes` in any `floor_span` is given up.
  base::Milliseconds floor_span{10'000};
  std::size_t floor_bytes = 10 * 1024;
  base::Milliseconds total{30'000};  // For all tries together, with the rests between them.
};

struct Settings {
  Deadlines deadlines;
  Retries retries;
  AddressRules addresses;
  std::shared_ptr<const Proxy> proxy;  // Owned by all copies of the settings; null: none.
};

// A peer and what proves it, and what proves us to it. The PEM texts must have been found sound
// (certificate.hpp).
struct Peer {
  Target target;
  std::string ca_pem;           // The only roots of trust.
  std::string tls_name;         // The name to ask for and to verify; empty: the target's host.
  std::string certificate_pem;  // Of ours; empty: none.
  base::SecretText key_pem;
  base::SecretText bearer;  // Empty: none.
  // How long a refusal wants us to wait, where its body says so and no header does; empty: never.
  std::function<std::optional<std::chrono::seconds>(std::string_view body)> retry_after_in;
};

enum class Phase : std::uint8_t {
  Waiting,
  Resolving,
  Connecting,
  Handshake,
  Asking,
  Receiving,
  Ended
};

// What was measured on the way. Times count each phase of the last try alone; a phase that did not
// happen (a connection kept from before) has none.
struct Evidence {
  Phase reached = Phase::Waiting;
  std::string address;  // "10.1.2.3:6443", the one connected to, or the proxy and what it leads to.
  std::string http_version;  // "1.1", "2"
  std::optional<base::Milliseconds> dns;
  std::optional<base::Milliseconds> tcp;
  std::optional<base::Milliseconds> tls;
  std::optional<base::Milliseconds> first_byte;
  base::Milliseconds total{0};                  // Of all tries, with the rests between them.
  std::optional<CertificateFacts> certificate;  // Of the peer, also when it was refused.
  std::uint64_t received = 0;                   // Bytes of the body.
  bool reused = false;                          // The connection was kept from before.
  unsigned tries = 0;                           // How often the request was sent.
};

struct Header {
  std::string name;  // Lower case.
  std::string value;
};

struct Reply {
  int status = 0;  // 0: none came.
  std::vector<Header> headers;
  std::string body;  // Of requests without a sink, and of every status but 200.
  Evidence evidence;
  std::optional<base::Failure> failure;
  std::optional<std::chrono::seconds> retry_after;  // What a refusal wants of the next try.

  // The first header of that name; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

struct Request {
  // Post is for reviews only, which change nothing: like Get it may be repeated.
  enum class Method : std::uint8_t { Get, Post };
  Method method = Method::Get;
  std::string path;                  // Encoded, with its query; put behind the target's prefix.
  std::vector<std::string> headers;  // "Accept: application/json"
  std::string body;
  std::size_t body_max = 1024 * 1024;
  std::optional<base::Deadline>
      deadline;  // Beside those of the settings, waiting in line included.
  // Takes the body of a 200 in pieces as it arrives. May throw Failure{Malformed}, {ReplyTooLarge}
  // or {ReplyTruncated} to end this transfer alone with it.
  std::function<void(std::string_view piece)> sink;
  // Told of each phase when it begins.
  std::function<void(const Evidence& so_far)> on_phase;
  // Makes what is sent instead of this at the next try, after such a refusal, by the same deadline;
  // empty: this again.
  std::function<Request(const Reply& refusal)> again;
};

// Connections to one peer, kept between runs. Used by one thread at a time. Whatever else a
// caller's functions throw ends the run and comes out of it; they may not call the session
// themselves.
class Session {
 public:
  Session(Peer peer, const Settings& settings, const base::Surroundings& around);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Told of each reply with the place of its request; what it gives back is sent in the same place
  // (the next page).
  using Ended = std::function<std::optional<Request>(std::size_t place, Reply reply)>;

  // Sends them all, at most `concurrency` at once, and returns when each has ended. One that rests
  // before its next try holds up no other. A stop ends all with Failure{Cancelled} in less than
  // 100 ms.
  void run(std::vector<Request> requests, std::size_t concurrency, const Ended& ended,
           const std::stop_token& stop);

  // One request. Never throws for what the peer does: look at `failure`.
  [[nodiscard]] Reply send(Request request, const std::stop_token& stop);

  [[nodiscard]] const Peer& peer() const noexcept;
  // How often a request had to be sent again so far.
  [[nodiscard]] std::uint64_t sent_again() const noexcept;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace hedgerow::outbound
