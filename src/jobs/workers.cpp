#include "jobs/workers.hpp"

#include "base/log.hpp"
#include "jobs/closing.hpp"
#include "jobs/watch.hpp"
#include "jobs/worker.hpp"

namespace hedgerow::jobs {

using base::Cause;
using base::Code;
using base::Failure;

class Workers::Crew {
 public:
  Crew(store::Database& database, const base::Clock& clock, const Settings& settings,
       std::string replica, Handlers handlers)
      : desk_{database, clock, settings, std::move(replica), std::move(handlers)},
        watch_{desk_, [this] { return alive(); }, [this](std::size_t number) { replace(number); }} {
  }

  void start() {
    started_ = true;
    desk_.database.write(desk_.write_deadline(),
                         [&](store::Txn& txn) { txn.workers().remove_all_of(desk_.replica); });
    for (std::size_t i = 0; i < desk_.settings.workers; ++i) hire(false);
    for (std::size_t i = 0; i < desk_.settings.test_workers; ++i) hire(true);
    watch_.beat();
    watch_.start();
  }

  bool stop() {
    if (!started_) return true;
    watch_.stop();
    const Failure why{Code::Shutdown, Cause::NotYet};
    // The reason first: a run that a leaving worker stops must find it at the desk.
    desk_.close(why);
    for (auto& worker : working_) worker->leave();
    const auto until = desk_.clock.steady() + desk_.settings.stop_wait;
    const auto has_left = [&](const auto& worker) { return worker->has_left(until); };
    std::erase_if(working_, has_left);
    std::erase_if(hanging_, has_left);
    end_left_over(why);
    forget_workers();
    started_ = !working_.empty() || !hanging_.empty();
    return !started_;
  }

 private:
  void hire(bool for_tests) {
    working_.push_back(std::make_unique<Worker>(desk_, ++hired_, for_tests));
    working_.back()->start();
  }

  void replace(std::size_t number) {
    std::erase_if(hanging_, [now = desk_.clock.steady()](const auto& worker) {
      return worker->has_left(now);
    });
    const auto hanging = std::ranges::find_if(
        working_, [&](const auto& worker) { return worker->number() == number; });
    if (hanging == working_.end()) return;
    base::log::error("worker_replaced", {{"worker", static_cast<std::int64_t>(number)},
                                         {"stack", (*hanging)->stack()}});
    (*hanging)->leave();
    const bool for_tests = (*hanging)->is_for_tests();
    hanging_.push_back(std::move(*hanging));
    working_.erase(hanging);
    hire(for_tests);
  }

  // Those that turn, and those that have a run in hand: whether that one moves is watched apart.
  [[nodiscard]] std::vector<Watch::Sign> alive() const {
    std::set<std::size_t> busy;
    for (const InHand& held : desk_.in_hand()) busy.insert(held.worker);
    const auto since = desk_.clock.steady() - 3 * desk_.settings.beat_each;
    std::vector<Watch::Sign> signs;
    for (const auto& worker : working_)
      if (busy.contains(worker->number()) || worker->turned() >= since)
        signs.push_back({worker->number(), worker->is_for_tests()});
    return signs;
  }

  // Of handlers that did not return in time.
  void end_left_over(const Failure& why) {
    for (const InHand& held : desk_.in_hand()) end_left_over(held.run, why);
  }

  void end_left_over(const model::Run& run, const Failure& why) {
    const Closing closing{.ending = model::ending_of(why), .last = {}, .also = {}};
    try {
      desk_.database.write(desk_.write_deadline(),
                           [&](store::Txn& txn) { close(txn, run, closing); });
    } catch (const Failure& failure) {
      base::log::warning("run_not_ended", {{"run", run.id.value}, {"detail", failure.detail()}});
    }
  }

  void forget_workers() {
    try {
      desk_.database.write(desk_.write_deadline(),
                           [&](store::Txn& txn) { txn.workers().remove_all_of(desk_.replica); });
    } catch (const Failure& failure) {
      base::log::warning("workers_not_forgotten", {{"detail", failure.detail()}});
    }
  }

  Desk desk_;
  bool started_ = false;
  // While the watch is on, its thread alone touches these.
  std::vector<std::unique_ptr<Worker>> working_;
  std::vector<std::unique_ptr<Worker>> hanging_;  // Replaced; their handlers have not returned.
  std::size_t hired_ = 0;
  Watch watch_;
};

Workers::Workers(store::Database& database, const base::Clock& clock, const Settings& settings,
                 std::string replica, Handlers handlers)
    : crew_{std::make_unique<Crew>(database, clock, settings, std::move(replica),
                                   std::move(handlers))} {}

Workers::~Workers() {
  if (stop()) return;
  base::log::error("handler_never_returned", {});
  base::log::flush();
  std::_Exit(1);
}

void Workers::start() { crew_->start(); }
bool Workers::stop() { return crew_->stop(); }

}  // namespace hedgerow::jobs
