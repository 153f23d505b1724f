// What the tests of this room stand on: a real database of its own, fabrics and runs in it, and a
// clock that tests set ahead.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "base/check.hpp"
#include "base/guarded.hpp"
#include "base/log.hpp"
#include "jobs/keeper.hpp"
#include "jobs/workers.hpp"

namespace hedgerow::jobs {

// Runs as fast as the real one, from wherever a test has set it.
class AheadClock final : public base::Clock {
 public:
  [[nodiscard]] base::WallTime wall() const override { return real_.wall() + ahead_.load(); }
  [[nodiscard]] base::SteadyTime steady() const override { return real_.steady() + ahead_.load(); }
  void advance(base::Milliseconds span) { ahead_ = ahead_.load() + span; }

 private:
  base::SystemClock real_;
  std::atomic<base::Milliseconds> ahead_{base::Milliseconds{0}};
};

// What waits for the record while a test sets the clock ahead is not late by that.
inline constexpr base::Milliseconds kNever = std::chrono::hours{100};

class JobsTest : public testing::Test {
 protected:
  JobsTest() {
    base::log::set_least(base::log::Level::Error);
    std::string pattern =
        (std::filesystem::temp_directory_path() / "hedgerow-jobs-XXXXXX").string();
    CHECK(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    database_ = store::Database::open({.path = folder_ / "record.db",
                                       .write_wait = kNever,
                                       .read_wait = kNever,
                                       .statement_max = kNever,
                                       .snapshot_max = kNever},
                                      clock_, random_);
  }
  ~JobsTest() override {
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  template <class Function>
  auto write(Function&& function) {
    return database_->write(base::Deadline::in(clock_, std::chrono::seconds{30}),
                            std::forward<Function>(function));
  }
  template <class Function>
  auto read(Function&& function) {
    return database_->read(std::forward<Function>(function));
  }

  model::FabricId make_fabric(const std::string& name) {
    return write([&](store::Txn& txn) {
      store::FabricDraft draft;
      draft.name = name;
      draft.cluster.emplace().server = "https://cluster.example:6443";
      return txn.fabrics().create(draft);
    });
  }
  model::RunId queue(model::FabricId fabric, model::Operation operation = model::Operation::Pull) {
    return write([&](store::Txn& txn) {
      store::RunOrder order;
      order.fabric = fabric;
      order.operation = operation;
      order.actor_name = "ann";
      const auto id = txn.runs().enqueue(order);
      txn.changes().append(model::Topic::Run, id);
      return id;
    });
  }
  model::Run run(model::RunId id) {
    return read([&](const store::Snapshot& seen) { return seen.runs().get(id); });
  }
  std::vector<model::Run> queued() {
    return read([](const store::Snapshot& seen) { return seen.runs().queued(); });
  }
  model::Fabric fabric(model::FabricId id) {
    return read([&](const store::Snapshot& seen) { return seen.fabrics().get(id); });
  }
  // Waits for a fact of the record, for ten real seconds at most.
  template <class Fact>
  bool comes(Fact&& fact) {
    for (int tries = 0; tries < 1'000; ++tries) {
      if (fact()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return false;
  }
  bool ends(model::RunId id) {
    return comes([&] { return run(id).state == model::RunState::Ended; });
  }

  std::filesystem::path folder_;
  AheadClock clock_;
  base::SystemRandom random_;
  std::unique_ptr<store::Database> database_;
};

[[nodiscard]] inline std::string_view code_in(const model::Run& run) {
  return run.ending && run.ending->code ? facts_of(*run.ending->code).name : "";
}

}  // namespace hedgerow::jobs
