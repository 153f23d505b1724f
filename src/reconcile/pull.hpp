// One pull: proves that the cluster can be reached and is this fabric's, finds out which kinds it
// has, reads them all, and says how that went. For this room only.
#pragma once

#include "reconcile/attempt.hpp"
#include "reconcile/journal.hpp"
#include "reconcile/reading.hpp"

namespace hedgerow::reconcile {

// What a run is about, as it stood when the run began.
struct Subject {
  model::Run run;
  model::Fabric fabric;
  std::vector<model::KindState> known;
};

// The result of a run that could not do its work; `layer 7` is where its code says so.
[[nodiscard]] Result failed(model::Run run, const base::Failure& why,
                            std::function<void(store::Txn&)> also);
// Writes the fact, unless the connection has changed since.
[[nodiscard]] std::function<void(store::Txn&)> writing(const model::Fabric& fabric,
                                                       const model::ReachFact& reach);

// Another cluster than the one that was proven to be this fabric's; nothing when it is that one.
[[nodiscard]] std::optional<base::Failure> wrong_cluster(const model::Fabric& fabric,
                                                         std::string_view identity);

class Pull {
 public:
  Pull(store::Database& database, const base::Clock& clock, const Settings& settings,
       Subject subject, kube::Api& api);

  [[nodiscard]] Result run(const std::stop_token& stop);

 private:
  using Hindrance = std::optional<base::Failure>;

  // The steps; each gives back what ends the pull there.
  Hindrance reach(const std::stop_token& stop);
  template <class Call>
  auto asked(Call&& call) -> decltype(attempt(call));
  Hindrance await_ready(const std::stop_token& stop);
  template <class Call>
  auto believed(Call&& call, const std::stop_token& stop) -> decltype(attempt(call));
  Hindrance identify(const std::stop_token& stop);
  Hindrance find_places(const std::stop_token& stop);
  std::expected<kube::Discovery, base::Failure> discover(const std::stop_token& stop);
  Hindrance find_kinds(const std::stop_token& stop);
  void note_findings();
  void write_findings(store::Txn& txn) const;
  void read(const std::stop_token& stop);
  [[nodiscard]] Result work(const std::stop_token& stop);

  [[nodiscard]] std::string evidence_of_reading() const;
  [[nodiscard]] Result stopped(const base::Failure& why);
  [[nodiscard]] Result concluded();
  [[nodiscard]] model::Run run_so_far() const;
  [[nodiscard]] Hindrance in_use(const store::Snapshot& seen) const;

  store::Database& database_;
  const base::Clock& clock_;
  const Settings& settings_;
  const Subject subject_;
  kube::Api& api_;

  base::SteadyTime began_;
  bool is_ready_ = false;  // The API server, as far as was asked.
  std::optional<model::ReachFact> reached_;
  std::uint64_t sent_again_before_ = 0;  // By the time it was reached.
  std::string version_;
  std::string identity_;  // Empty: we may not read it.
  std::vector<Place> places_;
  Scope scope_;
  std::vector<base::Failure> gaps_;  // What could not be proven, beside the kinds.
  std::vector<model::KindRead> kinds_;
  std::vector<Mark> marks_;  // For the last transaction.
  Journal journal_;          // Last, so that its thread ends before what it writes is gone.
};

}  // namespace hedgerow::reconcile
