// What tests of pulling stand on: the real API server of kube_fixture, a real database, and keeper,
// workers and readers as the product has them. Measurements are taken from outside, from the
// database's file.
#pragma once

#include <gmock/gmock.h>

#include <filesystem>

#include "base/guarded.hpp"
#include "jobs/keeper.hpp"
#include "jobs/workers.hpp"
#include "kube_fixture.hpp"
#include "reconcile/readers.hpp"

namespace hedgerow::test {

using namespace std::chrono_literals;

struct Target {
  std::string server;  // Empty: the cluster itself.
  std::string role = "reader";
  std::vector<std::string> namespaces;
  bool shares_cluster = false;
};

class PullTest : public testing::Test {
 protected:
  PullTest();
  ~PullTest() override;

  // Begins anew with other settings; the record stays.
  void restart(const reconcile::Settings& settings);
  [[nodiscard]] static reconcile::Settings settings();

  model::FabricId add_fabric(const std::string& name, const Target& target);
  // Another connection for a fabric that is there.
  void point(model::FabricId fabric, const Target& target);

  model::RunId queue(model::FabricId fabric, model::Operation operation = model::Operation::Pull);
  // The run's end, whatever it is.
  model::Run ended(model::RunId run);
  model::Run sync(model::FabricId fabric) { return ended(queue(fabric)); }
  // As sync(), and it must be a good one: everything read, these counts.
  void expect_good(model::FabricId fabric, const model::Counts& counts);

  model::Fabric fabric(model::FabricId id);
  std::map<std::string, model::KindState> kinds(model::FabricId fabric);
  std::optional<model::Run> run(model::RunId id);

  // From outside: the first value of the answer of a foreign program that opens the file.
  std::string outside(const std::string& statement) const;
  std::int64_t number(const std::string& statement) const { return std::stoll(outside(statement)); }
  // Counts every row of objects and history that is inserted, updated or deleted from now on.
  void count_writes();
  [[nodiscard]] std::int64_t writes() const { return number("SELECT count(*) FROM seen_writes"); }

  template <class Function>
  auto write(Function&& function) {
    return database_->write(base::Deadline::in(clock(), 30s), std::forward<Function>(function));
  }
  template <class Function>
  auto read(Function&& function) {
    return database_->read(std::forward<Function>(function));
  }

  Cluster& cluster_ = Cluster::shared();
  std::filesystem::path folder_;
  base::SystemRandom random_;
  std::unique_ptr<base::Sealer> sealer_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<jobs::Keeper> keeper_;
  std::unique_ptr<reconcile::Readers> readers_;
  std::unique_ptr<jobs::Workers> workers_;
};

// Waits for a fact, for twenty seconds at most.
template <class Fact>
[[nodiscard]] bool comes(Fact&& fact) {
  for (int tries = 0; tries < 1'000; ++tries) {
    if (fact()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

[[nodiscard]] std::string_view outcome_of(const model::Run& run);
[[nodiscard]] std::string_view code_of(const model::Run& run);
[[nodiscard]] const model::KindRead* kind_in(const model::Run& run, std::string_view kind);

// Objects of the sample as the administrator changes them.
inline constexpr std::string_view kWiring = "/apis/wiring.githedgehog.com/v1beta1";
inline constexpr std::string_view kVpc = "/apis/vpc.githedgehog.com/v1beta1";
[[nodiscard]] std::string path_of(std::string_view api, std::string_view plural,
                                  std::string_view name = {}, std::string_view space = "default");
void label(const std::string& path, const std::string& value);
void take_out(const std::string& path);
void put_in(const std::string& path_of_kind, const std::string& document);
// Everything of the sample that is not there.
void load_sample();

}  // namespace hedgerow::test
