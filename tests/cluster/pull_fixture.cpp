#include "pull_fixture.hpp"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/check.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace hedgerow::test {

namespace {

void must(const HttpAnswer& answer, std::string_view what) {
  if (answer.status / 100 != 2)
    throw std::runtime_error{fmt::format("{}: {} {}", what, answer.status, answer.body)};
}

jobs::Handler glued(reconcile::Readers& readers,
                    reconcile::Result (reconcile::Readers::*act)(const model::Run&,
                                                                 const std::stop_token&)) {
  return [&readers, act](const model::Run& run, const std::stop_token& stop) -> jobs::Result {
    auto result = (readers.*act)(run, stop);
    return {std::move(result.run), std::move(result.ending), std::move(result.also)};
  };
}

store::FabricDraft draft_of(const std::string& name, const Target& target,
                            const kube::Connection& connection) {
  store::FabricDraft draft;
  draft.name = name;
  draft.shares_cluster = target.shares_cluster;
  draft.cluster.emplace();
  draft.cluster->server = connection.fields().server;
  draft.cluster->ca = connection.fields().ca;
  draft.cluster->client_certificate = connection.fields().certificate;
  draft.cluster->has_token = !connection.fields().token.empty();
  draft.cluster->namespaces = target.namespaces;
  return draft;
}

void seal_into(store::Txn& txn, const base::Sealer& sealer, model::FabricId id,
               const kube::Connection& connection) {
  const auto put = [&](store::Credential which, const base::SecretText& secret) {
    if (secret.empty()) return txn.fabrics().put_credential(id, which, std::nullopt);
    const std::string sealed = sealer.seal(secret, model::belongs_to(id, model::name_of(which)));
    txn.fabrics().put_credential(id, which, base::bytes_of(sealed));
  };
  put(store::Credential::Token, connection.fields().token);
  put(store::Credential::ClientKey, connection.fields().key);
}

}  // namespace

