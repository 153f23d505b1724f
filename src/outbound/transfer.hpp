// One request on its way: its libcurl handle, the phase it is in, what was measured, and when it is
// overdue. Session::Loop drives it. For this room only.
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
  // The peer's certificate as last proven: that of kept connections.
  std::optional<CertificateFacts>& proven;
};

class Transfer {
 public:
  Transfer(CURLM* multi, const Route& route, std::size_t place, Request request);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  [[nodiscard]] CURL* handle() const noexcept { return handle_; }
  [[nodiscard]] std::size_t place() const noexcept { return place_; }

  // How long until a deadline of the present phase passes; zero or less: it has.
  [[nodiscard]] base::Milliseconds left();
  // The connection had been kept from before and ended without one byte of an answer, so the server
  // may never have seen the request: sends it once more, over a new connection. False when that
  // does not apply.
  [[nodiscard]] bool sent_again(CURLcode code);

  // The ends, one of them once: by libcurl, by a deadline, by a stop.
  [[nodiscard]] Reply ended(CURLcode code);
  [[nodiscard]] Reply overdue();
  [[nodiscard]] Reply cancelled();

  // What a caller's function threw inside a libcurl callback.
  [[nodiscard]] std::exception_ptr thrown() const noexcept { return thrown_; }

 private:
  friend struct CurlCallbacks;

  void set_options();
  void set_protection();
  void set_request();
  void enter(Phase phase);
  void note_phase_time(base::Milliseconds took);
  void note_connection();
  void take_header(std::string_view line);
  [[nodiscard]] bool take_body(std::string_view piece);
  [[nodiscard]] curl_socket_t open_socket(const curl_sockaddr& address);
  void armed(SSL_CTX* context);
  [[nodiscard]] Reply closed();
  [[nodiscard]] long status() const;

  // Sentences (faults.cpp).
  [[nodiscard]] base::Failure fault_of(CURLcode code) const;
  [[nodiscard]] std::optional<base::Failure> trust_fault() const;
  [[nodiscard]] base::Failure connect_fault() const;
  [[nodiscard]] base::Failure handshake_fault() const;
  [[nodiscard]] base::Failure late_fault(base::Milliseconds waited) const;
  [[nodiscard]] base::Failure redirect_fault() const;
  [[nodiscard]] std::string peer_place() const;

  CURLM* multi_;
  const Route& route_;
  std::size_t place_;
  Request request_;
  CURL* handle_;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::string url_;
  std::array<char, CURL_ERROR_SIZE> error_{};

  Reply reply_;
  std::shared_ptr<Handshake> handshake_;
  std::optional<base::Failure> refused_;  // By an address rule, a limit or the caller's sink.
  std::exception_ptr thrown_;
  base::SteadyTime began_;
  base::SteadyTime phase_began_;
  base::SteadyTime window_began_;
  std::uint64_t window_received_ = 0;
  std::size_t header_bytes_ = 0;
  bool again_ = false;
};

}  // namespace hedgerow::outbound
