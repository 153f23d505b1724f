// What the threads of the workers share: the queue's bell, and which run each of them has in hand,
// so that it can be stopped and the reason be told. For this room only.
#pragma once

#include "base/guarded.hpp"
#include "jobs/handler.hpp"
#include "jobs/settings.hpp"

namespace hedgerow::jobs {

// One run in one worker's hands.
struct InHand {
  model::Run run;
  std::string request;  // The id of the request that asked for it; empty when none did.
  std::size_t worker = 0;
  // Of the fabric's connection when the run was claimed; nothing while none is set up.
  std::optional<std::int64_t> generation;
  bool unreachable = false;  // The last call to its cluster had failed.
  std::stop_source stop{std::nostopstate};
};

// How a run ended whose end could not be written yet.
struct Owed {
  model::Run run;
  model::Ending ending;
};

class Desk {
 public:
  Desk(store::Database& database_in, const base::Clock& clock_in, const Settings& settings_in,
       std::string replica_in, Handlers handlers_in)
      : database{database_in},
        clock{clock_in},
        settings{settings_in},
        replica{std::move(replica_in)},
        handlers{std::move(handlers_in)} {}

  // Something may have been queued.
  void ring();
  // How often it was rung: take it before looking, wait for another one after having found nothing.
  [[nodiscard]] std::uint64_t rung() const;
  void wait_for_bell(std::uint64_t heard, const std::stop_token& stop);

  // Runs of fabrics that were unreachable at last share a quarter of the workers: true when one
  // more may be looked for. Followed by take() of what was found, or by put_down_share().
  [[nodiscard]] bool take_share();
  void put_down_share();

  // The run is in that worker's hands until it puts it down. After close() it is stopped at once.
  void take(InHand in_hand, bool share);
  // Why it was stopped, if it was. Nothing, too, for what abandon() took away.
  [[nodiscard]] std::optional<base::Failure> put_down(model::RunId run);
  [[nodiscard]] std::vector<InHand> in_hand() const;
  // The first reason stays.
  void stop(model::RunId run, const base::Failure& why);
  // Its worker will not come back to it: nobody has it in hand any more. The worker, if it had it.
  std::optional<std::size_t> abandon(model::RunId run);
  void owe(Owed owed);
  [[nodiscard]] std::vector<Owed> owed() const;
  void forget_owed(model::RunId run);
  // Stops everything that runs, and what is claimed at this very moment; no more is to be claimed.
  void close(const base::Failure& why);
  [[nodiscard]] bool is_closed() const;

  [[nodiscard]] base::Deadline write_deadline() const {
    return base::Deadline::in(clock, settings.write_wait);
  }

  store::Database& database;
  const base::Clock& clock;
  const Settings settings;
  const std::string replica;
  const Handlers handlers;

 private:
  struct Held {
    InHand in_hand;
    std::optional<base::Failure> why;
  };
  struct Board {
    std::map<model::RunId, Held> held;
    std::size_t shares = 0;  // Taken by workers that are still looking.
    std::optional<base::Failure> closed;
  };

  base::Guarded<Board> board_;
  base::Guarded<std::uint64_t> bell_;
  base::Guarded<std::vector<Owed>> owed_;
};

}  // namespace hedgerow::jobs
