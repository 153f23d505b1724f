#include "base/failure.hpp"
#include "store/objects.hpp"
#include "store/sql.hpp"

namespace hedgerow::store {

namespace {

using base::Cause;
using base::Code;
using base::Failure;

// Of an INSERT, so that its tables and indexes are opened once for all of them: a third of what
// SQLite takes for it.
constexpr std::size_t kRowsOfStatement = 50;

std::string insertion_of(std::string_view into, std::size_t columns, std::size_t rows) {
  std::vector<std::string> all;
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<std::string> places;
    for (std::size_t i = 1; i <= columns; ++i)
      places.push_back(fmt::format("${}", row * columns + i));
    all.push_back(fmt::format("({})", fmt::join(places, ", ")));
  }
  return fmt::format("INSERT INTO {} VALUES {}", into, fmt::join(all, ", "));
}

// "objects (id, name)", and how many columns these are.
struct Insertion {
  Insertion(std::string_view into, std::size_t count)
      : columns{count},
        one{insertion_of(into, count, 1)},
        many{insertion_of(into, count, kRowsOfStatement)} {}
  std::size_t columns;
  std::string one;   // Statements, for one row and
  std::string many;  // for kRowsOfStatement.
};

// One row of history to be written.
struct Event {
  std::size_t write = 0;
  model::ChangeKind kind = model::ChangeKind::Created;
  std::string_view uid;
  std::string_view resource_version;
  std::optional<std::string_view> document;
};

// What an object was before it was replaced or removed.
struct Former {
  std::string uid;
  std::string resource_version;
};

// The writes of one call, in few statements: each statement is run for all writes that need it.
class Application {
 public:
  Application(sql::Scope& sql, model::FabricId fabric, base::WallTime at,
              std::span<const ObjectWrite> writes)
      : sql_{sql}, fabric_{fabric}, at_{at}, writes_{writes}, former_(writes.size()) {
    applied_.ids.resize(writes.size());
    for (std::size_t i = 0; i < writes.size(); ++i) applied_.ids[i] = writes[i].id;
  }

  Applied run(model::RunId run) {
    read_kinds();
    insert_rows();
    read_former();
    update_rows();
    touch_rows();
    remove_rows();
    write_history(run);
    return std::move(applied_);
  }

