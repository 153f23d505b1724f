// The readers of clusters: each fabric's record is brought to agree with its cluster by one reader
// at a time, which compares, writes facts and removes only what is proven gone. Users, HTTP, and
// when to read are unknown here.
#pragma once

#include "base/guarded.hpp"
#include "base/seal.hpp"
#include "kube/api.hpp"
#include "model/run.hpp"
#include "store/database.hpp"

namespace hedgerow::reconcile {

struct Settings {
  kube::Settings kube;
  std::size_t lists_at_once = 6;
  std::size_t chunk_rows = 5'000;  // At most, of one transaction;
  base::Milliseconds chunk_time{50};
  std::size_t chunk_bytes = 4u << 20;     // and about so much of documents.
  base::Milliseconds progress_each{250};  // Between two signs of progress on the page.
  base::Milliseconds write_wait{5'000};   // For a turn to write.
  base::Milliseconds keep_idle{60'000};   // How long connections without a run are kept.
};

// How a run went, to be written together.
struct Result {
  model::Run run;  // Counts, kinds and trace as the work left them.
  model::Ending ending;
  // For the transaction that ends the run: facts that change at the same instant as its outcome.
  std::function<void(store::Txn&)> also;
};

class Readers {
 public:
  using Connect = std::function<std::unique_ptr<kube::Api>(const kube::Connection&)>;

  // None is copied but the settings; all must outlive it.
  Readers(store::Database& database, const base::Sealer& sealer, const base::Surroundings& around,
          const Settings& settings);
  // `connect` in place of kube::connect().
  Readers(store::Database& database, const base::Sealer& sealer, const base::Surroundings& around,
          const Settings& settings, Connect connect);
  ~Readers();
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  // Proves every kind of the run's fabric again. The run must be claimed: everything it writes is
  // written under its epoch, and nothing once it has ended. Throws base::Failure for what stops the
  // work from outside (a stop, a lost lease, a changed connection, a deleted fabric, the database);
  // what the cluster does stands in the result.
  [[nodiscard]] Result pull(const model::Run& run, const std::stop_token& stop);
  // Climbs the ladder of the run's fabric. Reads no objects; throws as pull() does.
  [[nodiscard]] Result test(const model::Run& run, const std::stop_token& stop);

 private:
  struct Kept {
    std::int64_t generation = 0;
    base::SteadyTime since;
    std::unique_ptr<kube::Api> api;
  };

  [[nodiscard]] std::unique_ptr<kube::Api> take(model::FabricId fabric,
                                                const kube::Connection& connection,
                                                std::int64_t generation);
  void give_back(model::FabricId fabric, Kept kept);

  store::Database& database_;
  const base::Sealer& sealer_;
  const base::Surroundings around_;
  const Settings settings_;
  const Connect connect_;
  base::Guarded<std::map<model::FabricId, Kept>> kept_;  // Those that no run uses just now.
};

}  // namespace hedgerow::reconcile
