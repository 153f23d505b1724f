// One try of a request on its way: its libcurl handle, the phase it is in, what was measured, when
// it is overdue, and whether another try follows. Session::Loop drives it. For this room only.
#pragma once

#include <curl/curl.h>

#include "outbound/trust.hpp"

namespace hedgerow::outbound {

// Time as deadlines see it: it stands still while a caller's own functions run, so that a slow
// caller is not taken for a slow peer.
class NetworkClock {
 public:
  explicit NetworkClock(const base::Clock& clock) : clock_{clock} {}
  [[nodiscard]] base::SteadyTime now() const { return clock_.steady() - stood_; }
  [[nodiscard]] const base::Clock& real() const noexcept { return clock_; }

  template <class Work>
  decltype(auto) standing(Work&& work) {
    struct Standing {
      NetworkClock& clock;
      base::SteadyTime since;
      ~Standing() { clock.stood_ += clock.clock_.steady() - since; }
    } const standing{*this, clock_.steady()};
    return std::forward<Work>(work)();
  }

 private:
  const base::Clock& clock_;
  base::SteadyTime::duration stood_{};
};

// What all transfers of a session share; outlives them.
struct Route {
  const Peer& peer;
  const Settings& settings;
  const Trust& trust;
  NetworkClock& clock;
  base::Random& random;
  // The peer's certificate as last proven: that of kept connections.
  std::optional<CertificateFacts>& proven;
};

// A request, and what has become of it so far.
struct Order {
  std::size_t place = 0;
  Request request;
  unsigned tries = 0;
  base::SteadyTime began;  // When its first try began; for an order without one it says nothing.
  base::SteadyTime due;    // It rests until then.
  bool fresh = false;      // Over a new connection: kept ones may be as dead as the last.
};

// Of the multi handle. std::bad_alloc where libcurl had no memory; whatever else it refuses is a
// bug.
void must(CURLMcode result);

class Transfer {
 public:
  Transfer(CURLM* multi, const Route& route, Order order);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  [[nodiscard]] CURL* handle() const noexcept { return handle_; }
  [[nodiscard]] std::size_t place() const noexcept { return order_.place; }

  // How long until a deadline of the present phase passes; zero or less: it has.
  [[nodiscard]] base::Milliseconds left();

  // The ends, one of them once: by libcurl, by a deadline, by a stop.
  [[nodiscard]] Reply ended(CURLcode code);
  [[nodiscard]] Reply overdue();
  [[nodiscard]] Reply cancelled();

  // After ended(): the order for the next try; nothing when this reply is the last word.
  [[nodiscard]] std::optional<Order> again(const Reply& reply);

  // What a caller's function threw inside a libcurl callback.
  [[nodiscard]] std::exception_ptr thrown() const noexcept { return thrown_; }

 private:
  friend struct CurlCallbacks;

  Transfer(CURLM* multi, const Route& route, Order order, CURL* handle);
  void set_options();
  void set_protection();
  void set_proxy();
  void set_request();
  void enter(Phase phase);
  void note_phase_time(base::Milliseconds took);
  void note_connection();
  void note_sent();
  void take_header(std::string_view line);
  [[nodiscard]] bool take_body(std::string_view piece);
  [[nodiscard]] bool by_proxy() const;
  [[nodiscard]] std::string way_by(std::string place) const;
  [[nodiscard]] std::optional<base::Failure> denied(const Address& address,
                                                    std::uint16_t port) const;
  [[nodiscard]] curl_socket_t open_socket(const curl_sockaddr& address);
  void armed(SSL_CTX* context);
  [[nodiscard]] base::Milliseconds left_of_all_tries() const;
  [[nodiscard]] Reply closed();
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const;
  [[nodiscard]] long status() const;

  // Sentences (faults.cpp).
  [[nodiscard]] base::Failure fault_of(CURLcode code) const;
  [[nodiscard]] std::optional<base::Failure> trust_fault() const;
  [[nodiscard]] base::Failure connect_fault() const;
  [[nodiscard]] base::Failure handshake_fault() const;
  [[nodiscard]] base::Failure late_fault(base::Milliseconds waited) const;
  [[nodiscard]] base::Failure redirect_fault() const;
  [[nodiscard]] base::Failure broken_fault() const;
  [[nodiscard]] std::optional<base::Failure> proxy_fault(CURLcode code) const;
  [[nodiscard]] std::string peer_place() const;

  CURLM* multi_;
  const Route& route_;
  Order order_;
  CURL* handle_;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::string url_;
  std::array<char, CURL_ERROR_SIZE> error_{};

  Reply reply_;
  std::shared_ptr<Handshake> handshake_;  // Owners: this, and the TLS context that calls it back.
  std::optional<base::Failure> refused_;  // By an address rule, a limit or the caller's sink.
  std::exception_ptr thrown_;
  base::SteadyTime phase_began_;
  base::SteadyTime window_began_;
  std::uint64_t window_received_ = 0;
  std::size_t header_bytes_ = 0;
  bool broke_ = false;
};

}  // namespace hedgerow::outbound
