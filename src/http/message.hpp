// What a handler gets and gives: one request, already checked to be well formed, and one answer.
// Nothing here knows sockets, sessions or what a body means.
#pragma once

#include <any>

#include "base/clock.hpp"

namespace hedgerow::http {

class EventStream;

// A name and its value: a header, a query parameter, a cookie, a part of the path.
struct Pair {
  std::string name;
  std::string value;

  friend bool operator==(const Pair&, const Pair&) = default;
};

// Headers in the order in which they came. Names are compared without regard to case.
class Headers {
 public:
  // Keeps others of the same name.
  void add(std::string_view name, std::string_view value);
  // Replaces all others of the same name.
  void set(std::string_view name, std::string_view value);
  void set_if_absent(std::string_view name, std::string_view value);
  void remove(std::string_view name);

  // The first one of that name. Where two would be a trick (Authorization, Origin), ask `count`
  // first.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return count(name) > 0; }
  [[nodiscard]] const std::vector<Pair>& all() const noexcept { return all_; }

 private:
  std::vector<Pair> all_;
};

struct Request {
  std::string method;  // In capitals, and one of HTTP's own.
  std::string target;  // As it came. It may hold secrets of careless clients: never log it.
  std::string path;    // Decoded, valid UTF-8, without dot or empty segments, below the base path.
  std::vector<Pair> query;    // Decoded, valid UTF-8, in order, doubled ones included.
  Headers headers;            // Values are valid UTF-8.
  std::vector<Pair> cookies;  // In order, doubled ones included, values as they came.
  std::string body;

  // Who asks, as an IP address: the socket's other end or, where that is a trusted proxy, whom it
  // names (http/forwarded.hpp).
  std::string peer;
  bool peer_is_loopback = false;
  bool tls = false;  // By TLS to this process, or to a trusted proxy.
  std::string id;    // The client's X-Request-ID when that is sound, else made here.
  base::SteadyTime received{};

  std::string route;  // The pattern that matched ("/api/fabrics/{id}/"); empty when none did.
  std::vector<Pair> parameters;  // What stood in the pattern's places.
  std::any caller;               // What `Router::before` found out about who asks.

  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return headers.find(name);
  }
  [[nodiscard]] std::vector<std::string_view> cookies_named(std::string_view name) const;
  // What stood in the place `{name}` of the route's pattern; asking for a place it does not have is
  // a bug.
  [[nodiscard]] const std::string& parameter(std::string_view name) const;
};

// What an answer is about, for the line of its request in the log: {"run", 12}.
struct Noted {
  std::string_view name;  // Of a literal.
  std::int64_t value = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  // Bytes that live as long as the process, sent instead of `body` when there are any.
  std::span<const std::byte> fixed_body;
  // Set: the answer is this event stream and has no other body. Owners: whoever sends the events,
  // and the connection.
  std::shared_ptr<EventStream> events;
  std::optional<Noted> noted;

  [[nodiscard]] static Response of(int status, std::string_view content_type, std::string body);
  [[nodiscard]] static Response json(int status, std::string body);
  // No body at all, 204 by its nature.
  [[nodiscard]] static Response nothing();
  [[nodiscard]] static Response stream(std::shared_ptr<EventStream> events);

  [[nodiscard]] std::string_view bytes() const noexcept;
};

}  // namespace hedgerow::http