 private:
  // Which writes a statement is for.
  template <class Wanted>
  [[nodiscard]] std::vector<std::size_t> chosen(Wanted&& wanted) const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < writes_.size(); ++i)
      if (wanted(writes_[i])) places.push_back(i);
    return places;
  }

  void read_kinds() {
    sql_.each(
        "SELECT id, group_name, kind FROM kinds WHERE fabric_id = $1",
        [this](const sql::Row& row) {
          KindName name;
          std::int64_t id = 0;
          sql::read(row, id, name.group, name.kind);
          kinds_.emplace(std::move(name), id);
        },
        fabric_);
  }

  [[nodiscard]] std::int64_t kind_of(const model::Identity& identity) {
    if (identity.kind != last_kind_.kind || identity.group != last_kind_.group) {
      last_kind_ = {identity.group, identity.kind};
      const auto found = kinds_.find(last_kind_);
      CHECK(found != kinds_.end());
      last_kind_id_ = found->second;
    }
    return last_kind_id_;
  }

  using Fill = std::function<void(std::size_t, std::span<sql::Value>)>;

  // Runs a statement for these writes; each must change exactly one row.
  void change(std::string_view statement, std::size_t values,
              const std::vector<std::size_t>& places, const Fill& fill) {
    const std::int64_t changed =
        sql_.run_batch(statement, {.runs = places.size(),
                                   .values = values,
                                   .fill = [&](std::size_t i, auto to) { fill(places[i], to); },
                                   .each = {}});
    require_all(places.size(), static_cast<std::size_t>(changed));
  }

  // So many rows; `fill` gives the values of each, one for each column.
  void insert(const Insertion& insertion, std::size_t count, const Fill& fill) {
    const std::size_t columns = insertion.columns;
    for (std::size_t done = 0; done < count;) {
      const std::size_t rows = count - done >= kRowsOfStatement ? kRowsOfStatement : 1;
      const std::size_t runs = (count - done) / rows;
      const auto fill_rows = [&](std::size_t run, std::span<sql::Value> to) {
        for (std::size_t row = 0; row < rows; ++row)
          fill(done + run * rows + row, to.subspan(row * columns, columns));
      };
      const std::int64_t inserted =
          sql_.run_batch(rows > 1 ? insertion.many : insertion.one,
                         {.runs = runs, .values = rows * columns, .fill = fill_rows, .each = {}});
      require_all(runs * rows, static_cast<std::size_t>(inserted));
      done += runs * rows;
    }
  }

  void require_all(std::size_t wanted, std::size_t found) const {
    if (found == wanted) return;
    throw Failure{Code::InternalFault, Cause::Refused}.with_operator(
        fmt::format("{} of {} objects of fabric {} are not as remembered", wanted - found, wanted,
                    fabric_.value));
  }

  // The first of as many ids that nobody ever had.
  [[nodiscard]] std::int64_t first_id(std::string_view table, std::size_t count) {
    const auto more = static_cast<std::int64_t>(count);
    return sql_.one(
               "UPDATE last_ids SET last_id = last_id + $2 WHERE table_name = $1"
               " RETURNING last_id",
               table, more) -
           more + 1;
  }

  static void fill_observed(const model::Observed& observed, std::span<sql::Value> to) {
    to[0] = sql::value_of(observed.version);
    to[1] = sql::value_of(observed.uid);
    to[2] = sql::value_of(observed.resource_version);
    to[3] = sql::value_of(observed.digest);
    to[4] = sql::value_of(observed.raw_hash);
    to[5] = sql::value_of(observed.deleting);
  }

  void insert_rows() {
    const auto places = chosen(
        [](const ObjectWrite& write) { return write.act == Act::Appeared && write.id.value == 0; });
    if (places.empty()) return;
    std::int64_t id = first_id("objects", places.size());
    for (const std::size_t i : places) applied_.ids[i] = {id++};
    static const Insertion objects{
        "objects (version, uid, resource_version, digest, raw_hash, deleting, id, fabric_id,"
        " kind_id, namespace, name, first_seen, changed)",
        13};
    insert(objects, places.size(), [&](std::size_t place, std::span<sql::Value> to) {
      const std::size_t i = places[place];
      const model::Identity& identity = writes_[i].identity;
      fill_observed(writes_[i].observed, to);
      to[6] = sql::value_of(applied_.ids[i]);
      to[7] = sql::value_of(fabric_);
      to[8] = kind_of(identity);
      to[9] = sql::value_of(identity.name_space);
      to[10] = sql::value_of(identity.name);
      to[11] = to[12] = sql::value_of(at_);
    });
  }

  void read_former() {
    const auto places = chosen([](const ObjectWrite& write) {
      return write.act == Act::Replaced || write.act == Act::Removed;
    });
    std::size_t found = 0;
    sql_.run_batch(
        "SELECT uid, resource_version FROM objects"
        " WHERE id = $1 AND fabric_id = $2 AND removed IS NULL",
        {.runs = places.size(),
         .values = 2,
         .fill =
             [&](std::size_t i, std::span<sql::Value> to) {
               to[0] = sql::value_of(writes_[places[i]].id);
               to[1] = sql::value_of(fabric_);
             },
         .each =
             [&](std::size_t i, const sql::Row& row) {
               Former& former = former_[places[i]];
               sql::read(row, former.uid, former.resource_version);
               ++found;
             }});
    require_all(places.size(), found);
  }

  void update_rows() {
    const auto places = chosen([](const ObjectWrite& write) {
      return write.act == Act::Changed || write.act == Act::Replaced ||
             (write.act == Act::Appeared && write.id.value != 0);
    });
    // A revival is of a tombstone, a change of a present object; anything else was remembered
    // wrongly.
    change(
        "UPDATE objects SET version = $1, uid = $2, resource_version = $3, digest = $4,"
        " raw_hash = $5, deleting = $6, changed = $7, removed = NULL, out_of_scope = NULL"
        " WHERE id = $8 AND fabric_id = $9 AND (removed IS NOT NULL) = ($10 = 1)",
        10, places, [this](std::size_t i, std::span<sql::Value> to) {
          fill_observed(writes_[i].observed, to);
          to[6] = sql::value_of(at_);
          to[7] = sql::value_of(writes_[i].id);
          to[8] = sql::value_of(fabric_);
          to[9] = sql::value_of(writes_[i].act == Act::Appeared);
        });
  }

  void touch_rows() {
    const auto places = chosen([](const ObjectWrite& write) { return write.act == Act::Touched; });
    change(
        "UPDATE objects SET resource_version = $1, raw_hash = $2, out_of_scope = NULL"
        " WHERE id = $3 AND fabric_id = $4 AND removed IS NULL",
        4, places, [this](std::size_t i, std::span<sql::Value> to) {
          to[0] = sql::value_of(writes_[i].observed.resource_version);
          to[1] = sql::value_of(writes_[i].observed.raw_hash);
          to[2] = sql::value_of(writes_[i].id);
          to[3] = sql::value_of(fabric_);
        });
    applied_.touched = static_cast<std::int64_t>(places.size());
  }

  void remove_rows() {
    const auto places = chosen([](const ObjectWrite& write) { return write.act == Act::Removed; });
    change(
        "UPDATE objects SET removed = $1, changed = $1, out_of_scope = NULL"
        " WHERE id = $2 AND fabric_id = $3",
        3, places, [this](std::size_t i, std::span<sql::Value> to) {
          to[0] = sql::value_of(at_);
          to[1] = sql::value_of(writes_[i].id);
          to[2] = sql::value_of(fabric_);
        });
  }

  [[nodiscard]] Event gone(std::size_t i) const {
    return {i, model::ChangeKind::Removed, former_[i].uid, former_[i].resource_version, {}};
  }
  [[nodiscard]] Event there(std::size_t i, model::ChangeKind kind) const {
    const model::Observed& observed = writes_[i].observed;
    CHECK(!observed.document.empty());
    return {i, kind, observed.uid, observed.resource_version, observed.document};
  }

  [[nodiscard]] std::vector<Event> events() {
    std::vector<Event> events;
    events.reserve(writes_.size());
    for (std::size_t i = 0; i < writes_.size(); ++i) {
      switch (writes_[i].act) {
        case Act::Touched: break;
        case Act::Appeared:
          events.push_back(there(i, model::ChangeKind::Created));
          ++applied_.created;
          break;
        case Act::Changed:
          events.push_back(there(i, model::ChangeKind::Changed));
          ++applied_.changed;
          break;
        case Act::Replaced:
          events.push_back(gone(i));
          events.push_back(there(i, model::ChangeKind::Created));
          ++applied_.changed;
          break;
        case Act::Removed:
          events.push_back(gone(i));
          ++applied_.removed;
          break;
      }
    }
    return events;
  }

  void write_history(model::RunId run) {
    const std::vector<Event> all = events();
    if (all.empty()) return;
    const std::int64_t first = first_id("history", all.size());
    static const Insertion history{
        "history (object_id, run_id, at, change, uid, resource_version, document, id)", 8};
    insert(history, all.size(), [&](std::size_t i, std::span<sql::Value> to) {
      const Event& event = all[i];
      to[0] = sql::value_of(applied_.ids[event.write]);
      to[1] = sql::value_of(run);
      to[2] = sql::value_of(at_);
      to[3] = sql::value_of(event.kind);
      to[4] = sql::value_of(event.uid);
      to[5] = sql::value_of(event.resource_version);
      to[6] = sql::value_of(event.document);
      to[7] = first + static_cast<std::int64_t>(i);
    });
  }

  sql::Scope& sql_;
  model::FabricId fabric_;
  base::WallTime at_;
  std::span<const ObjectWrite> writes_;
  std::vector<Former> former_;
  std::map<KindName, std::int64_t> kinds_;
  KindName last_kind_;
  std::int64_t last_kind_id_ = 0;
  Applied applied_;
};

}  // namespace

Applied Objects::apply(model::FabricId fabric, model::RunId run, base::WallTime at,
                       std::span<const ObjectWrite> writes) {
  CHECK(writes.size() <= kApplyMax);
  return Application{sql_, fabric, at, writes}.run(run);
}

}  // namespace hedgerow::store