PullTest::PullTest() {
  base::log::set_least(base::log::Level::Error);
  std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-pull-XXXXXX").string();
  CHECK(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  const std::string key = folder_ / "key";
  base::Sealer::make_file(key, random_);
  sealer_ = std::make_unique<base::Sealer>(base::Sealer::from_file(key, random_));
  database_ = store::Database::open({.path = folder_ / "record.db"}, clock(), random_);
  restart(settings());
}

PullTest::~PullTest() {
  workers_.reset();
  readers_.reset();
  if (keeper_) keeper_->stop();
  keeper_.reset();
  database_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

reconcile::Settings PullTest::settings() {
  reconcile::Settings settings;
  settings.kube = quick_settings();
  settings.progress_each = 50ms;
  return settings;
}

void PullTest::restart(const reconcile::Settings& settings) {
  workers_.reset();
  readers_ = std::make_unique<reconcile::Readers>(*database_, *sealer_, surroundings(), settings);
  if (keeper_) keeper_->stop();
  const jobs::Settings jobs{.look_each = 100ms};
  keeper_ = std::make_unique<jobs::Keeper>(*database_, clock(), jobs, "test");
  keeper_->start();
  jobs::Handlers handlers{{model::Operation::Pull, glued(*readers_, &reconcile::Readers::pull)},
                          {model::Operation::Test, glued(*readers_, &reconcile::Readers::test)}};
  workers_ =
      std::make_unique<jobs::Workers>(*database_, clock(), jobs, "test", std::move(handlers));
  workers_->start();
}

model::FabricId PullTest::add_fabric(const std::string& name, const Target& target) {
  const auto connection = cluster_.connection(target.role, target.server);
  return write([&](store::Txn& txn) {
    const auto id = txn.fabrics().create(draft_of(name, target, connection));
    seal_into(txn, *sealer_, id, connection);
    txn.changes().append(model::Topic::Fabrics, 0);
    return id;
  });
}

void PullTest::point(model::FabricId id, const Target& target) {
  const auto connection = cluster_.connection(target.role, target.server);
  write([&](store::Txn& txn) {
    txn.fabrics().update(id, draft_of(txn.fabrics().get(id).name, target, connection));
    txn.objects().leave_scope(id, target.namespaces);
    seal_into(txn, *sealer_, id, connection);
    txn.fabrics().bump_generation(id);
    txn.changes().append(model::Topic::Fabric, id);
  });
}

model::RunId PullTest::queue(model::FabricId fabric, model::Operation operation) {
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

std::optional<model::Run> PullTest::run(model::RunId id) {
  return read([&](const store::Snapshot& seen) { return seen.runs().find(id); });
}

model::Run PullTest::ended(model::RunId id) {
  EXPECT_TRUE(comes([&] { return run(id).value().state == model::RunState::Ended; }));
  return run(id).value();
}

void PullTest::expect_good(model::FabricId fabric, const model::Counts& counts) {
  const model::Run good = sync(fabric);
  ASSERT_TRUE(good.ending);
  EXPECT_EQ(outcome_of(good), "succeeded") << good.ending->detail;
  EXPECT_EQ(good.counts.created, counts.created);
  EXPECT_EQ(good.counts.changed, counts.changed);
  EXPECT_EQ(good.counts.unchanged, counts.unchanged);
  EXPECT_EQ(good.counts.removed, counts.removed);
  for (const int layer : {7, 8, 9})
    EXPECT_EQ(good.trace.at(layer).state, model::LayerState::Passed) << layer;
  EXPECT_EQ(this->fabric(fabric).reach.state, model::Reach::Reachable);
  for (const auto& [name, state] : kinds(fabric)) {
    if (state.coverage == model::Coverage::OutOfScope) continue;
    EXPECT_EQ(state.coverage, model::Coverage::Readable) << name;
    EXPECT_TRUE(state.as_of && *state.as_of >= *good.started) << name;
  }
}

model::Fabric PullTest::fabric(model::FabricId id) {
  return read([&](const store::Snapshot& seen) { return seen.fabrics().get(id); });
}

std::map<std::string, model::KindState> PullTest::kinds(model::FabricId id) {
  std::map<std::string, model::KindState> found;
  for (auto& state : read([&](const store::Snapshot& seen) { return seen.kinds().of(id); }))
    found.emplace(state.kind.resource(), std::move(state));
  return found;
}

std::string PullTest::outside(const std::string& statement) const {
  sqlite3* handle = nullptr;
  sqlite3_open((folder_ / "record.db").c_str(), &handle);
  sqlite3_busy_timeout(handle, 5'000);
  std::string first;
  const auto take = [](void* to, int columns, char** values, char**) {
    auto& text = *static_cast<std::string*>(to);
    if (columns > 0 && text.empty() && values[0] != nullptr) text = values[0];
    return 0;
  };
  const int result = sqlite3_exec(handle, statement.c_str(), take, &first, nullptr);
  EXPECT_EQ(result, SQLITE_OK) << statement << ": " << sqlite3_errmsg(handle);
  sqlite3_close(handle);
  return first;
}

void PullTest::count_writes() {
  outside("CREATE TABLE IF NOT EXISTS seen_writes (of TEXT); DELETE FROM seen_writes");
  for (const char* table : {"objects", "history"})
    for (const char* how : {"INSERT", "UPDATE", "DELETE"})
      outside(
          fmt::format("CREATE TRIGGER IF NOT EXISTS seen_{0}_{1} AFTER {1} ON {0} BEGIN"
                      " INSERT INTO seen_writes VALUES ('{1} {0}'); END",
                      table, how));
}

std::string_view outcome_of(const model::Run& run) {
  return run.ending ? model::name_of(run.ending->outcome) : "none";
}

std::string_view code_of(const model::Run& run) {
  return run.ending && run.ending->code ? base::facts_of(*run.ending->code).name : "";
}

const model::KindRead* kind_in(const model::Run& run, std::string_view kind) {
  const auto found = std::ranges::find(run.kinds, kind, &model::KindRead::kind);
  return found == run.kinds.end() ? nullptr : &*found;
}

std::string path_of(std::string_view api, std::string_view plural, std::string_view name,
                    std::string_view space) {
  const std::string kind = fmt::format("{}/namespaces/{}/{}", api, space, plural);
  return name.empty() ? kind : fmt::format("{}/{}", kind, name);
}

void label(const std::string& path, const std::string& value) {
  must(Cluster::shared().request("PATCH", path,
                                 fmt::format(R"({{"metadata":{{"labels":{{"test":{}}}}}}})",
                                             value.empty() ? "null" : "\"" + value + "\""),
                                 "application/merge-patch+json"),
       path);
}

void take_out(const std::string& path) { must(Cluster::shared().request("DELETE", path), path); }

void put_in(const std::string& path_of_kind, const std::string& document) {
  must(Cluster::shared().request("POST", path_of_kind, document), path_of_kind);
}

void load_sample() {
  const std::string command =
      fmt::format("'{}' load --dir '{}' '{}' >/dev/null", in_tree("tools/cluster"),
                  Cluster::shared().folder(), wiring().objects);
  CHECK(std::system(command.c_str()) == 0);
}

}  // namespace hedgerow::test
