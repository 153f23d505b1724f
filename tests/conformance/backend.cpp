#include "backend.hpp"

#include <sqlite3.h>
#include <cstdlib>

#include "base/log.hpp"

namespace hedgerow::conformance {

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-XXXXXX").string();
  CHECK(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

namespace {

// What the database said, and the first value of its answer.
using Answer = std::pair<std::string, std::string>;

// One kind of database: where a test has it, and how a foreign program speaks to it.
struct Backend {
  Kind kind;
  std::string_view name;
  void (*place)(store::Settings& settings, const std::filesystem::path& folder);
  Answer (*run_outside)(const store::Settings& settings, const std::string& statement);
};

Answer run_outside_sqlite(const store::Settings& settings, const std::string& statement) {
  sqlite3* handle = nullptr;
  sqlite3_open(settings.path.c_str(), &handle);
  sqlite3_busy_timeout(handle, 5'000);
  sqlite3_exec(handle, "PRAGMA foreign_keys = ON", nullptr, nullptr, nullptr);
  std::string first;
  const auto take = [](void* to, int columns, char** values, char**) {
    auto& text = *static_cast<std::string*>(to);
    if (columns > 0 && text.empty() && values[0] != nullptr) text = values[0];
    return 0;
  };
  const int result = sqlite3_exec(handle, statement.c_str(), take, &first, nullptr);
  std::string said = result == SQLITE_OK ? "" : sqlite3_errmsg(handle);
  sqlite3_close(handle);
  return {std::move(said), std::move(first)};
}

constexpr Backend kAll[] = {
    {Kind::Sqlite, "sqlite",
     [](store::Settings& settings, const std::filesystem::path& folder) {
       settings.path = folder / "record.db";
     },
     run_outside_sqlite},
};

const Backend& backend_of(Kind kind) {
  const auto* found = std::ranges::find(kAll, kind, &Backend::kind);
  CHECK(found != std::end(kAll));
  return *found;
}

}  // namespace

std::string name_of_backend(const testing::TestParamInfo<Kind>& info) {
  return std::string{backend_of(info.param).name};
}

DatabaseTest::DatabaseTest() {
  base::log::set_least(base::log::Level::Error);
  backend_of(GetParam()).place(settings_, folder_.path());
  open();
}

std::string DatabaseTest::outside(const std::string& statement) {
  return backend_of(GetParam()).run_outside(settings_, statement).first;
}

std::string DatabaseTest::ask_outside(const std::string& statement) {
  const auto [said, first] = backend_of(GetParam()).run_outside(settings_, statement);
  EXPECT_EQ(said, "") << statement;
  return first;
}

model::FabricId DatabaseTest::make_fabric(const std::string& name) {
  return write([&](store::Txn& txn) {
    store::FabricDraft draft;
    draft.name = name;
    draft.cluster.emplace().server = "https://127.0.0.1:6443";
    const auto fabric = txn.fabrics().create(draft);
    txn.ownership().take(fabric, "r1", base::Milliseconds{15'000});
    return fabric;
  });
}

model::RunId DatabaseTest::make_running(model::FabricId fabric) {
  return write([&](store::Txn& txn) {
    store::RunOrder order;
    order.fabric = fabric;
    txn.runs().enqueue(order);
    const auto run = txn.runs().claim({.replica = "r1"});
    CHECK(run.has_value());
    return run->id;
  });
}

}  // namespace hedgerow::conformance
