#include "outbound/transfer.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/check.hpp"
#include "base/text.hpp"

namespace hedgerow::outbound {

namespace {

constexpr std::size_t kHeaderBytesMax = 256 * 1024;
constexpr std::size_t kHeadersMax = 200;
// Of answers that say why there is none.
constexpr std::size_t kRefusalBytesMax = 64 * 1024;

base::Milliseconds rounded(base::SteadyTime::duration span) {
  return std::chrono::duration_cast<base::Milliseconds>(span);
}

struct SocketPlace {
  Address address;
  std::uint16_t port = 0;
};

// libcurl hands over IPv4 or IPv6 and nothing else.
SocketPlace place_of(const curl_sockaddr& from) {
  SocketPlace place;
  if (from.family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &from.addr, sizeof in);
    place.address.bytes[10] = place.address.bytes[11] = 0xff;
    std::memcpy(place.address.bytes.data() + 12, &in.sin_addr, 4);
    place.port = ntohs(in.sin_port);
  } else {
    sockaddr_in6 in{};
    std::memcpy(&in, &from.addr, sizeof in);
    std::memcpy(place.address.bytes.data(), &in.sin6_addr, 16);
    place.port = ntohs(in.sin6_port);
  }
  return place;
}

std::string text_of(const SocketPlace& place) {
  return place.address.is_ipv4() ? fmt::format("{}:{}", place.address.text(), place.port)
                                 : fmt::format("[{}]:{}", place.address.text(), place.port);
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  const CURLcode taken = curl_easy_setopt(handle, option, value);
  if (taken == CURLE_OUT_OF_MEMORY) throw std::bad_alloc{};
  CHECK(taken == CURLE_OK);
}

void append(curl_slist*& list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list, line.c_str());
  if (longer == nullptr) throw std::bad_alloc{};
  list = longer;
}

}  // namespace

// libcurl calls these; nothing may be thrown through it.
struct CurlCallbacks {
  // The peer's fault, not the caller's: it concerns this transfer alone.
  static bool is_about_the_answer(base::Code code) noexcept {
    return code == base::Code::Malformed || code == base::Code::ReplyTooLarge ||
           code == base::Code::ReplyTruncated;
  }

  template <class Work>
  static bool guarded(Transfer& transfer, Work&& work) noexcept {
    try {
      work();
      return true;
    } catch (const base::Failure& failure) {
      if (is_about_the_answer(failure.code()))
        transfer.refused_ = failure;
      else
        transfer.thrown_ = std::current_exception();
      return false;
    } catch (...) {
      transfer.thrown_ = std::current_exception();
      return false;
    }
  }

  static int resolving(void*, void*, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    return guarded(transfer, [&] { transfer.enter(Phase::Resolving); }) ? 0 : 1;
  }

  static curl_socket_t connecting(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    curl_socket_t opened = CURL_SOCKET_BAD;
    const bool fine = guarded(transfer, [&] { opened = transfer.open_socket(*address); });
    return fine ? opened : CURL_SOCKET_BAD;
  }

  static CURLcode shaking(CURL*, void* context, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const bool fine = guarded(transfer, [&] { transfer.armed(static_cast<SSL_CTX*>(context)); });
    return fine ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
  }

  static int asking(void* self, char* address, char*, int port, int) {
    auto& transfer = *static_cast<Transfer*>(self);
    const bool fine = guarded(transfer, [&] {
      transfer.reply_.evidence.address =
          transfer.way_by(fmt::format("{}:{}", bracketed(address), port));
      transfer.note_sent();
      transfer.enter(Phase::Asking);
    });
    return fine && !transfer.refused_ ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  }

  static std::size_t header(char* text, std::size_t, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const bool fine = guarded(transfer, [&] { transfer.take_header({text, count}); });
    return fine && !transfer.refused_ ? count : 0;
  }

  static std::size_t body(char* bytes, std::size_t, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    bool taken = false;
    const bool fine = guarded(transfer, [&] { taken = transfer.take_body({bytes, count}); });
    return fine && taken ? count : 0;
  }
};

