// The ladder of a connection, rung by rung, as faces show it and as the record keeps it. How a rung
// is measured is known in kube.
#pragma once

#include "kube/ladder.hpp"
#include "model/run.hpp"
#include "store/connection_tests.hpp"

namespace hedgerow::reconcile {

[[nodiscard]] model::Rung rung_of(kube::RungName name) noexcept;
[[nodiscard]] store::MeasuredRung measured(const kube::Rung& rung);

// How a climb ended, in the words of a run: partly when some kinds may be read and others not.
[[nodiscard]] model::Ending ending_of(const kube::Climb& climb);

// Told after each rung of all nine: those that were measured, the one under way, the others.
using OnRungs = std::function<void(std::span<const store::MeasuredRung>)>;

struct Ladder {
  const kube::Settings& settings;
  base::Surroundings around;
  std::vector<std::string> namespaces;  // Empty: the whole cluster.
};

struct Climbed {
  kube::Climb climb;
  std::vector<store::MeasuredRung> rungs;
  model::Ending ending;
};

// The ladder of any connection, also of one that belongs to no fabric yet. Stores nothing. Throws
// only Failure{Cancelled} and what `on_rungs` throws.
[[nodiscard]] Climbed climb(const kube::Connection& connection, const Ladder& ladder,
                            const OnRungs& on_rungs, const std::stop_token& stop);

}  // namespace hedgerow::reconcile
