#include "http/events.hpp"

#include "base/check.hpp"

namespace hedgerow::http {

EventStream::Frame EventStream::frame(std::string_view event, std::string_view data) {
  CHECK(event.find_first_of("\r\n") == std::string_view::npos);
  std::string text = fmt::format("event: {}\n", event);
  // A line end would end the field, and a forged field could follow it.
  while (true) {
    const std::size_t end = data.find_first_of("\r\n");
    text.append("data: ").append(data.substr(0, end)).push_back('\n');
    if (end == std::string_view::npos) break;
    data.remove_prefix(data.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  text.push_back('\n');
  return std::make_shared<const std::string>(std::move(text));
}

bool EventStream::send(const Frame& frame) {
  return state_.with([&](State& state) {
    if (state.closed) return false;
    if (state.queued_bytes + frame->size() > queued_bytes_max_) {
      state.closed = state.dropped = true;
      state.queue.clear();
    } else {
      state.queue.push_back(frame);
      state.queued_bytes += frame->size();
    }
    // One wake a batch: `take` empties the queue.
    if (state.wake && (state.dropped || state.queue.size() == 1)) state.wake();
    return !state.dropped;
  });
}

void EventStream::close() {
  state_.with([](State& state) {
    if (std::exchange(state.closed, true)) return;
    if (state.wake) state.wake();
  });
}

bool EventStream::is_open() const {
  return state_.with([](const State& state) { return !state.closed; });
}

void EventStream::attach(std::function<void()> wake) {
  state_.with([&](State& state) {
    CHECK(!state.wake);
    state.wake = std::move(wake);
  });
}

EventStream::Batch EventStream::take() {
  return state_.with([](State& state) {
    state.queued_bytes = 0;
    return Batch{std::exchange(state.queue, {}), state.closed, state.dropped};
  });
}

void EventStream::abandon() {
  state_.with([](State& state) {
    state.closed = state.dropped = true;
    state.queue.clear();
    state.wake = nullptr;
  });
}

}  // namespace hedgerow::http
