// What measurements mean: facts about reaching the cluster, evidence for the trace, and how a pull
// ended. Pure rules.
#pragma once

#include "kube/api.hpp"
#include "model/fabric.hpp"
#include "model/run.hpp"

namespace hedgerow::reconcile {

// Of a trace.
inline constexpr int kConnectionLayer = 7;
inline constexpr int kKubernetesLayer = 9;

// "Can we reach it?" after a call that failed with this.
[[nodiscard]] model::Reach reach_of(const base::Failure& failure) noexcept;
[[nodiscard]] model::ReachFact reach_after(const base::Failure& failure, base::WallTime as_of,
                                           base::Milliseconds took);
// After a pull that began with `first` and read these kinds: the latest answers count.
[[nodiscard]] model::ReachFact reach_after(const model::ReachFact& first,
                                           std::span<const model::KindRead> kinds,
                                           base::WallTime as_of);

// "10.1.2.3:6443, DNS 1 ms, TCP 0 ms, TLS 4 ms, first byte 12 ms, certificate until 2027-01-01,
// v1.32.13"
[[nodiscard]] std::string evidence_of(const kube::Version& version);
// "20 of 21 kinds, 48 objects"
[[nodiscard]] std::string evidence_of(std::span<const model::KindRead> kinds);

// How a pull ended. `gaps` are what could not be proven beside the kinds. Refused credentials fail
// it whatever was read before; kinds that were read in part leave it partly.
[[nodiscard]] model::Ending ending_of(std::span<const model::KindRead> kinds,
                                      std::span<const base::Failure> gaps);

// Layer 9 of a pull that ended so.
[[nodiscard]] model::LayerState layer_state(model::Outcome outcome) noexcept;

}  // namespace hedgerow::reconcile
