#include "outbound/session.hpp"

#include "base/check.hpp"
#include "outbound/transfer.hpp"

namespace hedgerow::outbound {

namespace {

constexpr long kConnectionsKept = 8;
// libcurl 7.88 may have read what belongs to one stream while it served another, and then sleeps
// until the socket speaks again: for a second and more, with whole answers in its hands. So silence
// is believed little by little: each one that proves true allows one twice as long.
constexpr base::Milliseconds kFirstSilence{4};
constexpr base::Milliseconds kLongestWait{1'000};

void start_libcurl() {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(kStarted == CURLE_OK);
}

struct MultiEnd {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};

}  // namespace

std::string_view Reply::header(std::string_view name) const noexcept {
  for (const Header& header : headers)
    if (header.name == name) return header.value;
  return {};
}

class Session::Loop {
 public:
  Loop(Peer peer, const Settings& settings, const base::Surroundings& around)
      : peer_{std::move(peer)},
        settings_{settings},
        trust_{peer_, around.clock},
        network_clock_{around.clock},
        random_{around.random} {
    start_libcurl();
    multi_.reset(curl_multi_init());
    CHECK(multi_ != nullptr);
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kConnectionsKept);
  }

  [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
  [[nodiscard]] std::uint64_t sent_again() const noexcept { return sent_again_; }

  void run(std::vector<Request> requests, std::size_t concurrency, const Ended& ended,
           const std::stop_token& stop) {
    CHECK(concurrency > 0);
    std::deque<Order> queue;
    for (std::size_t place = 0; place < requests.size(); ++place)
      queue.push_back(first_try(place, std::move(requests[place])));
    // Another thread may stop us while we wait for the network.
    const std::stop_callback wake{stop, [this] { curl_multi_wakeup(multi_.get()); }};
    Turn turn{*this, ended, std::move(queue), {}, {}};
    auto silence = kFirstSilence;
    while (!turn.is_over()) {
      turn.admit(concurrency);
      int running = 0;
      must(curl_multi_perform(multi_.get(), &running));
      turn.rethrow();
      turn.end_finished();
      if (stop.stop_requested()) return turn.cancel();
      const auto wait = turn.end_overdue();
      const bool may_admit = turn.active.size() < concurrency && !turn.queue.empty();
      if (may_admit || turn.is_over()) continue;
      int speaking = 0;
      curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(std::min(wait, silence).count()),
                      &speaking);
      silence = speaking > 0 ? kFirstSilence : std::min(silence * 2, kLongestWait);
    }
  }

 private:
  static Order first_try(std::size_t place, Request request) {
    Order order;
    order.place = place;
    order.request = std::move(request);
    return order;
  }

  // The transfers of one call of run(); those still on their way end with it.
  struct Turn {
    Loop& loop;
    const Ended& told;
    std::deque<Order> queue;
    std::vector<Order> resting;  // They leave their place to others meanwhile.
    std::vector<std::unique_ptr<Transfer>> active;

    [[nodiscard]] bool is_over() const {
      return active.empty() && queue.empty() && resting.empty();
    }

    void admit(std::size_t concurrency) {
      take_up_rested();
      while (active.size() < concurrency && !queue.empty()) {
        Order order = std::move(queue.front());
        queue.pop_front();
        active.push_back(
            std::make_unique<Transfer>(loop.multi_.get(), loop.route_, std::move(order)));
      }
    }

    void take_up_rested() {
      const auto now = loop.network_clock_.now();
      const auto rests = [now](const Order& order) { return order.due > now; };
      const auto rested = std::partition(resting.begin(), resting.end(), rests);
      for (auto at = rested; at != resting.end(); ++at) queue.push_front(std::move(*at));
      resting.erase(rested, resting.end());
    }

    void rethrow() const {
      for (const auto& transfer : active)
        if (transfer->thrown()) std::rethrow_exception(transfer->thrown());
    }

