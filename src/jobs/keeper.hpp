// Keeps the fabrics of this replica its own, ends what nobody works on any more, and forgets what
// is too old. Every turn is safe to run again, and after a crash the next turn repairs.
//
//   start: take every fabric ─► renew (5 s) · take new ones · reap (3 s) · sweep (1 h) ─► release
#pragma once

#include "base/guarded.hpp"
#include "jobs/settings.hpp"
#include "store/database.hpp"

namespace hedgerow::jobs {

class Keeper {
 public:
  // Neither is copied; both must outlive it.
  Keeper(store::Database& database, const base::Clock& clock, const Settings& settings,
         std::string replica);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // Takes every fabric, ends the runs that an earlier process left running, then keeps on in a
  // thread. Before workers start.
  void start();
  // Ends the thread and releases what is held, so that the next owner need not wait. After workers
  // have stopped.
  void stop();

  // One turn: waits until something is due or a fabric appeared, does what is due. What fails is
  // logged and done at the next turn.
  void step(const std::stop_token& stop);

  // The parts of a turn, each whole in itself.
  void take_all();
  void renew();
  void take_new();
  // Ends orphaned runs as lost, queues those that only read again, quarantines a fabric that loses
  // run after run, and fails what waits while no worker lives.
  void reap();
  void sweep();
  // Forgets a chunk of what there may be much of; true when more may be left. A turn takes one, so
  // that leases are renewed and others write between them.
  bool sweep_chunk();

 private:
  // False when it failed.
  bool attempt(std::string_view what, const std::function<void()>& part) const;
  // True at most once in `each`.
  [[nodiscard]] bool is_due(base::SteadyTime& last, base::Milliseconds each) const;

  store::Database& database_;
  const base::Clock& clock_;
  const Settings settings_;
  const std::string replica_;
  store::Position seen_;
  base::SteadyTime renewed_;
  base::SteadyTime reaped_;
  base::SteadyTime swept_;
  bool sweeping_ = false;  // More is left than one turn forgot.
  base::Guarded<bool> pause_;
  model::ChangeId history_at_;  // Up to where history was looked at for what may go.
  std::jthread thread_;         // Last, so that it ends before anything it uses is gone.
};

}  // namespace hedgerow::jobs
