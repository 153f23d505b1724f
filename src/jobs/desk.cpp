#include "jobs/desk.hpp"

#include "base/check.hpp"

namespace hedgerow::jobs {

void Desk::ring() {
  bell_.change([](std::uint64_t& rung) { ++rung; });
}

std::uint64_t Desk::rung() const {
  return bell_.with([](const std::uint64_t& rung) { return rung; });
}

void Desk::wait_for_bell(std::uint64_t heard, const std::stop_token& stop) {
  // At the latest when it must show that it lives.
  bell_.wait(stop, clock.steady() + settings.beat_each,
             [heard](std::uint64_t rung) { return rung != heard; });
}

bool Desk::take_share() {
  const std::size_t most = std::max<std::size_t>(1, settings.workers / 4);
  return board_.with([most](Board& board) {
    const auto bad = std::ranges::count_if(
        board.held, [](const auto& held) { return held.second.in_hand.unreachable; });
    if (static_cast<std::size_t>(bad) + board.shares >= most) return false;
    ++board.shares;
    return true;
  });
}

void Desk::put_down_share() {
  board_.with([](Board& board) {
    CHECK(board.shares > 0);
    --board.shares;
  });
}

void Desk::take(InHand in_hand, bool share) {
  auto stop = in_hand.stop;
  const bool closed = board_.with([&](Board& board) {
    if (share) --board.shares;
    const auto id = in_hand.run.id;
    board.held.insert_or_assign(id, Held{std::move(in_hand), board.closed});
    return board.closed.has_value();
  });
  if (closed) stop.request_stop();
}

std::optional<base::Failure> Desk::put_down(model::RunId run) {
  return board_.with([run](Board& board) -> std::optional<base::Failure> {
    const auto held = board.held.extract(run);
    if (held.empty()) return std::nullopt;
    return std::move(held.mapped().why);
  });
}

std::vector<InHand> Desk::in_hand() const {
  return board_.with([](const Board& board) {
    std::vector<InHand> all;
    for (const auto& [id, held] : board.held) all.push_back(held.in_hand);
    return all;
  });
}

void Desk::stop(model::RunId run, const base::Failure& why) {
  // Stopping calls back into the handler's own code: never under the lock.
  auto source = board_.with([&](Board& board) -> std::optional<std::stop_source> {
    const auto held = board.held.find(run);
    if (held == board.held.end() || held->second.why) return std::nullopt;
    held->second.why = why;
    return held->second.in_hand.stop;
  });
  if (source) source->request_stop();
}

std::optional<std::size_t> Desk::abandon(model::RunId run) {
  auto held = board_.with([run](Board& board) { return board.held.extract(run); });
  if (held.empty()) return std::nullopt;
  held.mapped().in_hand.stop.request_stop();
  return held.mapped().in_hand.worker;
}

void Desk::owe(Owed owed) {
  owed_.with([&](std::vector<Owed>& all) { all.push_back(std::move(owed)); });
}

std::vector<Owed> Desk::owed() const {
  return owed_.with([](const std::vector<Owed>& all) { return all; });
}

void Desk::forget_owed(model::RunId run) {
  owed_.with([run](std::vector<Owed>& all) {
    std::erase_if(all, [run](const Owed& owed) { return owed.run.id == run; });
  });
}

void Desk::close(const base::Failure& why) {
  const auto running = board_.with([&](Board& board) {
    board.closed = why;
    std::vector<model::RunId> ids;
    for (const auto& [id, held] : board.held) ids.push_back(id);
    return ids;
  });
  for (const model::RunId run : running) stop(run, why);
  ring();
}

bool Desk::is_closed() const {
  return board_.with([](const Board& board) { return board.closed.has_value(); });
}

}  // namespace hedgerow::jobs