    std::unique_ptr<Transfer> taken(CURL* handle) {
      const auto at = std::find_if(active.begin(), active.end(),
                                   [&](const auto& one) { return one->handle() == handle; });
      CHECK(at != active.end());
      std::unique_ptr<Transfer> transfer = std::move(*at);
      active.erase(at);
      return transfer;
    }

    void tell(std::size_t place, Reply reply) {
      if (reply.evidence.tries > 1) loop.sent_again_ += reply.evidence.tries - 1;
      loop.network_clock_.standing([&] {
        // What follows goes first: a list's pages before the next list.
        if (auto next = told(place, std::move(reply)))
          queue.push_front(first_try(place, std::move(*next)));
      });
    }

    void end_finished() {
      int waiting = 0;
      while (const CURLMsg* message = curl_multi_info_read(loop.multi_.get(), &waiting)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;
        std::unique_ptr<Transfer> transfer = taken(message->easy_handle);
        Reply reply = transfer->ended(code);
        const std::size_t place = transfer->place();
        auto again = transfer->again(reply);
        transfer.reset();  // Gives its connection back before anybody asks for the next.
        if (again)
          resting.push_back(std::move(*again));
        else
          tell(place, std::move(reply));
      }
    }

    // How long the network may be waited for.
    base::Milliseconds end_overdue() {
      base::Milliseconds wait = kLongestWait;
      const auto now = loop.network_clock_.now();
      for (const Order& order : resting)
        wait = std::min(wait, std::chrono::ceil<base::Milliseconds>(order.due - now));
      wait = std::max(wait, base::Milliseconds{0});
      std::vector<CURL*> late;
      for (const auto& transfer : active) {
        const auto left = transfer->left();
        if (left <= base::Milliseconds{0})
          late.push_back(transfer->handle());
        else
          wait = std::min(wait, left);
      }
      for (CURL* const handle : late) {
        auto transfer = taken(handle);
        Reply reply = transfer->overdue();
        const std::size_t place = transfer->place();
        transfer.reset();
        tell(place, std::move(reply));
      }
      return late.empty() ? wait : base::Milliseconds{0};
    }

    void cancel() {
      for (auto& transfer : std::exchange(active, {})) {
        Reply reply = transfer->cancelled();
        const std::size_t place = transfer->place();
        transfer.reset();
        static_cast<void>(told(place, std::move(reply)));
      }
      for (Order& order : std::exchange(resting, {})) queue.push_back(std::move(order));
      for (const Order& order : std::exchange(queue, {})) {
        Reply reply;
        reply.failure = base::Failure{base::Code::Cancelled, base::Cause::Refused};
        static_cast<void>(told(order.place, std::move(reply)));
      }
    }
  };

  Peer peer_;
  Settings settings_;
  Trust trust_;
  NetworkClock network_clock_;
  base::Random& random_;
  std::optional<CertificateFacts> proven_;
  Route route_{peer_, settings_, trust_, network_clock_, random_, proven_};
  std::uint64_t sent_again_ = 0;
  std::unique_ptr<CURLM, MultiEnd> multi_;
};

Session::Session(Peer peer, const Settings& settings, const base::Surroundings& around)
    : loop_{std::make_unique<Loop>(std::move(peer), settings, around)} {}
Session::~Session() = default;

void Session::run(std::vector<Request> requests, std::size_t concurrency, const Ended& ended,
                  const std::stop_token& stop) {
  loop_->run(std::move(requests), concurrency, ended, stop);
}

Reply Session::send(Request request, const std::stop_token& stop) {
  std::vector<Request> requests;
  requests.push_back(std::move(request));
  Reply answer;
  run(
      std::move(requests), 1,
      [&](std::size_t, Reply reply) -> std::optional<Request> {
        answer = std::move(reply);
        return std::nullopt;
      },
      stop);
  return answer;
}

const Peer& Session::peer() const noexcept { return loop_->peer(); }

std::uint64_t Session::sent_again() const noexcept { return loop_->sent_again(); }

}  // namespace hedgerow::outbound
