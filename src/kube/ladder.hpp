// The ladder of a connection test: nine rungs from the address to the right to read each kind, each
// one measured, the first that fails named with its reason. Saves nothing and changes nothing.
#pragma once

#include "kube/api.hpp"

namespace hedgerow::kube {

enum class RungName : std::uint8_t {
  Address,      // The name resolves.
  Tcp,          // Somebody listens.
  Tls,          // Its certificate is signed by the CA, for this name, and has not ended.
  Http,         // It speaks HTTP.
  Kubernetes,   // It is a Kubernetes API server.
  Credentials,  // It knows us.
  Identity,     // We may read which cluster it is.
  Kinds,        // It has kinds of the wanted groups.
  Rights,       // We may list each of them.
};
inline constexpr std::size_t kRungCount = 9;
// "address", "tcp", …
[[nodiscard]] std::string_view name_of(RungName name) noexcept;

enum class RungState : std::uint8_t { Passed, Failed, NotReached };
[[nodiscard]] std::string_view name_of(RungState state) noexcept;

struct Rung {
  RungName name = RungName::Address;
  RungState state = RungState::NotReached;
  base::Milliseconds took{0};
  std::string evidence;                  // "10.1.2.3:6443", "v1.32.13", "22 kinds"
  std::optional<base::Failure> failure;  // Set exactly when it failed.
};

struct Climb {
  std::array<Rung, kRungCount> rungs;
  std::string identity;  // Empty: not read.
  std::string server_version;
  std::string user;  // Who the cluster says we are.
  std::vector<Kind> kinds;
  std::vector<Kind> unreadable;  // Those of `kinds` that we may not list everywhere;
  std::size_t in_part = 0;       // so many of them in some namespaces.
  std::optional<base::WallTime> certificate_ends;
  std::optional<base::WallTime> credential_ends;

  // The failure of the first failed rung.
  [[nodiscard]] const base::Failure* failure() const noexcept;
  [[nodiscard]] bool passed() const noexcept { return failure() == nullptr; }
};

struct ClimbPlan {
  Api::GroupFilter wanted;
  // Which kinds of those groups will be read; absent: all.
  std::function<bool(const Kind&)> reads;
  // Namespaces in which the kinds will be listed; empty: the whole cluster.
  std::vector<std::string> spaces;
  std::function<void(const Rung&)> on_rung;
};

// Tells `plan.on_rung` of each rung as soon as it is measured (and at last of those not reached),
// then gives back the whole. Throws only Failure{Cancelled} and what `on_rung` throws.
[[nodiscard]] Climb climb(const Connection& connection, const Settings& settings,
                          const base::Surroundings& around, const ClimbPlan& plan,
                          const std::stop_token& stop);

}  // namespace hedgerow::kube
