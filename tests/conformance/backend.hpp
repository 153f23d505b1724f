// A fresh database of one kind for one test, and what tests do to it from outside: another
// connection of the same database, as a foreign program would have it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <latch>

#include "base/check.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/database.hpp"

namespace hedgerow::conformance {

enum class Kind : std::uint8_t { Sqlite };

// Runs as fast as the real one, from wherever a test has set it.
class FakeClock final : public base::Clock {
 public:
  [[nodiscard]] base::WallTime wall() const override { return real_.wall() + wall_ahead_.load(); }
  [[nodiscard]] base::SteadyTime steady() const override {
    return real_.steady() + steady_ahead_.load();
  }
  // As after an hour of work.
  void advance(base::Milliseconds span) {
    jump_wall(span);
    steady_ahead_ = steady_ahead_.load() + span;
  }
  // As when somebody sets the machine's clock.
  void jump_wall(base::Milliseconds span) { wall_ahead_ = wall_ahead_.load() + span; }

 private:
  base::SystemClock real_;
  std::atomic<base::Milliseconds> wall_ahead_{base::Milliseconds{0}};
  std::atomic<base::Milliseconds> steady_ahead_{base::Milliseconds{0}};
};

// A folder that is gone when the test ends.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class DatabaseTest : public testing::TestWithParam<Kind> {
 protected:
  DatabaseTest();

  [[nodiscard]] base::Deadline soon() const {
    return base::Deadline::in(clock_, base::Milliseconds{30'000});
  }
  template <class Function>
  auto write(Function&& function) {
    return database_->write(soon(), std::forward<Function>(function));
  }
  template <class Function>
  auto read(Function&& function) {
    return database_->read(std::forward<Function>(function));
  }
  void open() { database_ = store::Database::open(settings_, clock_, random_); }
  void close() { database_.reset(); }
  void open_again() {
    close();
    open();
  }

  // A statement of a foreign program. Empty when it was carried out, else what the database said.
  std::string outside(const std::string& statement);
  // The first value of its answer, as text.
  std::string ask_outside(const std::string& statement);

  // Keeps the writer busy inside of a function until it is let go, so that others queue behind it.
  class Busy {
   public:
    explicit Busy(DatabaseTest& test)
        : thread_{[this, &test] {
            test.write([this](store::Txn&) {
              if (!entered_.try_wait()) entered_.count_down();
              go_.wait();
            });
          }} {
      entered_.wait();
    }
    ~Busy() { let_go(); }
    void let_go() {
      if (!go_.try_wait()) go_.count_down();
    }

   private:
    std::latch entered_{1};
    std::latch go_{1};
    std::jthread thread_;
  };

  model::FabricId make_fabric(const std::string& name = "fab-lab-01");
  // A run that is running under epoch 1 of replica "r1".
  model::RunId make_running(model::FabricId fabric);

  Folder folder_;
  FakeClock clock_;
  base::SystemRandom random_;
  store::Settings settings_;
  std::unique_ptr<store::Database> database_;
};

inline const auto kBackends = testing::Values(Kind::Sqlite);
std::string name_of_backend(const testing::TestParamInfo<Kind>& info);

// Runs `call` and gives back the code of the failure that it ended with.
template <class Call>
[[nodiscard]] std::optional<base::Code> code_of(Call&& call) {
  try {
    call();
  } catch (const base::Failure& failure) {
    return failure.code();
  }
  return std::nullopt;
}

}  // namespace hedgerow::conformance
