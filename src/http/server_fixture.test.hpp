// For tests: a real server on a free port with a handful of routes, and deadlines of a tenth. What
// is refused, cut or carried is the tests' business.
#pragma once

#include <gmock/gmock.h>

#include "base/guarded.hpp"
#include "http/events.hpp"
#include "http/raw_client.test.hpp"
#include "http/server.hpp"

namespace hedgerow::http::testing {

// Lets handlers wait until the test opens it; always open when the test ends.
class Barrier {
 public:
  void open() {
    open_.change([](bool& open) { open = true; });
  }
  void pass() {
    open_.wait({}, base::SteadyTime::max(), [](bool open) { return open; });
  }

 private:
  base::Guarded<bool> open_;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    using std::chrono::milliseconds;
    settings_.worker_threads = 2;
    settings_.deadlines = {.first_byte = milliseconds{1'000},
                           .header = milliseconds{1'000},
                           .body = milliseconds{3'000},
                           .write = milliseconds{3'000},
                           .idle = milliseconds{7'500},
                           .linger = milliseconds{200},
                           .accept_pause = milliseconds{10}};
    router_.add("GET", "/hello/", [](Request&) { return Response::json(200, R"({"hello":1})"); });
    router_.add("POST", "/echo/", [](Request& request) {
      return Response::of(200, "application/octet-stream", request.body);
    });
    router_.add("GET", "/path/{name}/", [](Request& request) {
      return Response::of(200, "text/plain", request.parameter("name"));
    });
    router_.add("GET", "/wait/", [this](Request&) {
      waiting_.change([](int& count) { ++count; });
      barrier_.pass();
      return Response::json(200, "{}");
    });
    router_.add("GET", "/events/", [this](Request&) {
      auto stream = std::make_shared<EventStream>(stream_bound_);
      streams_.change([&](auto& streams) { streams.push_back(stream); });
      return Response::stream(std::move(stream));
    });
  }
  ~ServerTest() override {
    barrier_.open();
    server_.reset();
  }

  void start() {
    server_.emplace(
        settings_, std::move(router_),
        [](const base::Failure& failure, const Request& request) {
          return Response::of(base::facts_of(failure.code()).http, "application/problem+json",
                              fmt::format("{} | {} | {}", base::facts_of(failure.code()).name,
                                          failure.detail(), request.id));
        },
        clock_, random_);
    server_->start();
  }
  [[nodiscard]] RawClient client() const {
    RawClient made{server_->port()};
    EXPECT_TRUE(made.connected());
    return made;
  }
  [[nodiscard]] Answer ask(std::string_view bytes) const {
    RawClient asking = client();
    asking.send(bytes);
    return asking.read_answer(bytes.starts_with("HEAD "));
  }
  [[nodiscard]] Answer get(std::string_view target) const {
    return ask(fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", target));
  }
  // The server still answers others: the last line of every fault test.
  void expect_recovery() const { EXPECT_EQ(get("/hello/").status, 200); }
  // Waits until `count` handlers stand in /wait/.
  void wait_for_waiting(int count) {
    EXPECT_TRUE(waiting_.wait({}, clock_.steady() + kPatience,
                              [&](int waiting) { return waiting >= count; }));
  }
  // Waits until the handler has opened `count` event streams.
  std::vector<std::shared_ptr<EventStream>> opened_streams(std::size_t count) {
    return streams_
        .wait_then(
            {}, clock_.steady() + kPatience,
            [&](const auto& streams) { return streams.size() >= count; },
            [](const auto& streams) { return streams; })
        .value();
  }

  base::SystemClock clock_;
  base::SystemRandom random_;
  Settings settings_;
  Router router_;
  Barrier barrier_;
  base::Guarded<int> waiting_;
  std::size_t stream_bound_ = 64 * 1024;
  base::Guarded<std::vector<std::shared_ptr<EventStream>>> streams_;
  std::optional<Server> server_;
};

}  // namespace hedgerow::http::testing
