// The lists of one pull while they arrive: each object is compared with what the record remembers,
// what differs goes to the journal, and what a complete list lacks becomes a tombstone. A list that
// breaks off is not used and removes nothing; a kind of which the cluster has an earlier state than
// the record is frozen. What may not be listed in the whole cluster is listed in each namespace.
// For this room only.
#pragma once

#include <unordered_set>

#include "reconcile/journal.hpp"
#include "reconcile/memory.hpp"
#include "reconcile/places.hpp"
#include "reconcile/scope.hpp"

namespace hedgerow::reconcile {

class Reading final : public kube::ListSink {
 public:
  struct Plan {
    model::RunId run;
    model::FabricId fabric;
    std::vector<kube::Kind> kinds;
    std::vector<model::KindState> known;  // As the record has them.
    std::vector<Place> places;
    // Whether the cluster has proven to be this fabric's: nothing is removed otherwise, nor marked
    // as complete.
    bool identity_proven = false;
    std::vector<model::KindRead> frozen;  // Kinds that are not read, for the run's table.
  };

  Reading(store::Database& database, const base::Clock& clock, const Settings& settings,
          Journal& journal, Plan plan);

  // Lists everything. What befalls single kinds stands in kinds().
  void run(kube::Api& api, const std::stop_token& stop);

  [[nodiscard]] const std::vector<model::KindRead>& kinds() const noexcept { return table_; }

  void item(std::size_t request, const kube::Item& item) override;
  void restarted(std::size_t request) override;
  void ended(std::size_t request, const kube::ListResult& result) override;

 private:
  using Names = std::unordered_set<std::uint64_t>;  // By hash.
  struct List {
    std::size_t kind = 0;
    const Place* place = nullptr;          // Null: the kind has no namespaces.
    std::optional<Memory> memory;          // While it arrives.
    std::vector<store::ObjectWrite> held;  // Used only if the list is complete, or grows long.
    std::size_t held_bytes = 0;
    Names fresh;      // Those that the record did not know.
    Names passed_on;  // Those that went to the journal before the end.
    std::int64_t items = 0;
    std::int64_t unchanged = 0;
    std::vector<store::ObjectWrite> gone;  // Tombstones, until all has been read.
    std::optional<base::Failure> broken;
    std::string resource_version;
  };
  struct KindWork {
    std::vector<std::size_t> lists;
    std::size_t open = 0;   // Those that have not ended.
    std::string proven_at;  // The resourceVersion of the last proof; empty without one.
    std::optional<base::Failure> rewound;
    // The refusal to list it in the whole cluster, after which its lists are those by namespace.
    std::optional<base::Failure> withheld;
    std::optional<base::Failure> astray;  // Objects of the record where nobody asked.
  };

  void plan_lists();
  void add_list(std::size_t kind, const Place* place);
  void list(kube::Api& api, const std::stop_token& stop);
  [[nodiscard]] std::vector<std::size_t> withheld_kinds();
  void list_by_namespace(kube::Api& api, const std::stop_token& stop);
  [[nodiscard]] std::optional<base::Failure> find_astray(std::size_t kind) const;
  void recall();
  void mark_running();
  void remember(std::size_t request);
  void take(List& list, const kube::Item& item);
  void take_other(List& list, const kube::Item& item, const store::Known* before);
  [[nodiscard]] bool is_ours(const List& list, const kube::Item& item);
  [[nodiscard]] std::uint64_t name_hash(const kube::Item& item);
  void hold(List& list, store::ObjectWrite write);
  void pass_on(List& list);
  void find_unseen(List& list);
  [[nodiscard]] bool lacks_some(std::size_t kind) const;
  void settle_lacking();
  void settle(std::size_t kind);
  void close_lists(std::size_t kind, bool rewound);
  [[nodiscard]] Spaces spaces_of(std::size_t kind) const;
  [[nodiscard]] std::optional<base::Failure> problem_of(std::size_t kind,
                                                        const Spaces& spaces) const;
  [[nodiscard]] store::KindProof proof_of(std::size_t kind) const;
  void tell();

  store::Database& database_;
  const base::Clock& clock_;
  const Settings& settings_;
  Journal& journal_;
  const Plan plan_;
  std::vector<kube::ListRequest> requests_;
  std::vector<List> lists_;     // One a request.
  std::size_t first_ = 0;       // Of the requests that were sent together with those under way.
  std::vector<Place> visible_;  // The namespaces of the cluster, once they were asked for.
  std::vector<KindWork> work_;
  std::vector<model::KindRead> table_;  // The kinds of the plan, then the frozen ones.
  base::WallTime asked_;
  base::Milliseconds asked_tick_{0};
  base::SteadyTime told_;
  std::size_t begun_ = 0;  // Requests that are, or have been, under way.
  std::string scratch_;
};

}  // namespace hedgerow::reconcile
