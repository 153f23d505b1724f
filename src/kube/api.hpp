// What Hedgerow asks of a Kubernetes API server. The one real implementation is made by connect();
// reconcile sees only this class, so that a simulation can stand in its place. Knows nothing of
// fabrics or of our database.
//
// Every call may throw base::Failure; a stop ends it with Failure{Cancelled}. Used by one thread at
// a time.
#pragma once

#include "base/digest.hpp"
#include "base/failure.hpp"
#include "base/random.hpp"
#include "kube/connection.hpp"

namespace hedgerow::kube {

// A kind as discovery gives it; nothing of it is ever guessed.
struct Kind {
  std::string group;    // "wiring.githedgehog.com"
  std::string version;  // The preferred one that serves it.
  std::string kind;     // "Connection"
  std::string plural;   // "connections"
  bool namespaced = true;

  // "connections.wiring.githedgehog.com"
  [[nodiscard]] std::string resource() const { return plural + "." + group; }
  friend bool operator==(const Kind&, const Kind&) = default;
};

// A group (or one version of it) that the server could not speak of just now: its kinds are
// unknown, not absent.
struct UnknownGroup {
  std::string group;
  std::string version;
  base::Failure why;
};

struct Discovery {
  std::vector<Kind> kinds;  // Those that can be listed, by group and kind.
  std::vector<UnknownGroup> unknown;
};

struct Version {
  std::string git_version;  // "v1.32.13"
  outbound::Evidence evidence;
};

// One object of a list. The views are good until ListSink::item returns.
struct Item {
  std::string_view uid;
  std::string_view resource_version;
  std::string_view space;  // The namespace; empty for a kind without.
  std::string_view name;
  std::int64_t generation = 0;  // 0: it has none.
  base::WallTime created;
  std::optional<base::WallTime> deleted;  // Set: it is being deleted and still there.
  // base::quick_hash of the object as it came: equal to that of an earlier reading means not one
  // byte changed.
  std::uint64_t quick_hash = 0;
  // The object's JSON without metadata.managedFields, and with kubectl's copy of what it last
  // applied masked, for it may hold secrets; every other byte as it came.
  std::string_view document;
};

struct ListRequest {
  Kind kind;
  std::string space;  // Empty, or a kind without namespace: the whole cluster.
};

// How the list of one kind ended. Only a complete one proves absence: all items at one
// resourceVersion, to a clean end.
struct ListResult {
  bool complete = false;
  std::string resource_version;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
  unsigned pages = 0;  // Answers that brought items; a whole list is one.
  unsigned tries = 0;  // The most that one of its requests took.
  int status = 0;      // HTTP, of the last answer; 0: none.
  base::Milliseconds took{0};
  std::optional<base::Failure> failure;  // Set exactly when not complete.
};

// Takes lists as they arrive, those of several kinds in turns. `request` is the place in the span
// given to list_kinds. What it throws ends all lists and comes out of list_kinds.
class ListSink {
 public:
  virtual ~ListSink() = default;
  virtual void item(std::size_t request, const Item& item) = 0;
  // This list begins anew (the server lost its place): what came of it so far does not count.
  virtual void restarted(std::size_t request) = 0;
  // This list has ended, while others may go on.
  virtual void ended(std::size_t request, const ListResult& result) = 0;
};

class Api {
 public:
  using GroupFilter = std::function<bool(std::string_view group)>;

  virtual ~Api() = default;
  // Also the proof that a Kubernetes API server answers: Failure{NotKubernetes} otherwise.
  [[nodiscard]] virtual Version version(const std::stop_token& stop) = 0;
  // The uid of namespace kube-system, which no two clusters share.
  [[nodiscard]] virtual std::string identity(const std::stop_token& stop) = 0;
  // A list in a namespace that does not exist answers 200 and no items: ask this first.
  [[nodiscard]] virtual bool namespace_exists(std::string_view name,
                                              const std::stop_token& stop) = 0;
  // The names of all namespaces.
  [[nodiscard]] virtual std::vector<std::string> namespaces(const std::stop_token& stop) = 0;
  // The kinds of the groups that `wanted` says yes to (never the core group).
  [[nodiscard]] virtual Discovery discover(const GroupFilter& wanted,
                                           const std::stop_token& stop) = 0;
  // Returns when the API server says that it is ready, or lets nobody ask that. One that has just
  // started knows no roles yet and answers 403, and lists no kinds of CRDs, or not all, with 200.
  // Throws Failure{ClusterError} when it is not ready after all tries.
  virtual void await_ready(const std::stop_token& stop) = 0;
  // Whether it knows this kind, whatever discover() says: false when it answers that there is no
  // such thing. A refusal says nothing of that, and is true. An empty namespace is the whole
  // cluster.
  [[nodiscard]] virtual bool knows(const Kind& kind, std::string_view space,
                                   const std::stop_token& stop) = 0;
  // Lists them, at most `concurrency` at once. Throws only for what the sink throws and for a stop:
  // what befalls one kind stands in its result. The results stand in the order of the requests.
  virtual std::vector<ListResult> list_kinds(std::span<const ListRequest> requests,
                                             std::size_t concurrency, ListSink& sink,
                                             const std::stop_token& stop) = 0;
  // How often a request had to be sent again so far, whichever call it was for.
  [[nodiscard]] virtual std::uint64_t sent_again() const noexcept = 0;
};

struct Settings {
  outbound::Settings outbound;
  std::size_t page_size = 0;          // 0: whole lists, and pages only where the server wants them.
  std::size_t page_size_asked = 500;  // Of the pages that the server wanted.
  std::size_t page_bytes_max = 64u << 20;
  std::size_t list_bytes_max = 256u << 20;
  std::size_t reading_bytes_max = 512u << 20;  // Of all lists of one list_kinds() together.
  std::size_t item_bytes_max = 16u << 20;
  // So many are asked one by one for what may not be listed in the whole cluster.
  std::size_t namespaces_max = 200;
  base::Milliseconds ladder_total{10'000};
};

// Contacts nobody yet. The surroundings must outlive what is given back.
[[nodiscard]] std::unique_ptr<Api> connect(const Connection& connection, const Settings& settings,
                                           const base::Surroundings& around);

// The rule that a ClusterRole needs so that these kinds can be read, as YAML.
[[nodiscard]] std::string rbac_rule(std::span<const Kind> kinds);

}  // namespace hedgerow::kube