void must(CURLMcode result) {
  if (result == CURLM_OUT_OF_MEMORY) throw std::bad_alloc{};
  CHECK(result == CURLM_OK);
}

Transfer::Transfer(CURLM* multi, const Route& route, Order order, CURL* handle)
    : multi_{multi},
      route_{route},
      order_{std::move(order)},
      handle_{handle},
      phase_began_{route.clock.now()},
      window_began_{phase_began_} {
  if (handle_ == nullptr) throw std::bad_alloc{};
}

// What throws here is followed by the destructor.
Transfer::Transfer(CURLM* multi, const Route& route, Order order)
    : Transfer{multi, route, std::move(order), curl_easy_init()} {
  reply_.evidence.tries = order_.tries;
  // Waiting in line counts against nobody.
  order_.began = order_.tries == 0 ? phase_began_ : order_.began + (phase_began_ - order_.due);
  set_options();
  set_protection();
  set_request();
  must(curl_multi_add_handle(multi_, handle_));
}

Transfer::~Transfer() {
  curl_multi_remove_handle(multi_, handle_);
  curl_easy_cleanup(handle_);
  curl_slist_free_all(headers_);
  curl_slist_free_all(connect_to_);
}

void Transfer::set_options() {
  set(handle_, CURLOPT_PRIVATE, this);
  set(handle_, CURLOPT_ERRORBUFFER, error_.data());
  set(handle_, CURLOPT_NOSIGNAL, 1L);
  set(handle_, CURLOPT_QUICK_EXIT, 1L);  // A name server that hangs must not hang us.
  set(handle_, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  set(handle_, CURLOPT_TCP_NODELAY, 1L);
  set(handle_, CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle_, CURLOPT_TCP_KEEPIDLE, 30L);
  set(handle_, CURLOPT_TCP_KEEPINTVL, 5L);
  set(handle_, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  set(handle_, CURLOPT_PIPEWAIT, 1L);  // Rather a stream of the one connection than another one.
  set(handle_, CURLOPT_FRESH_CONNECT, order_.fresh ? 1L : 0L);
  set(handle_, CURLOPT_BUFFERSIZE, 256L * 1024);
  // A backstop only: each phase has a deadline of its own.
  const Deadlines& deadlines = route_.settings.deadlines;
  const auto connecting = deadlines.dns + deadlines.connect + deadlines.tls;
  set(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connecting.count()) + 1'000);

  set(handle_, CURLOPT_RESOLVER_START_FUNCTION, CurlCallbacks::resolving);
  set(handle_, CURLOPT_RESOLVER_START_DATA, this);
  set(handle_, CURLOPT_OPENSOCKETFUNCTION, CurlCallbacks::connecting);
  set(handle_, CURLOPT_OPENSOCKETDATA, this);
  set(handle_, CURLOPT_SSL_CTX_FUNCTION, CurlCallbacks::shaking);
  set(handle_, CURLOPT_SSL_CTX_DATA, this);
  set(handle_, CURLOPT_PREREQFUNCTION, CurlCallbacks::asking);
  set(handle_, CURLOPT_PREREQDATA, this);
  set(handle_, CURLOPT_HEADERFUNCTION, CurlCallbacks::header);
  set(handle_, CURLOPT_HEADERDATA, this);
  set(handle_, CURLOPT_WRITEFUNCTION, CurlCallbacks::body);
  set(handle_, CURLOPT_WRITEDATA, this);
}

void Transfer::set_protection() {
  set(handle_, CURLOPT_PROTOCOLS_STR, "https");
  set(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  set_proxy();
  set(handle_, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  set(handle_, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  set(handle_, CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle_, CURLOPT_SSL_VERIFYHOST, 2L);
  set(handle_, CURLOPT_SSL_SESSIONID_CACHE, 0L);  // Each handshake proves the peer anew.
  // No roots but those that Trust puts in.
  set(handle_, CURLOPT_CAINFO, static_cast<const char*>(nullptr));
  set(handle_, CURLOPT_CAPATH, static_cast<const char*>(nullptr));

  const Peer& peer = route_.peer;
  const auto blob = [](std::string_view bytes) {
    // libcurl only reads what it is told not to copy.
    return curl_blob{const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
  };
  if (!peer.certificate_pem.empty()) {
    curl_blob certificate = blob(peer.certificate_pem);
    curl_blob key = blob(peer.key_pem.open());
    set(handle_, CURLOPT_SSLCERT_BLOB, &certificate);
    set(handle_, CURLOPT_SSLKEY_BLOB, &key);
  }
  if (!peer.bearer.empty()) {
    set(handle_, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    set(handle_, CURLOPT_XOAUTH2_BEARER, peer.bearer.open().data());
  }
}

bool Transfer::by_proxy() const {
  const auto& proxy = route_.settings.proxy;
  return proxy && proxy->leads_to(route_.peer.target);
}

// Where the request goes, when this is the other end of the connection.
std::string Transfer::way_by(std::string place) const {
  return by_proxy() ? fmt::format("{} by proxy {}", route_.peer.target.place(), place) : place;
}

// What is said here also keeps the proxies of the environment away.
void Transfer::set_proxy() {
  if (!by_proxy()) {
    set(handle_, CURLOPT_PROXY, "");
    set(handle_, CURLOPT_NOPROXY, "*");
    return;
  }
  const Proxy& proxy = *route_.settings.proxy;
  set(handle_, CURLOPT_PROXY, proxy.url().c_str());
  set(handle_, CURLOPT_NOPROXY, "");
  set(handle_, CURLOPT_PROXYTYPE, long{CURLPROXY_HTTP});
  set(handle_, CURLOPT_HTTPPROXYTUNNEL, 1L);
  set(handle_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // The proxy gets none of the headers that are for the cluster.
  set(handle_, CURLOPT_HEADEROPT, long{CURLHEADER_SEPARATE});
  if (proxy.user().empty()) return;
  set(handle_, CURLOPT_PROXYAUTH, long{CURLAUTH_BASIC});
  set(handle_, CURLOPT_PROXYUSERNAME, proxy.user().c_str());
  set(handle_, CURLOPT_PROXYPASSWORD, proxy.password().open().data());
}

void Transfer::set_request() {
  const Target& target = route_.peer.target;
  // The URL carries the name to verify; where that is not the host, the connection goes to the host
  // all the same.
  url_ = fmt::format("https://{}:{}{}{}", bracketed(route_.trust.name()), target.port(),
                     target.prefix(), order_.request.path);
  set(handle_, CURLOPT_URL, url_.c_str());
  set(handle_, CURLOPT_PATH_AS_IS, 1L);
  set(handle_, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(handle_, CURLOPT_USERAGENT, "hedgerow/" HEDGEROW_VERSION);
  if (route_.trust.name() != target.host()) {
    append(connect_to_, "::" + target.place());
    set(handle_, CURLOPT_CONNECT_TO, connect_to_);
    append(headers_, "Host: " + target.place());
  }
  if (order_.request.method == Request::Method::Post) {
    set(handle_, CURLOPT_POST, 1L);
    set(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(order_.request.body.size()));
    set(handle_, CURLOPT_POSTFIELDS, order_.request.body.c_str());
    append(headers_, "Expect:");
  }
  for (const std::string& header : order_.request.headers) append(headers_, header);
  set(handle_, CURLOPT_HTTPHEADER, headers_);
}

void Transfer::note_phase_time(base::Milliseconds took) {
  Evidence& evidence = reply_.evidence;
  switch (evidence.reached) {
    case Phase::Resolving: evidence.dns = took; return;
    case Phase::Connecting: evidence.tcp = took; return;
    case Phase::Handshake: evidence.tls = took; return;
    case Phase::Asking: evidence.first_byte = took; return;
    case Phase::Waiting:
    case Phase::Receiving:
    case Phase::Ended: return;
  }
}

void Transfer::note_connection() {
  Evidence& evidence = reply_.evidence;
  if (handshake_) {
    evidence.certificate = handshake_->certificate;
    if (evidence.reached == Phase::Asking) route_.proven = handshake_->certificate;
  } else if (evidence.reused) {
    evidence.certificate = route_.proven;
  }
  long version = 0;
  curl_easy_getinfo(handle_, CURLINFO_HTTP_VERSION, &version);
  if (version == CURL_HTTP_VERSION_2_0)
    evidence.http_version = "2";
  else if (version == CURL_HTTP_VERSION_1_1)
    evidence.http_version = "1.1";
  else if (version == CURL_HTTP_VERSION_1_0)
    evidence.http_version = "1.0";
}

// libcurl sends a request again by itself when a kept connection turns out to be dead, or when the
// server says that it has not touched it (REFUSED_STREAM): those are tries like others.
void Transfer::note_sent() {
  unsigned& tries = reply_.evidence.tries;
  if (tries > order_.tries && tries >= route_.settings.retries.tries) {
    refused_ = broken_fault();
    return;
  }
  ++tries;
}

void Transfer::enter(Phase phase) {
  Evidence& evidence = reply_.evidence;
  if (phase == evidence.reached) return;  // A second address of one name, a second header.
  const auto now = route_.clock.now();
  if (phase < evidence.reached)  // libcurl begins again by itself, over another connection.
    evidence.dns = evidence.tcp = evidence.tls = evidence.first_byte = std::nullopt;
  else
    note_phase_time(rounded(now - phase_began_));
  if (phase == Phase::Asking) evidence.reused = evidence.reached == Phase::Waiting;
  evidence.reached = phase;
  phase_began_ = window_began_ = now;
  note_connection();
  if (order_.request.on_phase) route_.clock.standing([&] { order_.request.on_phase(evidence); });
}

// Why this address of the target is not connected to.
std::optional<base::Failure> Transfer::denied(const Address& address, std::uint16_t port) const {
  const auto reason = route_.settings.addresses.why_denied(address, port);
  if (!reason) return std::nullopt;
  const std::string& host = route_.peer.target.host();
  return base::Failure{
      base::Code::AddressBlocked, base::Cause::Denied,
      address.text() == host
          ? fmt::format("{} is {}; Hedgerow does not connect to it.", host, *reason)
          : fmt::format("{} leads to {}, {}; Hedgerow does not connect to it.", host,
                        address.text(), *reason)};
}

curl_socket_t Transfer::open_socket(const curl_sockaddr& address) {
  const SocketPlace place = place_of(address);
  const Target& target = route_.peer.target;
  refused_.reset();  // Another address of the name is being tried.
  if (!by_proxy())
    refused_ = denied(place.address, place.port);
  else if (const auto literal = literal_address(target.host()))
    // The operator chose the proxy; names are resolved behind it, and only what is written can be
    // looked at.
    refused_ = denied(*literal, target.port());
  if (refused_) return CURL_SOCKET_BAD;
  reply_.evidence.address = way_by(text_of(place));
  enter(Phase::Connecting);
  return socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
}

void Transfer::armed(SSL_CTX* context) {
  refused_.reset();  // Another address of the name was denied, this one was not.
  handshake_ = std::make_shared<Handshake>();
  route_.trust.arm(context, handshake_);
  enter(Phase::Handshake);
}

long Transfer::status() const {
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

void Transfer::take_header(std::string_view line) {
  enter(Phase::Receiving);
  header_bytes_ += line.size();
  window_received_ += line.size();
  if (line.starts_with("HTTP/")) {
    reply_.headers.clear();  // What came before was an interim answer.
    return;
  }
  if (header_bytes_ > kHeaderBytesMax || reply_.headers.size() >= kHeadersMax) {
    refused_ = base::Failure{base::Code::Malformed, base::Cause::Refused,
                             "The answer's headers are too many or too long."};
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  reply_.headers.push_back({base::lower_ascii(line.substr(0, colon)),
                            std::string{base::trimmed(line.substr(colon + 1))}});
}

bool Transfer::take_body(std::string_view piece) {
  Evidence& evidence = reply_.evidence;
  evidence.received += piece.size();
  window_received_ += piece.size();
  if (evidence.received > order_.request.body_max) {
    refused_ = base::Failure{base::Code::ReplyTooLarge, base::Cause::Refused,
                             fmt::format("The cluster's answer is larger than {} KiB; stopped.",
                                         order_.request.body_max / 1024)};
    return false;
  }
  if (order_.request.sink && status() == 200) {
    route_.clock.standing([&] { order_.request.sink(piece); });
    return true;
  }
  const std::size_t most = order_.request.sink ? kRefusalBytesMax : order_.request.body_max;
  reply_.body.append(piece.substr(0, most - std::min(most, reply_.body.size())));
  return true;
}

base::Milliseconds Transfer::left() {
  const Deadlines& deadlines = route_.settings.deadlines;
  const auto now = route_.clock.now();
  auto at = base::SteadyTime::max();
  const auto sooner = [&](base::SteadyTime other) { at = std::min(at, other); };
  switch (reply_.evidence.reached) {
    case Phase::Resolving: sooner(phase_began_ + deadlines.dns); break;
    case Phase::Connecting: sooner(phase_began_ + deadlines.connect); break;
    case Phase::Handshake: sooner(phase_began_ + deadlines.tls); break;
    case Phase::Asking: sooner(phase_began_ + deadlines.first_byte); break;
    case Phase::Receiving:
      if (now - window_began_ >= deadlines.floor_span &&
          window_received_ >= deadlines.floor_bytes) {
        window_began_ = now;
        window_received_ = 0;
      }
      sooner(window_began_ + deadlines.floor_span);
      break;
    case Phase::Waiting:
    case Phase::Ended: break;
  }
  return std::min(std::chrono::ceil<base::Milliseconds>(at - now), left_of_all_tries());
}

base::Milliseconds Transfer::left_of_all_tries() const {
  const auto end = order_.began + route_.settings.deadlines.total;
  const auto left = std::chrono::ceil<base::Milliseconds>(end - route_.clock.now());
  const auto& deadline = order_.request.deadline;
  return deadline ? std::min(left, deadline->left(route_.clock.real())) : left;
}

Reply Transfer::closed() {
  reply_.evidence.total = rounded(route_.clock.now() - order_.began);
  reply_.status = static_cast<int>(status());
  if (reply_.status >= 400) reply_.retry_after = retry_after();
  note_connection();
  return std::move(reply_);
}

std::optional<std::chrono::seconds> Transfer::retry_after() const {
  // By the server's own clock, where it tells the time.
  const auto sent = http_date(reply_.header("date")).value_or(route_.clock.real().wall());
  if (const auto wait = retry_after_in(reply_.header("retry-after"), sent)) return wait;
  return route_.peer.retry_after_in ? route_.peer.retry_after_in(reply_.body) : std::nullopt;
}

Reply Transfer::ended(CURLcode code) {
  if (code != CURLE_OK) {
    reply_.failure = fault_of(code);
    broke_ = reply_.evidence.reached == Phase::Asking &&
             reply_.failure->code() == base::Code::ReplyTruncated;
  } else {
    reply_.evidence.reached = Phase::Ended;
    if (status() >= 300 && status() < 400) reply_.failure = redirect_fault();
  }
  return closed();
}

std::optional<Order> Transfer::again(const Reply& reply) {
  const Tried tried{.tries = reply.evidence.tries,
                    .status = reply.failure ? 0 : reply.status,
                    .broke = broke_,
                    .kept = reply.evidence.reused,
                    .retry_after = reply.retry_after};
  const auto rest = rest_after(tried, route_.settings.retries, left_of_all_tries(), route_.random);
  if (!rest) return std::nullopt;
  // libcurl looks at the request for as long as it has the handle.
  curl_multi_remove_handle(multi_, handle_);
  Order next = std::move(order_);
  if (next.request.again) {
    Request other = route_.clock.standing([&] { return next.request.again(reply); });
    other.deadline = next.request.deadline;  // That of all tries together.
    next.request = std::move(other);
  }
  next.tries = reply.evidence.tries;
  next.due = route_.clock.now() + *rest;
  next.fresh = broke_;
  return next;
}

Reply Transfer::overdue() {
  reply_.failure = late_fault(rounded(route_.clock.now() - phase_began_));
  return closed();
}

Reply Transfer::cancelled() {
  reply_.failure = base::Failure{base::Code::Cancelled, base::Cause::Refused};
  return closed();
}

}  // namespace hedgerow::outbound
